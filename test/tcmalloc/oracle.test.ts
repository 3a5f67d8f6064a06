/** The model against Debian's tcmalloc: live where it is here, and against what was recorded of it everywhere. */
import { describe, expect, it, vi } from "vitest";
import type { Options } from "../../src/allocator/choice.js";
import { RECORD_BYTES, sliceRecords } from "../../src/trace/records.js";
import { goldenDifferencesOf, realRuns, seededRun } from "../oracle/golden-preloaded.js";
import { findLive, LIVE_SEEDS } from "../oracle/live.js";
import { compareLibrary } from "../oracle/preloaded.js";
import { classWaves } from "../oracle/random-tcmalloc.js";
import { tcmalloc } from "../oracle/tcmalloc.js";
import { textTrace } from "../oracle/text-trace.js";
import { many } from "../thorough.js";

vi.setConfig({ testTimeout: 600_000 });

const MIB = 2 ** 20;
const GIB = 2 ** 30;

const { reason, oracle } = await findLive(tcmalloc);

/** Compares what the lines do: addresses, calls and faults of each operation, figures, and malloc_stats at the end. */
async function difference(lines: readonly string[], options: Options = {}): Promise<string | undefined> {
  const records = await textTrace(lines.join("\n"));
  const interval = lines.length > 1000 ? 256 : 1;
  const most = { library: tcmalloc, touches: ["none"], interval, countsFaults: true } as const;
  return (await compareLibrary(oracle(), { ...most, records, options }))?.text;
}

it("the model does what was recorded of tcmalloc", async () => {
  expect(await goldenDifferencesOf(tcmalloc, /^2\.10-/)).toEqual([]);
});

/** Blocks that are allocated in a row, and freed in the same order. */
const wave = (count: number, bytes: number, from = 0): string[] => [
  ...Array.from({ length: count }, (_, i) => `a ${from + i} ${bytes}`),
  ...Array.from({ length: count }, (_, i) => `f ${from + i}`),
];

const SHORT: Record<string, string[]> = {
  "requests of nothing, and of what there is no room for": [
    ...["a 0 0", "c 1 0 5", "m 2 32 0", "m 3 8192 0", "m 4 65536 0", "r 0 0", "a 5 140737488355328"],
    ...["r 1 140737488355328", "m 6 65536 140737488355328", "m 7 64 140737488355327", "a 8 100"],
  ],
  "no room, and room again": [
    ...["a 0 1000000", `a 1 ${40 * GIB}`, "a 2 1000000", "a 3 2000000", `c 4 1 ${30 * GIB}`, "f 0", "f 2"],
    ...[`r 3 ${64 * GIB}`, "a 5 2000000", ...wave(30, 100_000, 10), `m 6 16384 ${40 * GIB}`, "a 7 100"],
  ],
  "resizing at the edges of what stays and what grows by a quarter": [
    ...["a 0 1000", "r 0 1024", "r 0 512", "r 0 511", "r 0 600", "r 0 639", "r 0 640", "r 0 801"],
    ...["a 1 262144", "r 1 262145", "r 1 327679", "r 1 327680", "r 1 409600", "r 1 204800", "r 1 204799"],
  ],
  "alignments beyond a page, whose ends are given back": [
    ...[16384, 32768, MIB, 4 * MIB, 64 * MIB].flatMap((align, i) => [
      ...[`m ${2 * i} ${align} 1`, `m ${2 * i + 1} ${align} ${3 * align + 1}`],
    ]),
    ...Array.from({ length: 10 }, (_, i) => `f ${i}`),
  ],
  "a heap over several boundaries of 2 GiB": [
    ...Array.from({ length: 12 }, (_, i) => `a ${i} ${i % 2 ? 1_900_000_000 : 700_000_000}`),
    ...Array.from({ length: 12 }, (_, i) => `f ${(5 * i) % 12}`),
    ...["a 20 6000000000", "f 20", "a 21 100"],
  ],
  "the loop of calloc and free of 100 MiB": new Array(many(30, 110))
    .fill([`c 0 1 ${100 * MIB}`, "f 0"])
    .flat(),
  "the loop of calloc and free of 1000 MiB": new Array(many(2, 12))
    .fill([`c 0 1 ${1000 * MIB}`, "f 0"])
    .flat(),
};

describe.skipIf(reason)("the model does what Debian's tcmalloc does", () => {
  it("on git-log", async () => {
    const [run] = (await realRuns(tcmalloc)).filter(({ name }) => name.startsWith("git-log"));
    expect(run && (await compareLibrary(oracle(), { ...run, touches: ["none"] }))).toBeNull();
  });

  it(`on ${LIVE_SEEDS} random traces, at every operation`, async () => {
    for (let seed = 0; seed < LIVE_SEEDS; seed++) {
      const run = seededRun(tcmalloc, 9 * seed); // each with another profile and another setting
      expect(await compareLibrary(oracle(), { ...run, countsFaults: true }), run.name).toBeNull();
    }
  });

  it.each(Object.entries(SHORT))("in %s", async (_, lines) => {
    expect(await difference(lines)).toBeUndefined();
  });

  it("where the heap starts at half a page, and next to a boundary of 2 GiB", async () => {
    const boundary = 0x555580000000;
    for (const heapStart of [0x555555561000, boundary - 9 * MIB, boundary - 8 * MIB - 0x1000]) {
      const options = { heapStart };
      expect(await difference(["a 0 1", "a 1 3000000", "f 1", "a 2 10000000"], options)).toBeUndefined();
    }
  });

  it("in waves of classes", async () => {
    const run = {
      library: tcmalloc,
      records: await classWaves(6),
      touches: ["none"],
      interval: 4096,
    } as const;
    expect(await compareLibrary(oracle(), run)).toBeNull();
  });

  it("where a fraction of what is freed goes back", async () => {
    const lines = new Array(3000).fill(["a 0 1000000", "f 0"]).flat();
    expect(await difference(lines, { releaseRate: 2.5 })).toBeUndefined();
  });

  it("in malloc_stats, at five moments", async () => {
    const { records } = seededRun(tcmalloc, 6);
    const count = records.length / RECORD_BYTES;
    for (const share of [0, 0.2, 0.4, 0.6, 0.8]) {
      const some = sliceRecords(records, 0, Math.floor(share * count));
      const run = { library: tcmalloc, records: some, touches: ["none"] } as const;
      expect(await compareLibrary(oracle(), run)).toBeNull();
    }
  });
});
