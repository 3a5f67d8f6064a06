/** Patterns that have a name: two shapes that were measured with the real glibc, and those of public reports. */
import type { Counters } from "../../allocator/counters.js";
import { formatBytes, formatCount } from "../../base/bytes.js";
import { formatSeconds } from "../../base/numbers.js";
import type { Result } from "../../results/run.js";
import type { Pattern } from "./pattern.js";
import { MOMENTS } from "./trace.js";

/** A pattern that has a name. */
export interface PatternPreset {
  name: string;
  summary: string;
  pattern: Pattern;
  /** Those to run if none is named, as the command line takes them. */
  allocators: string;
  published?: PublishedFigures;
}

/** What somebody published of the pattern, and how the same is read from a result here. */
export interface PublishedFigures {
  source: string;
  /** What it is of. */
  figure: string;
  /** By the allocator it was seen with, as the command line names it. */
  rows: Readonly<Record<string, string>>;
  /** The same figure of a result. */
  here(result: Result): string;
}

const KIB = 2 ** 10;
const MIB = 2 ** 20;

const PAGE = 4096;

const ARENAS = "glibc,glibc:arenaMax=2,glibc:arenaMax=1";
const ONE_OR_MANY = "glibc,glibc:arenaMax=1";

const { peak, freed, freedTrimmed, ended, endedTrimmed } = MOMENTS;
const QUEUE_MOMENTS = [freed, freedTrimmed, ended, endedTrimmed];
const BURST_MOMENTS = [peak, ...QUEUE_MOMENTS];

/** Each thread fills a working set and drops it again, round by round. The sizes are spread without chance. */
const BURST: Pattern = {
  ...{ threads: 8, rounds: 5, blocks: 300, live: 0, drain: "one", min: 16, max: 1015, spread: "steps" },
  ...{ steps: { block: 1103, thread: 331, round: 77 }, by: "malloc", written: 1, order: "first", keep: 0 },
  ...{ freer: "own", trim: "both", seed: 1 },
};

/** One thread allocates what another frees: each time 64 messages are under way, the oldest of them. */
const QUEUE: Pattern = {
  ...BURST,
  ...{ threads: 1, rounds: 1, blocks: 20_000, live: 64, freer: "consumer" },
  steps: { block: 1103, thread: 0, round: 0 },
};

/** A program of one thread, with blocks of one size. */
const ALONE: Pattern = { ...BURST, threads: 0, blocks: 1, trim: "freed" };

const oneSize = (bytes: number) => ({ min: bytes, max: bytes });

/** A frame of 1920 by 1080 pixels of three bytes. */
const FRAME = oneSize(1920 * 1080 * 3);
const PINNED = "glibc:mmapThreshold=128KiB";

/** Stacks of the fibers of a work-group, of each of which the first page is used. */
const STACKS: Pattern = {
  ...ALONE,
  ...oneSize(256 * KIB),
  ...{ by: "calloc", written: 1 / 64, rounds: 200, blocks: 64 },
};

const SUITE = {
  source: "AdaptiveCpp issue 1931",
  figure: "the whole of a test suite there, 12,800 stacks here",
  here: simulatedSeconds,
};

/** A tile of a map. */
const TILE = oneSize(11 * MIB);
const TILES = "samsoir/xearthlayer PR 242";

const SCREENS = "iconidentify/chonkstep PR 114";
const PINNED_BOTH = "glibc:mmapThreshold=128KiB:trimThreshold=256KiB";

