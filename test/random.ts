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

/** Draws for random scripts: floats in [0, 1), whole numbers with both ends, and choices, all of one sequence. */
export function drawsFrom(seed: number) {
  const random = randomFrom(seed);
  const between = (low: number, high: number) => low + Math.floor(random() * (high - low + 1));
  const pick = <T>(values: readonly T[]) => values[between(0, values.length - 1)] as T;
  return { random, between, pick };
}

/** Seeds as `5`, or from the first to the last as `0..99`. */
export function seedsOf(text: string): number[] {
  const [first = 0, last = first] = text.split("..").map(Number);
  return Array.from({ length: last - first + 1 }, (_, i) => first + i);
}
