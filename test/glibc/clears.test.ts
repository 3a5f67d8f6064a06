/** What glibc clears, call by call, and what of it was zero before: the model against the real one. */
import { readFileSync } from "node:fs";
import { describe, expect, it, vi } from "vitest";
import { openSandbox } from "../../src/sandbox/open.js";
import { compareClears, type GoldenClears, goldenClearsDifference } from "../oracle/clears.js";
import { GOLDEN_TOUCHES, goldenFolder } from "../oracle/golden.js";
import { whyNotLive } from "../oracle/live.js";
import type { GlibcOptions } from "../oracle/model.js";
import { findOracle, MODELLED_GLIBC, type Oracle } from "../oracle/oracle.js";
import { shortTraces } from "../oracle/short-traces.js";
import { textTrace } from "../oracle/text-trace.js";
import { GOLDEN_VERSIONS, type REAL_TRACES, realTrace, seededTrace } from "../oracle/traces.js";
import { many, some } from "../thorough.js";

vi.setConfig({ testTimeout: 600_000 });

/** Random traces compared live, and those under each set of parameters; of newer releases a third. */
const SEEDS = Number(process.env.ZEROPAGE_SEEDS ?? many(3, 9));
const PARAMETER_SEEDS = many(1, 4);

describe("a free chunk of the model", () => {
  it("links to its bin in the C library, six bytes of which are not zero", async () => {
    const sandbox = await openSandbox("glibc");
    const [lone] = [sandbox.malloc(2000), sandbox.malloc(24)] as [number, number];
    sandbox.free(lone);
    const unsorted = 0x7ffff7ff0000 + 0x1d3cc0;
    expect([sandbox.load(lone, 8), sandbox.load(lone + 8, 8)]).toEqual([BigInt(unsorted), BigInt(unsorted)]);
    sandbox.calloc(1, 24);
    // As of the real one: two links, and one in the list of sizes, of 6 bytes each.
    expect(sandbox.counters().zeroed).toMatchObject({ allocator: 640 + 24, needless: 640 + 6 });
  });

  it("links to where the option says that the library is", async () => {
    const sandbox = await openSandbox("glibc", { libc: 0x7ffffb000000 });
    const [lone] = [sandbox.malloc(2000), sandbox.malloc(24)] as [number, number];
    sandbox.free(lone);
    expect(sandbox.load(lone, 8)).toBe(BigInt(0x7ffffb000000 + 0x1d3cc0));
  });

  it.each([0, 0x7ffff7fefff0, 0x7ffff7ff0008, 2 ** 47])("refuses a library at %d", async (libc) => {
    await expect(openSandbox("glibc", { libc })).rejects.toThrow("glibc refuses option libc");
  });
});

const readGoldenClears = (version: string): GoldenClears[] =>
  JSON.parse(readFileSync(new URL("clears.json", goldenFolder(version)), "utf8"));

describe.each(GOLDEN_VERSIONS)("the model clears what glibc %s clears", async (version) => {
  const found = await findOracle(version);
  const reason = whyNotLive(found, version);
  const share = version === MODELLED_GLIBC ? 1 : 1 / 3;
  const seeds = Math.ceil(share * SEEDS);

  async function differenceOn(records: Uint8Array, options: GlibcOptions = {}): Promise<string | undefined> {
    const { oracle } = found as { oracle: Oracle };
    const all = { ...options, version };
    return (await compareClears(oracle, { records, touches: GOLDEN_TOUCHES, options: all }))?.text;
  }

  // Of these it was recorded: the real one takes a minute, as each store of calloc's is seen.
  it.each(readGoldenClears(version).map((golden) => [golden.name, golden.touch, golden] as const))(
    "on %s, touch %s",
    async (name, _, golden) => {
      const { records } = await realTrace(name as (typeof REAL_TRACES)[number]);
      expect(await goldenClearsDifference(golden, records, { version })).toBeNull();
    },
  );

  it.skipIf(reason)(`on ${seeds} random traces`, async () => {
    for (let seed = 0; seed < seeds; seed++) {
      const { name, records } = seededTrace(seed);
      expect(await differenceOn(records), name).toBeUndefined();
    }
  });

  // Without a tcache in 2.43 the oracle takes copied zeros for its struct.
  const parameters: GlibcOptions[] = [
    ...(version === "2.43" ? [] : [{ tcacheCount: 0 }]),
    { perturb: 165 },
    { topPad: 0 },
    { mmapThreshold: 65536 },
  ];

  it.skipIf(reason).each(parameters)("with %o", async (options) => {
    for (let seed = 1000; seed < 1000 + share * PARAMETER_SEEDS; seed++) {
      const { name, records } = seededTrace(seed);
      expect(await differenceOn(records, options), name).toBeUndefined();
    }
  });

  it.skipIf(reason)("on every sequence of two calls", async () => {
    for (const text of some([...shortTraces(2)], 60))
      expect(await differenceOn(await textTrace(text)), text).toBeUndefined();
  });
});
