/**
 * Random traces for mimalloc, by seed: sizes about the edges of its classes, up to 300 MiB and alignments up to 128 MiB,
 * pages that become empty and are kept, segments that are cached, and memory that is collected meanwhile.
 */
import { near, type Profile, type Random, type RandomTrace, randomTrace, WEIGHTS } from "./random-trace.js";

const KIB = 1024;
const MIB = 1024 * KIB;
const GIB = 1024 * MIB;

const CLASS_EDGES = [8, 16, 32, 48, 64, 80, 128, 512, 1024, 1280, 2048, 4096, 8192, 14336, 16384];
const PAGE_EDGES = [16 * KIB, 20 * KIB, 64 * KIB, 112 * KIB, 128 * KIB, 192 * KIB, 448 * KIB, 512 * KIB];
const LARGE_EDGES = [MIB, 2 * MIB, 4 * MIB, 8 * MIB, 15 * MIB, 16 * MIB];
const HUGE_EDGES = [16 * MIB, 17 * MIB, 32 * MIB, 64 * MIB, 100 * MIB, 300 * MIB];

const small = (random: Random): number =>
  random.chance(60) ? random.scaled(1, 16384) : near(random, CLASS_EDGES, 9);
const medium = (random: Random): number =>
  random.chance(60) ? random.scaled(16_000, 140_000) : near(random, PAGE_EDGES, 9);
const large = (random: Random): number =>
  random.chance(60) ? random.scaled(130_000, 16 * MIB) : near(random, LARGE_EDGES, 4100);
const huge = (random: Random): number =>
  random.chance(50) ? random.scaled(16 * MIB, 128 * MIB) : near(random, HUGE_EDGES, 70_000);

const ALIGNMENTS = [1, 8, 16, 32, 64, 128, 512, 1024, 4096, 8192, 65536, MIB, 4 * MIB];

const PROFILES: readonly Profile[] = [
  {
    name: "small",
    operations: [2000, 8000],
    live: 2500,
    size: small,
    alignments: ALIGNMENTS.slice(0, 9),
    weights: { ...WEIGHTS, burst: 6, trim: 1 },
    budget: 64 * MIB,
  },
  {
    // Pages that become full, and empty, and are kept.
    name: "few classes",
    operations: [2000, 8000],
    live: 3000,
    size: (random) => (random.chance(80) ? small(random) : medium(random)),
    palette: 3,
    alignments: [64],
    weights: { ...WEIGHTS, burst: 12, realloc: 4, trim: 1 },
    budget: 128 * MIB,
  },
  {
    // Spans that are split and merged.
    name: "spans",
    operations: [1000, 4000],
    live: 200,
    size: (random) =>
      random.chance(25) ? small(random) : random.chance(60) ? medium(random) : large(random),
    alignments: ALIGNMENTS,
    weights: { ...WEIGHTS, realloc: 25, grow: 4, trim: 1 },
    budget: 2 * GIB,
  },
  {
    // Segments that are cached and used again.
    name: "segments",
    operations: [200, 1200],
    live: 50,
    size: (random) => (random.chance(15) ? medium(random) : large(random)),
    alignments: ALIGNMENTS,
    weights: { ...WEIGHTS, calloc: 25, burst: 4, trim: 1 },
    budget: 2 * GIB,
  },
  {
    name: "huge",
    operations: [60, 300],
    live: 20,
    size: (random) => (random.chance(30) ? large(random) : huge(random)),
    alignments: [...ALIGNMENTS, 16 * MIB, 32 * MIB, 64 * MIB, 128 * MIB],
    weights: { ...WEIGHTS, calloc: 25, aligned: 20, realloc: 30 },
    budget: 2 * GIB,
  },
  {
    name: "aligned",
    operations: [500, 3000],
    live: 200,
    size: (random) =>
      random.chance(70) ? small(random) : random.chance(70) ? medium(random) : large(random),
    alignments: [...ALIGNMENTS, 16 * MIB, 32 * MIB],
    weights: { ...WEIGHTS, malloc: 30, aligned: 60, realloc: 20 },
    budget: GIB,
  },
  {
    name: "mixed",
    operations: [2000, 6000],
    live: 600,
    size: (random) => {
      const kind = random.between(0, 99);
      return kind < 75
        ? small(random)
        : kind < 92
          ? medium(random)
          : kind < 99
            ? large(random)
            : huge(random);
    },
    alignments: ALIGNMENTS,
    weights: { ...WEIGHTS, access: 10, burst: 4, trim: 1 },
    budget: 2 * GIB,
  },
  {
    // Nothing, and more than there is.
    name: "extremes",
    operations: [300, 1500],
    live: 80,
    size: (random) => {
      const kind = random.between(0, 99);
      if (kind < 8) return 0;
      if (kind < 16) return random.pick([2 ** 47 - 1, 2 ** 47]);
      return kind < 80 ? small(random) : medium(random);
    },
    alignments: ALIGNMENTS,
    weights: { ...WEIGHTS, realloc: 40, trim: 1 },
    budget: 96 * MIB,
  },
];

/** The trace of a seed, a whole number from 0. Profiles take turns. */
export function randomMimalloc(seed: number): RandomTrace {
  return randomTrace(seed, PROFILES);
}
