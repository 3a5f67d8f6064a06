/**
 * Random traces for tcmalloc, by seed: sizes about the edges of its classes and lists, up to 300 MB and alignments up to 4
 * MiB, and waves of one class that take the places of others.
 */
import { near, type Profile, Random, type RandomTrace, randomTrace, WEIGHTS } from "./random-trace.js";
import { textTrace } from "./text-trace.js";

const KIB = 1024;
const MIB = 1024 * KIB;
const GIB = 1024 * MIB;
const PAGE = 8 * KIB;

const CLASS_EDGES = [8, 16, 32, 128, 144, 512, 1024, 1152, 2048, 2304, 2816, 3328, 8192, 9216, 12288, 16384];
const SPAN_EDGES = [32 * KIB, 57344, 65536, 72 * KIB, 128 * KIB, 256 * KIB, 264 * KIB, 512 * KIB];
/** Spans of so many pages are in lists, longer ones in sets; the heap grows by as many at least. */
const LISTED = 128;
const PAGE_EDGES = [33, 64, 100, LISTED - 1, LISTED, LISTED + 1, 2 * LISTED, 1000].map(
  (pages) => pages * PAGE,
);

const small = (random: Random): number =>
  random.chance(60) ? random.scaled(1, 16384) : near(random, CLASS_EDGES, 9);
const medium = (random: Random): number =>
  random.chance(50) ? random.scaled(16_000, 400_000) : near(random, SPAN_EDGES, 4100);
const large = (random: Random): number =>
  random.chance(50) ? random.scaled(260_000, 8 * MIB) : near(random, PAGE_EDGES, 8200);
const huge = (random: Random): number => random.scaled(4 * MIB, 300_000_000);

const ALIGNMENTS = [1, 8, 16, 32, 64, 128, 512, 2048, 4096, 8192, 16384, 65536, MIB, 2 * MIB, 4 * MIB];

const PROFILES: readonly Profile[] = [
  {
    name: "objects",
    operations: [2000, 8000],
    live: 2500,
    size: small,
    alignments: ALIGNMENTS.slice(0, 10),
    weights: { ...WEIGHTS, burst: 6 },
    budget: 64 * MIB,
  },
  {
    // Batches, and the lengths that a thread's lists may have.
    name: "one class",
    operations: [4000, 12000],
    live: 8000,
    size: small,
    palette: 3,
    alignments: [64],
    weights: { ...WEIGHTS, burst: 20, realloc: 4 },
    budget: 256 * MIB,
  },
  {
    // Classes of few objects, whose places for batches are few.
    name: "medium",
    operations: [2000, 6000],
    live: 1500,
    size: (random) => (random.chance(30) ? small(random) : medium(random)),
    palette: 12,
    alignments: ALIGNMENTS,
    weights: { ...WEIGHTS, burst: 12 },
    budget: 2 * GIB,
  },
  {
    // The page heap: spans in lists and sets that are cut and joined.
    name: "spans",
    operations: [500, 3000],
    live: 150,
    size: (random) => (random.chance(20) ? medium(random) : large(random)),
    alignments: ALIGNMENTS,
    weights: { ...WEIGHTS, realloc: 40, grow: 4 },
    budget: 8 * GIB,
  },
  {
    // Enough pages that some are released, and growth over 128 MiB.
    name: "huge",
    operations: [200, 800],
    live: 20,
    size: (random) => (random.chance(50) ? large(random) : huge(random)),
    alignments: ALIGNMENTS,
    weights: { ...WEIGHTS, calloc: 4, realloc: 8 },
    budget: 16 * GIB,
  },
  {
    name: "aligned",
    operations: [300, 2000],
    live: 150,
    size: (random) => (random.chance(60) ? small(random) : large(random)),
    alignments: ALIGNMENTS,
    weights: { ...WEIGHTS, malloc: 30, aligned: 60, realloc: 20 },
    budget: GIB,
  },
  {
    name: "mixed",
    operations: [2000, 6000],
    live: 600,
    size: (random) => {
      const kind = random.between(0, 99);
      if (kind < 70) return small(random);
      return kind < 90 ? medium(random) : kind < 99 ? large(random) : huge(random);
    },
    alignments: ALIGNMENTS,
    weights: { ...WEIGHTS, access: 10, burst: 4 },
    budget: 4 * GIB,
  },
  {
    // Nothing, and more than there is.
    name: "extremes",
    operations: [300, 1500],
    live: 80,
    size: (random) => {
      const kind = random.between(0, 99);
      if (kind < 8) return 0;
      if (kind < 16) return random.pick([2 ** 47 - 2 ** 40, 2 ** 47 - 1, 2 ** 47]);
      return kind < 60 ? small(random) : large(random);
    },
    alignments: ALIGNMENTS,
    weights: { ...WEIGHTS, realloc: 40 },
    budget: 512 * MIB,
  },
];

/** The trace of a seed, a whole number from 0. Profiles take turns. */
export function randomTcmalloc(seed: number): RandomTrace {
  return randomTrace(seed, PROFILES);
}

/**
 * Blocks longer than any list is of, after so much that frees begin to release spans: so that normal and
 * returned spans of all lengths are there to choose from.
 */
export function releasedSpans(seed: number): Promise<Uint8Array> {
  const random = new Random(seed);
  const held: number[] = [];
  const lines = ["a 0 3000000000", "f 0"];
  while (lines.length < 1500) {
    if (held.length > 40 || (held.length > 0 && random.chance(45))) {
      lines.push(`f ${held.splice(random.between(0, held.length - 1), 1)[0]}`);
    } else {
      held.push(lines.length);
      lines.push(`a ${lines.length} ${random.between(130, 600) * PAGE}`);
    }
  }
  return textTrace(lines.join("\n"));
}

/**
 * Objects of some classes that come and go in waves, class by class, the oldest or the newest first: so many that classes
 * take each other's places for batches, over and over around.
 */
export function classWaves(seed: number): Promise<Uint8Array> {
  const random = new Random(seed);
  const sizes = Array.from({ length: random.between(3, 12) }, () => random.scaled(8, 40_000));
  const lines: string[] = [];
  const held = new Map<number, number[]>(sizes.map((size) => [size, []]));
  for (let wave = 0; wave < 60; wave++) {
    const size = random.pick(sizes);
    const slots = held.get(size) as number[];
    const crest = random.between(50, Math.max(60, Math.min(2500, Math.floor(4_000_000 / size))));
    const trough = random.between(0, crest >> 2);
    const isOldest = random.chance(50);
    while (slots.length < crest) {
      slots.push(lines.length);
      lines.push(`a ${lines.length} ${size}`);
    }
    while (slots.length > trough) lines.push(`f ${isOldest ? slots.shift() : slots.pop()}`);
  }
  return textTrace(lines.join("\n"));
}
