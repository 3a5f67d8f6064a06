import { describe, expect, it, vi } from "vitest";
import { whyAbsent } from "../foreign/absent.js";
import { fixtureBytes } from "../foreign/replays.js";
import { Random } from "../random.js";
import { assemble } from "../wasm/assemble.js";
import { type AllocatorExports, llhttp, tlsf } from "./modules.js";
import { RandomProgram } from "./random-program.js";
import { openTwins, sameBytes, type Twins } from "./twins.js";

// asc and Binaryen, on a machine that runs other tests beside.
vi.setConfig({ testTimeout: 120_000 });

const PROGRAMS = 100;
const OPERATIONS = 3000;

describe.each([false, true])("with zeroStores %s", (zeroStores) => {
  it("random programs read as the reference says, and leave the same memory", async () => {
    for (let seed = 1; seed <= PROGRAMS; seed++) {
      const wasm = assemble(new RandomProgram(new Random(seed)).module());
      const twins = await openTwins(wasm, zeroStores);
      for (let i = 0; i < 3; i++) {
        const results = [twins.metered, twins.recorded].map(({ run }) => (run as Run)(i, seed));
        expect(results[0], `seed ${seed}`).toBe(results[1]);
        expectSame(twins, `seed ${seed}, run ${i}`);
      }
    }
  });

  it.each([
    ["TLSF", () => tlsf()],
    ["TLSF without bulk memory", () => tlsf(false)],
    ["llhttp's dlmalloc", async () => llhttp()],
  ])("%s reads as the reference says on a random trace, and answers the same", async (_, wasm) => {
    const twins = await openTwins(await wasm(), zeroStores);
    for (let seed = 1; seed <= 3; seed++) replayRandom(twins, new Random(seed));
  });

  it.for(["emscripten-dlmalloc", "emscripten-emmalloc"])("%s does, too", async (name, { skip }) => {
    skip(whyAbsent(name) !== undefined, whyAbsent(name));
    const twins = await openTwins(await fixtureBytes(name), zeroStores);
    for (const { _initialize } of [twins.metered, twins.recorded]) (_initialize as () => void)();
    for (let seed = 1; seed <= 3; seed++) replayRandom(twins, new Random(seed));
  });
});

describe.each([
  [["run"], true],
  [[], false],
])("where only %j clears", (clearing, zeroStores) => {
  it("random programs read as if all their stores of zero were zeroing, or none", async () => {
    for (let seed = 1; seed <= 25; seed++) {
      const wasm = assemble(new RandomProgram(new Random(seed)).module());
      const twins = await openTwins(wasm, zeroStores, clearing);
      for (let i = 0; i < 3; i++) {
        const results = [twins.metered, twins.recorded].map(({ run }) => (run as Run)(i, seed));
        expect(results[0], `seed ${seed}`).toBe(results[1]);
        expectSame(twins, `seed ${seed}, run ${i}`);
      }
    }
  });
});

type Run = (a: number, b: number) => number;

function expectSame(twins: Twins, when: string): void {
  const { metered, recorded } = twins.readings();
  expect(metered, when).toEqual(recorded);
  expect(sameBytes(twins.contents()), when).toBe(true);
}

/** Sizes of all magnitudes; a block is filled by the host so that freed memory is not zero. */
function replayRandom(twins: Twins, random: Random): void {
  const [metered, recorded] = [twins.metered, twins.recorded] as unknown as [
    AllocatorExports,
    AllocatorExports,
  ];
  const live: { block: number; bytes: number }[] = [];
  for (let i = 0; i < OPERATIONS; i++) {
    const bytes = 1 + random.below(2 ** (1 + random.below(16)));
    const kind = live.length > 100 ? 3 : random.below(4);
    const old = kind >= 2 ? live.splice(random.below(live.length), 1)[0] : undefined;
    const call = ({ malloc, calloc, realloc, free }: AllocatorExports) => {
      if (kind === 1 && calloc) return calloc(1, bytes);
      if (kind === 2 && old && realloc) return realloc(old.block, bytes);
      if (old) free(old.block);
      return kind === 3 ? 0 : malloc(bytes);
    };
    const block = call(metered);
    expect(call(recorded), `seed ${random.seed}, operation ${i}`).toBe(block);
    if (block) live.push({ block, bytes });
    if (block && random.below(2)) {
      for (const memory of Object.values(twins.contents())) memory.fill(i, block, block + bytes);
    }
    if (i % 100 === 0) expectSame(twins, `seed ${random.seed}, operation ${i}`);
  }
  expectSame(twins, `seed ${random.seed}`);
}
