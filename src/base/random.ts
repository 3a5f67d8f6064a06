/** Pseudorandom numbers, the same on every host. */

/** Whole numbers of 32 bits from a state that is not 0: xorshift32 (Marsaglia 2003). */
function wordsFrom(state: number): () => number {
  let word = state;
  return () => {
    word ^= word << 13;
    word ^= word >>> 17;
    word ^= word << 5;
    return word >>> 0;
  };
}

/** A state for any seed, such that neighbouring seeds do not start alike. */
const stateOf = (seed: number): number => Math.imul(seed ^ 0x5eed, 0x9e3779b1) | 1;

/** Whole numbers below a limit of at most 2^32. The state is not 0. */
export function numbersFrom(state: number): (limit: number) => number {
  const next = wordsFrom(state);
  return (limit) => next() % limit;
}

/** The same from a seed, which is any whole number. */
export const numbersOf = (seed: number): ((limit: number) => number) => numbersFrom(stateOf(seed));

/** Numbers from 0 to below 1, from a seed. */
export function seeded(seed: number): () => number {
  const next = wordsFrom(stateOf(seed));
  return () => next() / 2 ** 32;
}
