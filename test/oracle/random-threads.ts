/**
 * Random traces of several threads from seeds, as random-trace.ts makes them of one, and the parameters to run each
 * with: limits of arenas, thresholds so high that heaps outgrow their 64 MiB, pads.
 *
 * Threads come one by one and end now and then, or all but a few at once. Each goes on for a while, then another does.
 * Some free their own blocks, some those of others.
 */
import { cpus } from "node:os";
import type { TouchPolicy } from "../../src/allocator/access.js";
import type { GlibcOptions } from "./model.js";
import { mixed, near, PAGE_EDGES, Random, SMALL_EDGES } from "./random-trace.js";
import { textTrace } from "./text-trace.js";

const KIB = 1024;
const MIB = 1024 * KIB;
const GIB = 1024 * MIB;

export interface RandomThreads {
  seed: number;
  /** Of the sizes. */
  profile: string;
  records: Uint8Array;
  options: GlibcOptions;
  /** What the program touches: blocks whole where they do not come to gigabytes. */
  touches: readonly TouchPolicy[];
}

interface Profile {
  name: string;
  threads: [least: number, most: number];
  /** Blocks alive at which more are freed than allocated. */
  live: number;
  size(random: Random): number;
  /** Chance in a hundred that the next operation is another thread's. */
  switches: number;
  /** Bytes asked for in all, after which only small ones are. */
  budget: number;
  thresholds: readonly (number | undefined)[];
  touches?: readonly TouchPolicy[];
}

const PROFILES: readonly Profile[] = [
  {
    // Caches: what one thread frees another had.
    name: "small",
    threads: [2, 40],
    live: 250,
    size: (random) => (random.chance(60) ? 8 + 16 * random.between(0, 9) : random.between(0, 1100)),
    switches: 25,
    budget: 64 * MIB,
    thresholds: [undefined],
  },
  {
    // Few threads that free in turns, so that the bins of each fill and merge.
    name: "edges",
    threads: [2, 6],
    live: 150,
    size: (random) => near(random, random.pick([SMALL_EDGES, PAGE_EDGES]), 40),
    switches: 10,
    budget: 96 * MIB,
    thresholds: [undefined, undefined, MIB],
  },
  {
    name: "mixed",
    threads: [2, 40],
    live: 200,
    size: mixed,
    switches: 15,
    budget: 128 * MIB,
    thresholds: [undefined, undefined, 64 * KIB, 8 * MIB, GIB],
  },
  {
    // Heaps grow, shrink, and give back what calloc then clears.
    name: "large",
    threads: [2, 8],
    live: 30,
    size: (random) => (random.chance(40) ? random.scaled(16, 3000) : random.scaled(30_000, 4 * MIB)),
    switches: 12,
    budget: 160 * MIB,
    thresholds: [undefined, 8 * MIB, 32 * MIB, GIB],
  },
  {
    // More than a heap holds: new heaps, which are unmapped again, some at once.
    name: "heaps",
    threads: [3, 6],
    live: 60,
    size: (random) => {
      const kind = random.between(0, 99);
      if (kind < 20) return random.scaled(16, 100_000);
      return kind < 97
        ? random.between(2, 24) * MIB + random.between(-5000, 5000)
        : random.between(50, 70) * MIB;
    },
    switches: 8,
    budget: 3 * GIB,
    thresholds: [32 * MIB, 64 * MIB, GIB, GIB],
    touches: ["none", "first"],
  },
];

export const THREAD_PROFILES: readonly string[] = PROFILES.map(({ name }) => name);

/** What may be set, and what to; mostly it is not. */
const CHOICES: Record<string, readonly (number | undefined)[]> = {
  arenaMax: [undefined, undefined, 1, 2, 3, 4],
  arenaTest: [undefined, undefined, undefined, undefined, 1, 3, 30],
  topPad: [undefined, undefined, undefined, 0, 4096, 100_000, MIB],
  trimThreshold: [undefined, undefined, undefined, 4096, 64 * KIB, MIB, GIB],
  tcacheCount: [undefined, undefined, undefined, undefined, 0, 1, 40],
  mmapMax: [undefined, undefined, undefined, undefined, undefined, 0, 2],
};

function optionsOf(random: Random, profile: Profile): GlibcOptions {
  const all = { mmapThreshold: profile.thresholds, ...CHOICES };
  const chosen = Object.entries(all).map(([name, values]) => [name, random.pick(values)] as const);
  const set = chosen.filter(([, value]) => value !== undefined);
  return { ...(Object.fromEntries(set) as GlibcOptions), cpus: cpus().length };
}

/** The trace of a seed, a whole number from 0. Profiles take turns. */
export async function randomThreads(seed: number): Promise<RandomThreads> {
  const profile = PROFILES[seed % PROFILES.length] as Profile;
  const random = new Random(0x7ead5 + seed);
  const options = optionsOf(random, profile);
  const records = await textTrace(new Generator(random, profile).run().join("\n"));
  const { name, touches = ["none", "object"] } = profile;
  return { seed, profile: name, records, options, touches };
}

interface Block {
  id: number;
  bytes: number;
  thread: number;
}

/** How many of a hundred operations free, from phase to phase. */
const FREE_PERCENTS = [15, 35, 50, 50, 65, 85];

type Order = "newest" | "oldest" | "any";

