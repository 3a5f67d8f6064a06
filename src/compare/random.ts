/** Pseudorandom numbers from 0 to below 1, from a seed: xorshift32 (Marsaglia 2003). */
export function seeded(seed: number): () => number {
  // The state must not be 0, and neighbouring seeds must not start alike.
  let state = Math.imul(seed ^ 0x5eed, 0x9e3779b1) | 1;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) / 2 ** 32;
  };
}
