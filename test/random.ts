/**
 * Seeded numbers for tests: mulberry32 (Tommy Ettinger, public domain), 32 bits of state, a float in
 * [0, 1) per call. The same seed gives the same run.
 */
export function randomFrom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** The same, in whole numbers and choices. */
export class Random {
  readonly #next: () => number;

  constructor(readonly seed: number) {
    this.#next = randomFrom(seed);
  }

  /** A whole number from 0 to below `limit`, at most 2^32. */
  below(limit: number): number {
    return Math.floor(this.#next() * limit);
  }

  pick<T>(values: readonly T[]): T {
    return values[this.below(values.length)] as T;
  }
}

/** Seeds as `5`, or from the first to the last as `0..99`. */
export function seedsOf(text: string): number[] {
  const [first = 0, last = first] = text.split("..").map(Number);
  return Array.from({ length: last - first + 1 }, (_, i) => first + i);
}
