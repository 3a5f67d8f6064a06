/** The model against Debian's jemalloc: live where it is here, and against what was recorded of it everywhere. */
import { describe, expect, it, vi } from "vitest";
import { goldenDifferencesOf, realRuns, seededRun } from "../oracle/golden-preloaded.js";
import { jemalloc } from "../oracle/jemalloc.js";
import { findLive, LIVE_SEEDS } from "../oracle/live.js";
import { observeModel } from "../oracle/model.js";
import type { OracleRun } from "../oracle/oracle.js";
import { compareLibrary, type LibraryComparison, libraryJobs, modelOptions } from "../oracle/preloaded.js";
import { slabWaves } from "../oracle/random-jemalloc.js";
import { textTrace } from "../oracle/text-trace.js";
import { many } from "../thorough.js";

vi.setConfig({ testTimeout: 600_000 });

const MIB = 2 ** 20;

const { reason, oracle } = await findLive(jemalloc);

const difference = async (comparison: Partial<LibraryComparison> & { records: Uint8Array }) => {
  const most = { library: jemalloc, touches: ["none"], interval: 1, countsFaults: true } as const;
  return (await compareLibrary(oracle(), { ...most, ...comparison }))?.text;
};

it("the model does what was recorded of jemalloc", async () => {
  expect(await goldenDifferencesOf(jemalloc, /^5\.3\.0-/)).toEqual([]);
});

/** Blocks whose growth in place meets what is free behind them: dirty, retained, or too little. */
const RESIZED = [
  "a 0 100000",
  "a 1 100000",
  "a 2 100000",
  "f 1",
  "r 0 150000",
  "r 0 400000",
  "r 2 60000",
  "r 2 65000",
];

describe.skipIf(reason)("the model does what Debian's jemalloc does", () => {
  it("on git-log, with every setting", async () => {
    const touches = ["none"] as const; // what is touched was recorded, and so was cc1
    for (const run of (await realRuns(jemalloc)).filter(({ name }) => name.startsWith("git-log")))
      expect(await compareLibrary(oracle(), { ...run, touches }), run.name).toBeNull();
  });

  it(`on ${LIVE_SEEDS} random traces, at every operation`, async () => {
    for (let seed = 0; seed < LIVE_SEEDS; seed++) {
      const run = seededRun(jemalloc, seed);
      expect(await compareLibrary(oracle(), { ...run, countsFaults: true }), run.name).toBeNull();
    }
  });

  it.each([100, 1000])("in the loop of calloc and free of %i MiB", async (mebibytes) => {
    const records = await textTrace(`c 0 1 ${mebibytes * MIB}\nf 0\n`.repeat(6));
    for (const touch of ["none", "first"] as const)
      expect(await difference({ records, touches: [touch] })).toBeUndefined();
  });

  it("on requests of nothing, and on what there is no room for", async () => {
    const lines = [
      "a 0 0",
      "c 1 0 5",
      "m 2 32 0",
      "m 3 8192 0",
      "r 0 0",
      "a 4 140737488355328",
      "r 1 140737488355328",
    ];
    const records = await textTrace(lines.join("\n"));
    expect(await difference({ records })).toBeUndefined();
  });

  it("when blocks are resized where they are", async () => {
    const records = await textTrace(RESIZED.join("\n"));
    for (const dirty_decay_ms of [-1, 0])
      expect(await difference({ records, options: { dirty_decay_ms } })).toBeUndefined();
  });

  it.each([{ retain: "false" }, { thp: "never" }] as const)("with %o", async (options) => {
    for (const seed of [2, 3]) {
      const { records, name } = seededRun(jemalloc, seed);
      expect(await difference({ records, options }), name).toBeUndefined();
    }
    expect(await difference({ records: await textTrace(RESIZED.join("\n")), options })).toBeUndefined();
  });

  it("in slabs that come and go in waves", async () => {
    expect(await difference({ records: await slabWaves(77), options: { tcache: "false" } })).toBeUndefined();
  });

  it("when a trace sets the clock", async () => {
    const blocks = Array.from({ length: 40 }, (_, i) => [`a ${i} 300000`, `f ${i}`, `@ ${(i + 1) * 2e9}`]);
    const ticks = Array.from({ length: 1200 }, (_, i) => `a ${100 + i} 40000`);
    const records = await textTrace(
      [...blocks.flat(), ...ticks, "@ 1000000000000", ...ticks.map((_, i) => `f ${100 + i}`)].join("\n"),
    );
    expect(await difference({ records })).toBeUndefined();
  });

  it("in what malloc_stats_print says, but for what asking for it takes", async () => {
    const figures = async (run: LibraryComparison) => {
      const [real] = (await oracle().run(libraryJobs(run))) as [OracleRun];
      const options = modelOptions(run, real);
      const { statistics = [] } = await observeModel({ records: run.records, model: "jemalloc", options });
      return { real: real.statistics, model: statistics };
    };
    const nothing = await figures({ library: jemalloc, records: new Uint8Array(), touches: ["none"] });
    const asking = nothing.real.map((bytes, i) => bytes - (nothing.model[i] as number));
    expect([0, 1, 4, 5].map((i) => asking[i])).toEqual([0, 0, 0, 0]);
    for (let seed = 0; seed < many(5, 16); seed++) {
      const { real, model } = await figures({ ...seededRun(jemalloc, seed), touches: ["none"] });
      const [allocated, active, metadata, resident, mapped, retained] = model;
      expect(real.filter((_, i) => i !== 3)).toEqual([
        allocated,
        active,
        (metadata as number) + (asking[2] as number),
        mapped,
        retained,
      ]);
      // It begins its own metadata in the middle of a page.
      expect(
        Math.abs((real[3] as number) - (resident as number) - (asking[3] as number)),
      ).toBeLessThanOrEqual(4096);
    }
  });
});