class Generator {
  readonly #lines: string[] = [];
  readonly #blocks: Block[] = [];
  /** Threads that have not ended, the first of all included. */
  #threads = [1];
  readonly #mostThreads: number;
  #made = 1;
  #running = 1;
  #ids = 0;
  #spent = 0;
  #order: Order = "any";
  #freePercent: number;
  /** Chance in a hundred that a thread frees a block of its own if it has one. */
  #ownPercent = 60;

  constructor(
    private readonly random: Random,
    private readonly profile: Profile,
  ) {
    this.#mostThreads = random.between(...profile.threads);
    this.#freePercent = random.pick(FREE_PERCENTS);
  }

  run(): string[] {
    const wanted = this.random.between(400, 1500);
    while (this.#lines.length < wanted) {
      if (this.random.chance(1)) this.#changePhase();
      if (this.random.chance(this.profile.switches)) this.#switch();
      this.#step();
    }
    if (this.random.chance(50)) this.#leave();
    return this.#lines;
  }

  #add(line: string): void {
    this.#lines.push(line);
  }

  #changePhase(): void {
    const { random } = this;
    this.#order = random.pick(["newest", "oldest", "any"]);
    this.#freePercent = random.pick(FREE_PERCENTS);
    this.#ownPercent = random.pick([0, 30, 60, 90, 100]);
    if (random.chance(20)) while (this.#blocks.length > 0) this.#free();
    if (random.chance(30)) while (this.#threads.length > random.between(1, 4)) this.#end();
  }

  /** Another thread runs, a new one while there are not enough. */
  #switch(): void {
    const isNew = this.#made < this.#mostThreads && this.random.chance(40);
    if (isNew) this.#threads.push(++this.#made);
    this.#run(isNew ? this.#made : this.random.pick(this.#threads));
  }

  #run(thread: number): void {
    if (thread === this.#running) return;
    this.#running = thread;
    this.#add(`t ${thread}`);
  }

  /** A thread ends, though not the first of all. */
  #end(): void {
    const others = this.#threads.slice(1);
    if (others.length === 0) return;
    const thread = this.random.pick(others);
    this.#threads = this.#threads.filter((one) => one !== thread);
    this.#add(`x ${thread}`);
    if (thread === this.#running) this.#run(this.random.pick(this.#threads));
  }

  #leave(): void {
    while (this.#threads.length > 1) {
      if (this.random.chance(30)) this.#switch();
      if (this.random.chance(50) && this.#blocks.length > 0) this.#free();
      else this.#end();
    }
    while (this.#blocks.length > 0) this.#free();
    this.#trim();
  }

  #step(): void {
    const { random } = this;
    if (this.#blocks.length >= this.profile.live) this.#freePercent = random.between(55, 85);
    const rare = random.between(0, 99);
    if (rare === 0) this.#trim();
    else if (rare === 1) this.#end();
    else if (this.#blocks.length > 0 && random.chance(this.#freePercent)) this.#free();
    else this.#allocate();
  }

  #allocate(): void {
    const kind = this.random.between(0, 99);
    const bytes = this.#size();
    if (kind < 55) this.#add(`a ${this.#new(bytes)} ${bytes}`);
    else if (kind < 75) this.#add(`c ${this.#new(bytes)} 1 ${bytes}`);
    else if (kind < 82) this.#add(`m ${this.#new(bytes)} ${this.#alignment()} ${bytes}`);
    else if (kind < 96) this.#realloc();
    else this.#access();
  }

  #size(): number {
    const bytes = this.profile.size(this.random);
    if (this.#spent + bytes > this.profile.budget) return this.random.scaled(1, 2000);
    this.#spent += bytes;
    return bytes;
  }

  #alignment(): number {
    return this.random.pick([16, 32, 64, 64, 256, 4096, 4096, 65_536, MIB]);
  }

  #new(bytes: number): number {
    this.#blocks.push({ id: this.#ids, bytes, thread: this.#running });
    return this.#ids++;
  }

  #realloc(): void {
    const block = this.#blocks[this.#choose()];
    if (!block) return;
    const factor = this.random.pick([0.2, 0.5, 0.9, 1.1, 1.5, 2]);
    const scaled = Math.floor(block.bytes * factor) + this.random.between(0, 40);
    block.bytes = scaled < block.bytes || this.#spent + scaled < this.profile.budget ? scaled : this.#size();
    this.#spent += block.bytes;
    this.#add(`r ${block.id} ${block.bytes}`);
  }

  #access(): void {
    const block = this.#blocks[this.#choose()];
    if (!block || block.bytes === 0) return;
    const offset = this.random.between(0, block.bytes - 1);
    const bytes = this.random.between(0, block.bytes - offset);
    this.#add(`${this.random.pick(["w", "l"])} ${block.id} ${offset} ${bytes}`);
  }

  #free(): void {
    const [block] = this.#blocks.splice(this.#choose(), 1);
    this.#add(`f ${(block as Block).id}`);
  }

  #trim(): void {
    this.#add(`k ${this.random.pick([0, 0, 0, 4096, 100_000, MIB])}`);
  }

  /** Where among the blocks the one is that is next. */
  #choose(): number {
    const isOwn = ({ thread }: Block) => thread === this.#running;
    const own = this.random.chance(this.#ownPercent) ? this.#blocks.filter(isOwn) : [];
    const from = own.length > 0 ? own : this.#blocks;
    const last = from.length - 1;
    const order = this.random.chance(20) ? "any" : this.#order;
    const at = order === "newest" ? last : order === "oldest" ? 0 : this.random.between(0, last);
    return this.#blocks.indexOf(from[at] as Block);
  }
}
