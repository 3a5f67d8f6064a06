/**
 * Random traces from seeds, to find where the model and the real glibc part. The same seed gives the same trace on
 * every host for as long as this file is unchanged: the golden files hold a hash of each trace to notice when not.
 *
 * A profile says which sizes and calls a trace is made of. Within one, phases change what is freed first (newest,
 * oldest, any) and whether the heap grows or shrinks, so that chunks meet in all the orders that they meet in programs.
 */
import { TraceEncoder } from "../../src/trace/encode.js";
import { RECORD_BYTES } from "../../src/trace/records.js";

const KIB = 1024;
const MIB = 1024 * KIB;
const GIB = 1024 * MIB;

/** A small generator of 32 bits of state (mulberry32's mixing), good enough to draw sizes with. */
export class Random {
  #state: number;

  constructor(seed: number) {
    this.#state = Math.imul(seed + 1, 0x9e3779b1) >>> 0;
  }

  /** A whole number in [0, 2^32). */
  next(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), this.#state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return (mixed ^ (mixed >>> 14)) >>> 0;
  }

  /** A whole number in [from, to]. */
  between(from: number, to: number): number {
    return from + Math.floor((this.next() / 2 ** 32) * (to - from + 1));
  }

  /** A whole number in [from, to], as likely between 16 and 32 as between 1024 and 2048. `from` is at least 1. */
  scaled(from: number, to: number): number {
    const power = this.between(31 - Math.clz32(from), 31 - Math.clz32(to));
    return Math.min(to, Math.max(from, this.between(2 ** power, 2 ** (power + 1) - 1)));
  }

  chance(percent: number): boolean {
    return this.next() % 100 < percent;
  }

  pick<T>(from: readonly T[]): T {
    return from[this.next() % from.length] as T;
  }
}

/** Where glibc changes its mind, in bytes of a chunk or of a request; sizes are drawn close around them. */
export const SMALL_EDGES = [24, 32, 40, 64, 80, 120, 128, 136, 160, 512, 1008, 1024, 1032, 1040, 1056];
const BIN_EDGES = [
  1024, 1040, 1088, 2048, 3072, 3136, 3584, 4096, 8192, 10240, 10752, 12288, 32768, 40960, 45056, 65536,
];
export const PAGE_EDGES = [
  65504,
  65536,
  98304,
  131072,
  131072 - 4096,
  131072 + 4096,
  132 * KIB,
  135168,
  163840,
  172032,
  262144,
  524288,
  655360,
  786432,
];
const MAP_EDGES = [128 * KIB, 131049, 134472, 256 * KIB, 512 * KIB, MIB, 2 * MIB, 4 * MIB];
const HUGE_EDGES = [16 * MIB, 32 * MIB - 4 * KIB, 33550312, 32 * MIB, 32 * MIB + 4 * KIB, 40 * MIB];

export function near(random: Random, edges: readonly number[], reach = 40): number {
  return Math.max(0, random.pick(edges) + random.between(-reach, reach));
}

export interface Weights {
  malloc: number;
  calloc: number;
  aligned: number;
  realloc: number;
  burst: number;
  grow: number;
  access: number;
  trim?: number;
}

export interface Profile {
  name: string;
  operations: [least: number, most: number];
  /** Objects alive at which a growing phase ends. */
  live: number;
  size(random: Random): number;
  /** If given, so many sizes are drawn at first, and only these are used: chunks of equal size meet in large bins. */
  palette?: number;
  alignments: readonly number[];
  weights: Weights;
  /** Bytes asked for in all, after which only small ones are. */
  budget: number;
}

export const WEIGHTS: Weights = {
  malloc: 60,
  calloc: 12,
  aligned: 4,
  realloc: 16,
  burst: 1,
  grow: 1,
  access: 0,
};
const PAGE_ALIGNMENTS = [1, 2, 8, 16, 32, 64, 128, 256, 1024, 4096];
/** Only for blocks below 2 MiB: where larger mappings are depends on the kernel, which would show. */
const ALL_ALIGNMENTS = [...PAGE_ALIGNMENTS, 32, 64, 512, 2048, 8192, 65536, 131072, MIB];

