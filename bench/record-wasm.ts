/** What recording costs a wasm program, against the same without it, in turn. */
import { recordModule } from "../src/index.js";
import { buildFixtures } from "../test/foreign/build-fixtures.js";
import { fixtureBytes } from "../test/foreign/replays.js";
import { type App, apps } from "../test/record/apps.js";

const ROUNDS = 7;
/** Times what the tests compute. */
const SCALE = 30;
const STEPS = 100_000;

/** The tests' program in C, mostly allocations. */
const program: App = {
  bytes: () => fixtureBytes("recorded-wasi"),
  async start({ module }) {
    const nothing = new Proxy({}, { get: () => () => 0, has: () => true });
    const { exports } = await WebAssembly.instantiate(module, {
      wasi_snapshot_preview1: nothing,
    } as WebAssembly.Imports);
    (exports._initialize as () => void)();
    return async () => String((exports.run as (seed: number, steps: number) => number)(7, STEPS));
  },
};

/** Prints, for each program, CPU time against the unrecorded module's, by what is recorded. */
export async function benchRecordWasm(): Promise<void> {
  await buildFixtures();
  for (const [name, app] of Object.entries({ ...apps, program })) {
    const bytes = await app.bytes();
    const plain = await app.start({ module: await WebAssembly.compile(bytes), wasm: bytes });
    let operations = 0;
    const { module, wasm, recording } = await recordModule(bytes, {
      onChunk: ({ count }) => {
        operations += count;
      },
    });
    const recorded = await app.start({ module, wasm });
    const ways = { plain, recorded };
    const least = { plain: Number.POSITIVE_INFINITY, recorded: Number.POSITIVE_INFINITY };
    for (let round = 0; round < ROUNDS; round++) {
      for (const way of ["plain", "recorded"] as const) {
        const before = process.cpuUsage();
        await ways[way](SCALE);
        const { user, system } = process.cpuUsage(before);
        least[way] = Math.min(least[way], (user + system) / 1e6);
      }
    }
    recording.trace();
    const ratio = (least.recorded / least.plain).toFixed(1);
    const size = (wasm.length / bytes.length).toFixed(2);
    console.log(
      `${name}: plain ${least.plain.toFixed(3)} s, recorded ${ratio} times; ${Math.round(operations / ROUNDS)} operations a round; the module ${size} times as large`,
    );
  }
}