/** All presets. A new one is an entry here. */
export const patternPresets: readonly PatternPreset[] = [
  {
    name: "burst-small",
    summary: "8 threads fill 300 blocks of up to 1,015 bytes each and free them, five times",
    pattern: BURST,
    allocators: ARENAS,
    published: measured(BURST_MOMENTS, ARENAS, [
      [352, 352, 352, 352, 352],
      [347, 347, 347, 347, 175],
      [346, 346, 346, 346, 1],
    ]),
  },
  {
    name: "burst-medium",
    summary: "the same with 1,500 blocks, more than caches of threads take",
    pattern: { ...BURST, blocks: 1500 },
    allocators: ARENAS,
    published: measured(BURST_MOMENTS, ARENAS, [
      [1568, 1568, 1073, 499, 499],
      [1559, 1559, 621, 66, 34],
      [1558, 1548, 538, 33, 1],
    ]),
  },
  {
    name: "burst-large",
    summary: "the same with 300 blocks of up to 20,015 bytes",
    pattern: { ...BURST, max: 20_015 },
    allocators: ARENAS,
    published: measured(BURST_MOMENTS, ARENAS, [
      [5864, 5830, 366, 8, 8],
      [5848, 5786, 206, 2, 2],
      [5849, 5818, 163, 1, 1],
    ]),
  },
  {
    name: "producer-consumer",
    summary: "one thread allocates 20,000 messages, and another frees the oldest of 64",
    pattern: QUEUE,
    allocators: ONE_OR_MANY,
    published: measured(QUEUE_MOMENTS, ONE_OR_MANY, [
      [71, 69, 69, 69],
      [69, 66, 66, 1],
    ]),
  },
  {
    name: "producer-consumer-batch",
    summary: "the same, and the other frees all 64 at a time",
    pattern: { ...QUEUE, drain: "all" },
    allocators: ONE_OR_MANY,
    published: measured(QUEUE_MOMENTS, ONE_OR_MANY, [[68, 68, 68, 68]]),
  },
  {
    name: "producer-consumer-large",
    summary: "5,000 messages of up to 20,015 bytes, of which the other frees the oldest of 64",
    pattern: { ...QUEUE, blocks: 5000, max: 20_015 },
    allocators: ONE_OR_MANY,
    published: measured(QUEUE_MOMENTS, ONE_OR_MANY, [
      [236, 117, 16, 16],
      [244, 85, 10, 1],
    ]),
  },
  {
    name: "miloco",
    summary: "20,000 frames of 6.2 MB, each into one buffer (XiaoMi/xiaomi-miloco PR 459)",
    pattern: { ...ALONE, ...FRAME, rounds: 20_000 },
    allocators: `glibc,${PINNED}`,
    published: {
      source: "XiaoMi/xiaomi-miloco PR 459",
      figure: "time in the kernel, of its machine and simulated",
      rows: { glibc: "0.03 s", [PINNED]: "27 s" },
      here: simulatedSeconds,
    },
  },
  {
    name: "miloco-two",
    summary: "2,000 frames of 6.2 MB, each into two buffers, as that program really has them",
    pattern: { ...ALONE, ...FRAME, rounds: 2000, blocks: 2 },
    allocators: `glibc,${PINNED}`,
  },
  {
    name: "adaptivecpp",
    summary: "stacks of 256 KiB by calloc, of each of which a page is used (AdaptiveCpp issue 1931)",
    pattern: STACKS,
    allocators: "glibc,lazy,libmalloc",
    published: { ...SUITE, rows: { glibc: "1,100 s" } },
  },
  {
    name: "adaptivecpp-malloc",
    summary: "the same stacks by malloc, as that program has them since",
    pattern: { ...STACKS, by: "malloc" },
    allocators: "glibc,lazy,libmalloc",
    published: { ...SUITE, rows: { glibc: "84 s" } },
  },
  {
    name: "xearthlayer",
    summary: `four tiles of 11 MiB, freed and asked for again (${TILES})`,
    pattern: { ...ALONE, ...TILE, rounds: 3, blocks: 4 },
    allocators: "glibc,glibc:mmapThreshold=1MiB",
    published: {
      source: TILES,
      figure: "where the tiles are when they are asked for again",
      rows: { glibc: "in a heap of 45.6 MB" },
      here: placeOfBlocks,
    },
  },
  {
    name: "xearthlayer-threads",
    summary: `64 threads with a tile each, one after another, three times (${TILES})`,
    pattern: { ...ALONE, ...TILE, threads: 64, rounds: 3, live: 1, trim: "never" },
    allocators: "glibc,glibc:arenaMax=2,glibc:mmapThreshold=1MiB",
    published: {
      source: TILES,
      figure: "resident when all are freed; its threads ran at once",
      rows: { glibc: "191.5 MB", "glibc:arenaMax=2": "70.4 MB", "glibc:mmapThreshold=1MiB": "4.6 MB" },
      here: (result) => formatBytes(at(result, MOMENTS.freed).bytes.resident),
    },
  },
  {
    name: "chonkstep",
    summary: `a block of 15 MiB, written and freed, three times, beside a small one (${SCREENS})`,
    pattern: { ...ALONE, min: 5000, max: 15 * MIB, spread: "growing", rounds: 3, blocks: 2, trim: "never" },
    allocators: `glibc,${PINNED_BOTH}`,
    published: {
      source: SCREENS,
      figure: "the heap afterwards; its blocks are inferred from how much it grew",
      rows: { glibc: "15,496 KiB", [PINNED_BOTH]: "132 KiB" },
      here: (result) => `${formatCount(at(result, MOMENTS.freed).bytes.system / KIB)} KiB`,
    },
  },
  {
    name: "openfhe",
    summary: "polynomials of 0.5 to 30 MB, again and again, by default and all on the heap (OpenFHE PR 1213)",
    pattern: { ...ALONE, min: 500_000, max: 30_000_000, spread: "log", rounds: 200, blocks: 3 },
    allocators: "glibc,glibc:mmapMax=0:trimThreshold=1TiB",
  },
  {
    name: "emscripten-3661",
    summary:
      "a vector that doubles up to 128 MiB; the old one is freed when the new one is full (emscripten issue 3661)",
    pattern: { ...ALONE, min: 16, max: 128 * MIB, spread: "doubling", blocks: 24, live: 2, rounds: 1 },
    allocators: "glibc,glibc:mmapMax=0,as-tlsf",
  },
  {
    name: "growing-buffers",
    summary: "200 buffers, each larger than the last, each freed before the next, five times",
    pattern: { ...ALONE, min: 100_000, max: 30_000_000, spread: "growing", blocks: 200, live: 1 },
    allocators: "glibc,glibc:mmapThreshold=128KiB",
  },
];

/** Resident pages of the real glibc at some moments, for each of the allocators in turn. */
function measured(
  moments: readonly string[],
  allocators: string,
  pages: readonly number[][],
): PublishedFigures {
  const names = allocators.split(",");
  const written = (counts: readonly number[]) => counts.map(formatCount).join(" / ");
  return {
    source: "the real glibc 2.36",
    figure: `resident pages when ${moments.join(" / ")}`,
    rows: Object.fromEntries(pages.map((counts, i) => [names[i] as string, written(counts)])),
    here: (result) => written(moments.map((moment) => at(result, moment).bytes.resident / PAGE)),
  };
}

function at({ marks = [], counters }: Result, moment: string): Counters {
  return marks.find(({ name }) => name === moment)?.counters ?? counters;
}

function simulatedSeconds({ simulated }: Result): string {
  return simulated ? formatSeconds(simulated.seconds) : "-";
}

/** Whether mappings hold the blocks of the peak, or the heap. */
function placeOfBlocks(result: Result): string {
  const { syscalls, bytes } = at(result, MOMENTS.peak);
  const mappings = syscalls.mmap - syscalls.munmap;
  return mappings > 0 ? `in ${mappings} mappings` : `in a heap of ${formatBytes(bytes.system)}`;
}