/** Sizes of all kinds, most of them small. */
export const mixed = (random: Random): number => {
  const kind = random.between(0, 99);
  if (kind < 55) return random.scaled(1, 1100);
  if (kind < 70) return near(random, SMALL_EDGES, 20);
  if (kind < 85) return random.scaled(1000, 70_000);
  if (kind < 93) return near(random, BIN_EDGES);
  if (kind < 98) return near(random, PAGE_EDGES);
  return near(random, MAP_EDGES);
};

const PROFILES: readonly Profile[] = [
  {
    // Deep play between tcache, fastbins and consolidation.
    name: "small",
    operations: [500, 4000],
    live: 300,
    size: (random) => (random.chance(70) ? random.between(0, 136) : random.between(0, 1100)),
    alignments: PAGE_ALIGNMENTS,
    weights: WEIGHTS,
    budget: 64 * MIB,
  },
  {
    // Few sizes, so that bins fill, empty and refill the tcache.
    name: "few",
    operations: [500, 4000],
    live: 200,
    size: (random) => 8 + 16 * random.pick([1, 2, 5, 7, 8, 9, 20, 62, 63, 64, 65, 66, 130]),
    alignments: [32, 64],
    weights: { ...WEIGHTS, burst: 4 },
    budget: 64 * MIB,
  },
  {
    // The unsorted and the large bins.
    name: "bins",
    operations: [500, 3000],
    live: 120,
    size: (random) => (random.chance(75) ? random.scaled(900, 120_000) : near(random, BIN_EDGES, 64)),
    alignments: PAGE_ALIGNMENTS,
    weights: WEIGHTS,
    budget: 128 * MIB,
  },
  {
    name: "palette",
    operations: [500, 3000],
    live: 90,
    size: (random) => (random.chance(25) ? random.scaled(16, 1000) : random.scaled(1000, 60_000)),
    palette: 10,
    alignments: [32, 64, 256],
    weights: { ...WEIGHTS, realloc: 8 },
    budget: 128 * MIB,
  },
  {
    name: "edges",
    operations: [400, 2500],
    live: 120,
    size: (random) =>
      near(random, random.pick([SMALL_EDGES, SMALL_EDGES, BIN_EDGES, BIN_EDGES, PAGE_EDGES, MAP_EDGES]), 33),
    alignments: PAGE_ALIGNMENTS,
    weights: WEIGHTS,
    budget: 96 * MIB,
  },
  {
    name: "mixed",
    operations: [500, 4000],
    live: 250,
    size: mixed,
    alignments: PAGE_ALIGNMENTS,
    weights: WEIGHTS,
    budget: 96 * MIB,
  },
  {
    // Mapped blocks, the threshold that follows them, trimming; and small ones on top of the heap, which hold it.
    name: "large",
    operations: [60, 400],
    live: 14,
    size: (random) => {
      const kind = random.between(0, 99);
      if (kind < 30) return random.scaled(16, 2000);
      if (kind < 60) return random.scaled(30_000, 600_000);
      if (kind < 90) return near(random, [...PAGE_EDGES, ...MAP_EDGES], 4200);
      return random.chance(80) ? random.scaled(MIB, 8 * MIB) : near(random, HUGE_EDGES, 24);
    },
    alignments: PAGE_ALIGNMENTS,
    weights: { ...WEIGHTS, malloc: 40, calloc: 25, grow: 2 },
    budget: 192 * MIB,
  },
  {
    name: "growing",
    operations: [300, 1500],
    live: 60,
    size: (random) => (random.chance(80) ? random.scaled(1, 3000) : random.scaled(1000, 200_000)),
    alignments: PAGE_ALIGNMENTS,
    weights: { ...WEIGHTS, malloc: 30, realloc: 50, grow: 10 },
    budget: 128 * MIB,
  },
  {
    name: "bursts",
    operations: [800, 4000],
    live: 400,
    size: mixed,
    alignments: PAGE_ALIGNMENTS,
    weights: { ...WEIGHTS, burst: 25 },
    budget: 96 * MIB,
  },
  {
    name: "aligned",
    operations: [300, 2000],
    live: 100,
    size: (random) => (random.chance(85) ? random.scaled(1, 5000) : random.scaled(3000, 700_000)),
    alignments: ALL_ALIGNMENTS,
    weights: { ...WEIGHTS, malloc: 35, aligned: 45, realloc: 20 },
    budget: 96 * MIB,
  },
  {
    // What the program itself reads and writes, on the zero page and over it.
    name: "accesses",
    operations: [400, 2000],
    live: 60,
    size: (random) => (random.chance(50) ? random.scaled(1, 5000) : random.scaled(4000, 500_000)),
    alignments: PAGE_ALIGNMENTS,
    weights: { ...WEIGHTS, calloc: 40, access: 60 },
    budget: 96 * MIB,
  },
  {
    // Nothing, and more than there is.
    name: "extremes",
    operations: [300, 2000],
    live: 80,
    size: (random) => {
      const kind = random.between(0, 99);
      if (kind < 12) return 0;
      if (kind < 18) return random.pick([2 ** 46, 2 ** 47 - 1, 2 ** 47, 2 ** 45 + 12345]);
      return mixed(random);
    },
    alignments: PAGE_ALIGNMENTS,
    weights: { ...WEIGHTS, realloc: 40 },
    budget: 96 * MIB,
  },
];

