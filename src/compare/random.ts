/** Numbers from 0 to below 1 that follow from a seed alone: xorshift of 32 bits (Marsaglia 2003). */
export function seeded(seed: number): () => number {
  // The state may not be 0; and seeds that are near each other shall not start alike.
  let state = Math.imul(seed ^ 0x5eed, 0x9e3779b1) | 1;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) / 2 ** 32;
  };
}
