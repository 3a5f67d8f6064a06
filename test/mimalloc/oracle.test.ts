/** The model against Debian's mimalloc: live where it is here, and against what was recorded of it everywhere. */
import { describe, expect, it, vi } from "vitest";
import { goldenDifferencesOf, realRuns, seededRun } from "../oracle/golden-preloaded.js";
import { findLive, LIVE_SEEDS } from "../oracle/live.js";
import { mimalloc } from "../oracle/mimalloc.js";
import { compareLibrary, type LibraryComparison } from "../oracle/preloaded.js";
import { textTrace } from "../oracle/text-trace.js";
import { THOROUGH } from "../thorough.js";

vi.setConfig({ testTimeout: 600_000 });

const MIB = 2 ** 20;
const GIB = 2 ** 30;

const { reason, oracle } = await findLive(mimalloc);

const difference = async (lines: readonly string[], more: Partial<LibraryComparison> = {}) => {
  const records = await textTrace(lines.join("\n"));
  const most = { library: mimalloc, touches: ["none"], interval: 1, countsFaults: true } as const;
  return (await compareLibrary(oracle(), { ...most, records, ...more }))?.text;
};

it("the model does what was recorded of mimalloc", async () => {
  expect(await goldenDifferencesOf(mimalloc, /^2\.0\.9/)).toEqual([]);
});

const blocks = (count: number, bytes: number, first = 0) =>
  Array.from({ length: count }, (_, i) => `a ${first + i} ${bytes}`);
const frees = (count: number, first = 0) => Array.from({ length: count }, (_, i) => `f ${first + i}`);

describe.skipIf(reason)("the model does what Debian's mimalloc does", () => {
  it("on git-log", async () => {
    const [run] = (await realRuns(mimalloc)).filter(({ name }) => name.startsWith("git-log"));
    expect(run && (await compareLibrary(oracle(), { ...run, touches: ["none"] }))).toBeNull();
  });

  it(`on ${LIVE_SEEDS} random traces, at every operation`, async () => {
    for (let seed = 0; seed < LIVE_SEEDS; seed++) {
      // One of each profile, and settings in turn.
      const run = seededRun(mimalloc, 9 * seed);
      expect(await compareLibrary(oracle(), { ...run, countsFaults: true }), run.name).toBeNull();
    }
  });

  it("in the loop of calloc and free", async () => {
    const loop = [16, 100, 100, 300].flatMap((mebibytes) => [`c 0 1 ${mebibytes * MIB}`, "f 0"]);
    expect(await difference(loop)).toBeUndefined();
  });

  it("on requests of nothing, and on what there is no room for", async () => {
    const lines = [
      ...["a 0 0", "c 1 0 5", "m 2 32 0", "m 3 8192 0", "r 0 0", "a 4 140737488355328"],
      ...["r 1 140737488355328", "m 5 67108864 140737488355328", "m 6 64 140737488355328"],
    ];
    expect(await difference(lines)).toBeUndefined();
  });

  it("on blocks of many GiB, aligned to up to 2 GiB", async () => {
    const lines = [`a 0 ${40 * GIB}`, `m 1 ${2 * GIB} 5`, `m 2 ${GIB} ${3 * GIB}`, "a 3 40", `m 4 ${GIB} 0`];
    expect(await difference([...lines, ...frees(5)])).toBeUndefined();
  });

  it("when calloc clears no more than 2 GiB", async ({ skip }) => {
    skip(!THOROUGH, "touches 2 GiB twice: ZEROPAGE_THOROUGH=1 does");
    expect(await difference([`c 0 1 ${2 * GIB + 8 * MIB}`, "f 0"])).toBeUndefined();
  });

  it("when a trace sets the clock, and collects", async () => {
    const lines = [0, 1, 2, 3].flatMap((round) => [
      ...blocks(200, 900_000),
      ...frees(190),
      `@ ${(2 * round + 1) * 4e8}`,
      ...blocks(40, 50_000, 300),
      ...frees(10, 190),
      `@ ${(2 * round + 2) * 4e8}`,
      `k ${round % 2}`,
      ...frees(40, 300),
    ]);
    for (const eager_commit of ["1", "0"])
      expect(await difference(lines, { options: { eager_commit }, interval: 64 })).toBeUndefined();
  });

  it("when cached segments are due, of which some are looked at now and then", async () => {
    const looks = Array.from({ length: 200 }, (_, i) => [`@ ${(600 + i) * 1e6}`, `a 50 ${16 * MIB}`, "f 50"]);
    const lines = [...blocks(40, 16 * MIB), ...frees(40), ...looks.flat()];
    expect(await difference(lines, { interval: 64, countsFaults: false })).toBeUndefined();
  });

  it("on small blocks that are aligned anyway, and that are not", async () => {
    const pairs = [0, 1].flatMap(() => [
      ...["64 192", "32 96", "16 48", "64 320", "128 384", "64 128", "256 64", "32 1024", "8 24", "64 192"],
      ...["512 1536", "64 1024", "4096 1000", "128 130", "1024 1024", "2 7", "16 8"],
    ]);
    expect(await difference(pairs.map((pair, i) => `m ${i} ${pair}`))).toBeUndefined();
  });

  it("when more segments are free than the cache has slots", async () => {
    const lines = [...blocks(1030, 16 * MIB), ...frees(1030), ...blocks(2, 16 * MIB)];
    expect(await difference(lines, { interval: 200, countsFaults: false })).toBeUndefined();
  });
});
