/** Which sizes are asked for. */

export const KIB = 1024;
export const MIB = 1024 * KIB;
export const GIB = 1024 * MIB;
export const WASM_PAGE = 64 * KIB;
const PAGE = 4 * KIB;

/** Sizes on either side of every power of two, and of half-way to the next: there allocators often change method. */
export function sizesAround(most: number): number[] {
  const edges: number[] = [];
  for (let edge = 8; edge <= most; edge *= 2) edges.push(edge, edge + edge / 2);
  const sizes = edges.flatMap((edge) => [edge - 1, edge, edge + 1]).filter((bytes) => bytes <= most);
  return [1, 2, 3, ...new Set(sizes)];
}

/** Distances from an edge: of a byte, and of headers of one or two words or of a block's least unit. */
const BESIDE = [-16, -8, -1, 0, 1, 8, 16];

/**
 * A size of every class that an allocator may have, in ascending order: all to 64, multiples of 8 to 4 KiB, and those beside
 * each power of two, half-way to the next, each page of 4 KiB to 64 KiB and of 64 KiB to a MiB.
 */
export function everySize(most: number): number[] {
  const sizes = new Set<number>();
  const addAround = (edge: number) => {
    for (const beside of edge <= MIB ? BESIDE : [-1, 0, 1]) sizes.add(edge + beside);
  };
  for (let bytes = 1; bytes <= 64; bytes++) sizes.add(bytes);
  for (let bytes = 8; bytes <= PAGE; bytes += 8) sizes.add(bytes);
  for (let edge = PAGE; edge <= WASM_PAGE; edge += PAGE) addAround(edge);
  for (let edge = WASM_PAGE; edge <= MIB; edge += WASM_PAGE) addAround(edge);
  for (let edge = 128; edge <= most; edge *= 2) {
    addAround(edge);
    addAround(edge + edge / 2);
  }
  return [...sizes].filter((bytes) => bytes <= most).sort((one, other) => one - other);
}

/** Two factors of a size: the second is `divisor`, or all of the size where that does not divide it. */
export function factorsOf(bytes: number, divisor: number): [number, number] {
  return bytes % divisor === 0 ? [bytes / divisor, divisor] : [1, bytes];
}
