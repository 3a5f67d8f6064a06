/**
 * Random traces for jemalloc, by seed: sizes about the edges of its classes, up to 32 MiB and alignments up to 4 MiB,
 * blocks that are resized where they are, and so many mappings that they cross the GiBs of its radix tree.
 */
import { near, type Profile, Random, type RandomTrace, randomTrace, WEIGHTS } from "./random-trace.js";
import { textTrace } from "./text-trace.js";

const KIB = 1024;
const MIB = 1024 * KIB;
const GIB = 1024 * MIB;

const CLASS_EDGES = [8, 16, 128, 160, 512, 1024, 1792, 3584, 4096, 7168, 8192, 12288, 14336];
const LARGE_EDGES = [
  16 * KIB,
  20 * KIB,
  28 * KIB,
  32 * KIB,
  40 * KIB,
  56 * KIB,
  64 * KIB,
  112 * KIB,
  448 * KIB,
];
const HUGE_EDGES = [MIB, 2 * MIB, 7 * MIB, 8 * MIB, 10 * MIB, 16 * MIB, 32 * MIB];

const small = (random: Random): number =>
  random.chance(60) ? random.scaled(1, 14336) : near(random, CLASS_EDGES, 9);
const large = (random: Random): number =>
  random.chance(60) ? random.scaled(14_000, 500_000) : near(random, LARGE_EDGES, 4100);
const huge = (random: Random): number =>
  random.chance(50) ? random.scaled(MIB, 32 * MIB) : near(random, HUGE_EDGES, 4100);

const ALIGNMENTS = [1, 8, 16, 32, 64, 128, 512, 2048, 4096, 8192, 65536, MIB, 2 * MIB, 4 * MIB];

const PROFILES: readonly Profile[] = [
  {
    name: "slabs",
    operations: [2000, 8000],
    live: 2500,
    size: small,
    alignments: ALIGNMENTS.slice(0, 9),
    weights: { ...WEIGHTS, burst: 6 },
    budget: 64 * MIB,
  },
  {
    name: "one class",
    operations: [2000, 8000],
    live: 4000,
    size: small,
    palette: 3,
    alignments: [64],
    weights: { ...WEIGHTS, burst: 12, realloc: 4 },
    budget: 128 * MIB,
  },
  {
    // The page layer: large extents that are split, merged, resized in place.
    name: "extents",
    operations: [500, 3000],
    live: 150,
    size: (random) => (random.chance(20) ? small(random) : large(random)),
    alignments: ALIGNMENTS,
    weights: { ...WEIGHTS, realloc: 40, grow: 4 },
    budget: 512 * MIB,
  },
  {
    name: "huge",
    operations: [100, 600],
    live: 40,
    size: (random) => (random.chance(30) ? large(random) : huge(random)),
    alignments: ALIGNMENTS,
    weights: { ...WEIGHTS, calloc: 25, realloc: 40 },
    budget: 3 * GIB,
  },
  {
    name: "aligned",
    operations: [300, 2000],
    live: 150,
    size: (random) => (random.chance(60) ? small(random) : large(random)),
    alignments: ALIGNMENTS,
    weights: { ...WEIGHTS, malloc: 30, aligned: 60, realloc: 20 },
    budget: 256 * MIB,
  },
  {
    // What lives long fills GiB after GiB.
    name: "mappings",
    operations: [200, 700],
    live: 400,
    size: (random) => (random.chance(40) ? small(random) : huge(random)),
    alignments: ALIGNMENTS,
    weights: { ...WEIGHTS, burst: 3 },
    budget: 6 * GIB,
  },
  {
    name: "mixed",
    operations: [2000, 6000],
    live: 600,
    size: (random) => {
      const kind = random.between(0, 99);
      return kind < 75 ? small(random) : kind < 97 ? large(random) : huge(random);
    },
    alignments: ALIGNMENTS,
    weights: { ...WEIGHTS, access: 10, burst: 4 },
    budget: GIB,
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
      return kind < 80 ? small(random) : large(random);
    },
    alignments: ALIGNMENTS,
    weights: { ...WEIGHTS, realloc: 40 },
    budget: 96 * MIB,
  },
];

/** The trace of a seed, a whole number from 0. Profiles take turns. */
export function randomJemalloc(seed: number): RandomTrace {
  return randomTrace(seed, PROFILES);
}

/** Sizes whose slabs have two to sixteen regions. */
const WAVE_SIZES = [1792, 2560, 3584, 5120, 6144, 7168, 8192, 10240, 12288, 14336];

/**
 * Blocks of one size that come and go in waves, the oldest, the newest or any of them first. Whole slabs become empty
 * while others wait in the heap of their class: so its order shows, which is not always that of age.
 */
export function slabWaves(seed: number): Promise<Uint8Array> {
  const random = new Random(seed);
  const size = random.pick(WAVE_SIZES);
  const most = random.between(30, 500);
  const held: number[] = [];
  const lines: string[] = [];
  const take = () => {
    held.push(lines.length);
    lines.push(`a ${lines.length} ${size}`);
  };
  const give = (index: number) => lines.push(`f ${held.splice(index, 1)[0]}`);
  for (let wave = 0; wave < 8; wave++) {
    const crest = random.between(most >> 1, most);
    const trough = random.between(0, crest >> 1);
    const order = random.between(0, 2);
    while (held.length < crest) take();
    while (held.length > trough) {
      const near = Math.min(held.length - 1, random.between(0, 7));
      give([near, held.length - 1 - near, random.between(0, held.length - 1)][order] as number);
      if (random.chance(5)) take();
    }
  }
  return textTrace(lines.join("\n"));
}