export const PROFILE_NAMES: readonly string[] = PROFILES.map(({ name }) => name);

export interface RandomTrace {
  seed: number;
  profile: string;
  records: Uint8Array;
  count: number;
}

/** The trace of a seed, a whole number from 0. Profiles take turns. */
export function randomTrace(seed: number, profiles = PROFILES): RandomTrace {
  const profile = profiles[seed % profiles.length] as Profile;
  const records = new Generator(new Random(seed), profile).run();
  return { seed, profile: profile.name, records, count: records.length / RECORD_BYTES };
}

interface Live {
  key: number;
  bytes: number;
}

type Order = "newest" | "oldest" | "any";
const ORDERS: readonly Order[] = ["newest", "oldest", "any", "any"];

class Generator {
  readonly #encoder = new TraceEncoder();
  readonly #chunks: Uint8Array[] = [];
  readonly #live: Live[] = [];
  readonly #actions: (() => void)[];
  readonly #palette: number[];
  #keys = 0;
  #count = 0;
  #spent = 0;
  #order: Order = "any";
  #freePercent = 50;

  constructor(
    private readonly random: Random,
    private readonly profile: Profile,
  ) {
    this.#palette = Array.from({ length: profile.palette ?? 0 }, () => profile.size(random));
    const { malloc, calloc, aligned, realloc, burst, grow, access, trim = 0 } = profile.weights;
    const weighted: [number, () => void][] = [
      [malloc, () => this.#malloc(this.#size())],
      [calloc, () => this.#calloc()],
      [aligned, () => this.#aligned()],
      [realloc, () => this.#realloc()],
      [burst, () => this.#burst()],
      [grow, () => this.#grow()],
      [access, () => this.#access()],
      [trim, () => this.#add().trim(random.pick([0, 1]))],
    ];
    this.#actions = weighted.flatMap(([weight, action]) => new Array(weight).fill(action));
  }

  run(): Uint8Array {
    const [least, most] = this.profile.operations;
    const wanted = this.random.between(least, most);
    while (this.#count < wanted) {
      if (this.random.chance(1)) this.#changePhase();
      this.#step();
    }
    if (this.random.chance(50)) while (this.#live.length > 0) this.#free();
    this.#take();
    return concatenate(this.#chunks);
  }

  #changePhase(): void {
    this.#order = this.random.pick(ORDERS);
    this.#freePercent = this.random.pick([20, 35, 50, 50, 65, 80]);
    if (this.random.chance(10)) while (this.#live.length > 0) this.#free();
  }

  #step(): void {
    if (this.#live.length >= this.profile.live) this.#freePercent = this.random.between(55, 85);
    if (this.#live.length > 0 && this.random.chance(this.#freePercent)) this.#free();
    else this.random.pick(this.#actions)();
  }

  /** Counts an operation that is about to be added. */
  #add(): TraceEncoder {
    if (this.#encoder.full) this.#take();
    this.#count++;
    return this.#encoder;
  }

  #take(): void {
    this.#chunks.push(this.#encoder.take().records.slice());
  }

  #size(): number {
    const { random, profile } = this;
    const size = profile.palette ? random.pick(this.#palette) : profile.size(random);
    return this.#spend(size) ? size : this.random.scaled(1, 2000);
  }

  /** Whether a block of that size is still allowed; those that cannot be had always are. */
  #spend(bytes: number): boolean {
    if (bytes > GIB) return true;
    if (this.#spent + bytes > this.profile.budget) return false;
    this.#spent += bytes;
    return true;
  }

  #new(bytes: number): number {
    const key = this.#keys++;
    this.#live.push({ key, bytes });
    return key;
  }

  #malloc(bytes: number): void {
    this.#add().malloc(this.#new(bytes), bytes);
  }

  #calloc(): void {
    const bytes = this.#size();
    const key = this.#new(bytes);
    const count = this.random.pick([1, 1, 1, 1, 1, 1, 2, 3, 8, 16]);
    this.#add().calloc(key, count, Math.floor(bytes / count));
    (this.#live.at(-1) as Live).bytes = Math.floor(bytes / count) * count;
  }

  #aligned(): void {
    const bytes = this.#size();
    this.#add().aligned(this.#new(bytes), this.random.pick(this.profile.alignments), bytes);
  }

  #realloc(): void {
    const found = this.#live[this.#choose()];
    if (found) this.#resize(found, this.#newSize(found.bytes));
    else this.#malloc(this.#size());
  }

  #resize(found: Live, bytes: number): void {
    found.bytes = bytes;
    this.#add().realloc(found.key, bytes);
  }

  #newSize(bytes: number): number {
    const kind = this.random.between(0, 9);
    const wanted =
      kind < 3
        ? bytes + this.random.between(-40, 40)
        : kind < 5
          ? Math.floor(bytes * 1.5) + 16
          : kind < 7
            ? Math.floor(bytes / this.random.between(2, 5))
            : -1;
    return wanted >= 0 && wanted < GIB && this.#spend(wanted) ? wanted : this.#size();
  }

  /** A vector that doubles, with small blocks between. */
  #grow(): void {
    let bytes = this.random.scaled(16, 4096);
    const limit = this.random.scaled(4096, this.profile.name === "large" ? 16 * MIB : MIB);
    this.#malloc(bytes);
    const vector = this.#live.at(-1) as Live;
    while (bytes < limit) {
      bytes = Math.floor(bytes * this.random.pick([1.1, 1.5, 2, 2]) + 16);
      if (!this.#spend(bytes)) return;
      this.#resize(vector, bytes);
      for (let i = this.random.between(0, 2); i > 0; i--) this.#malloc(this.random.scaled(8, 300));
    }
  }

  /** Many of one size, some of which go again at once. */
  #burst(): void {
    const bytes = this.#size();
    const count = this.random.between(2, bytes > 100_000 ? 6 : 40);
    const isZeroed = this.random.chance(20);
    for (let i = 0; i < count && this.#spend(bytes); i++) {
      if (isZeroed) this.#add().calloc(this.#new(bytes), 1, bytes);
      else this.#malloc(bytes);
    }
    const order = this.#order;
    this.#order = this.random.pick(ORDERS);
    for (let i = this.random.between(0, count); i > 0 && this.#live.length > 0; i--) this.#free();
    this.#order = order;
  }

  #access(): void {
    const found = this.#live[this.#choose()];
    if (!found || found.bytes === 0 || found.bytes > GIB) return;
    const offset = this.random.between(0, found.bytes - 1);
    const bytes = this.random.between(0, found.bytes - offset);
    if (this.random.chance(50)) this.#add().write(found.key, offset, bytes);
    else this.#add().read(found.key, offset, bytes);
  }

  #free(): void {
    const [found] = this.#live.splice(this.#choose(), 1);
    this.#add().free((found as Live).key);
  }

  #choose(): number {
    const last = this.#live.length - 1;
    const order = this.random.chance(15) ? "any" : this.#order;
    return order === "newest" ? last : order === "oldest" ? 0 : this.random.between(0, last);
  }
}

function concatenate(parts: Uint8Array[]): Uint8Array {
  const all = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}
