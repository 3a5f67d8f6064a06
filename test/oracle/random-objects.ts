/**
 * Random traces of small objects, as Python programs have them, to fill and empty arenas: random-trace.ts has few objects
 * of many sizes. The same seed gives the same trace for as long as this file is unchanged.
 */
import { TraceEncoder } from "../../src/trace/encode.js";
import { RECORD_BYTES } from "../../src/trace/records.js";
import { Random } from "./random-trace.js";

/** Whose blocks fill a pool soonest. */
const LARGEST = 512;

interface Profile {
  name: string;
  /** Most objects alive at the end of a growing phase, and phases. */
  live: number;
  phases: number;
  size(random: Random): number;
  /** Of 100 operations while objects are made. */
  frees: number;
  resizes: number;
}

const small = (random: Random) => random.between(1, LARGEST);
/** Sizes of lists and tables that grow beyond what is small. */
const mixed = (random: Random) =>
  random.chance(92) ? random.scaled(1, LARGEST) : random.between(0, 3) ? random.scaled(500, 4000) : 0;

const PROFILES: readonly Profile[] = [
  { name: "objects", live: 6000, phases: 6, size: small, frees: 20, resizes: 8 },
  { name: "mixed objects", live: 4000, phases: 6, size: mixed, frees: 25, resizes: 15 },
  {
    name: "few sizes",
    live: 8000,
    phases: 5,
    size: (random) => 16 * random.pick([1, 3, 4, 20, 32]),
    frees: 10,
    resizes: 5,
  },
  { name: "large objects", live: 7000, phases: 6, size: () => LARGEST, frees: 5, resizes: 0 },
];

export interface RandomObjects {
  profile: string;
  /** RECORD_BYTES each. */
  records: Uint8Array;
}

/** A trace of one of the profiles, by its seed. `scale` multiplies the objects alive. */
export function randomObjects(seed: number, scale = 1): RandomObjects {
  const profile = PROFILES[seed % PROFILES.length] as Profile;
  const maker = new Maker(new Random(0x0b1ec7 ^ (seed * 2654435761)), profile);
  return { profile: profile.name, records: maker.make(scale) };
}

class Maker {
  readonly #encoder = new TraceEncoder();
  readonly #chunks: Uint8Array[] = [];
  readonly #live: number[] = [];
  #next = 0;

  constructor(
    private readonly random: Random,
    private readonly profile: Profile,
  ) {}

  make(scale: number): Uint8Array {
    for (let phase = 0; phase < this.profile.phases; phase++) this.#phase(scale);
    this.#flush();
    const records = new Uint8Array(this.#chunks.reduce((sum, { length }) => sum + length, 0));
    let at = 0;
    for (const chunk of this.#chunks) {
      records.set(chunk, at);
      at += chunk.length;
    }
    return records;
  }

  /** Objects are made up to some number, then freed down to another. */
  #phase(scale: number): void {
    const { random, profile } = this;
    const most = random.between(profile.live / 3, profile.live) * scale;
    while (this.#live.length < most) this.#grow();
    const isOrdered = random.chance(40);
    const kept = random.chance(25) ? 0 : random.between(0, most / 2);
    while (this.#live.length > kept) this.#free(isOrdered ? this.#live.length - 1 : undefined);
  }

  #grow(): void {
    const { random, profile } = this;
    const choice = random.between(0, 99);
    if (choice < profile.frees) this.#free();
    else if (choice < profile.frees + profile.resizes) this.#resize();
    else this.#allocate();
  }

  #allocate(): void {
    const { random, profile } = this;
    const bytes = profile.size(random);
    const encoder = this.#room();
    if (random.chance(10)) encoder.calloc(this.#next, 1, bytes);
    else encoder.malloc(this.#next, bytes);
    this.#live.push(this.#next++);
  }

  #resize(): void {
    if (this.#live.length === 0) return;
    const bytes = this.profile.size(this.random);
    this.#room().realloc(this.random.pick(this.#live), bytes);
  }

  /** Any one, unless it is said at which place. */
  #free(at = this.random.between(0, this.#live.length - 1)): void {
    const id = this.#live[at];
    if (id === undefined) return;
    this.#live[at] = this.#live[this.#live.length - 1] as number;
    this.#live.pop();
    this.#room().free(id);
  }

  #room(): TraceEncoder {
    if (this.#encoder.full) this.#flush();
    return this.#encoder;
  }

  #flush(): void {
    const { records, count } = this.#encoder.take();
    this.#chunks.push(records.slice(0, count * RECORD_BYTES));
  }
}
