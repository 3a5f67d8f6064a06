/** How sizes of random programs are spread: about what allocators tell apart. */

/** A whole number below a limit of at most 2^32. */
export type Draw = (limit: number) => number;

const KIB = 1024;
const MIB = 1024 * KIB;
const PAGES = [4 * KIB, 64 * KIB] as const;

type Spread = (draw: Draw) => () => number;

const logarithmic: Spread = (draw) => {
  const doublings = 3 + draw(15);
  return () => 1 + draw(2 ** (1 + draw(doublings)));
};

/** Each with as many chances as it has lines. */
const SPREADS: readonly Spread[] = [
  (draw) => () => 1 + draw(64),
  (draw) => () => 8 * (1 + draw(64)),
  (draw) => () => 16 * (1 + draw(256)) - draw(17),
  logarithmic,
  logarithmic,
  // About powers of two, and half-way to the next.
  (draw) => () => near(draw, (draw(3) === 0 ? 1.5 : 1) * 2 ** (3 + draw(15))),
  (draw) => () => near(draw, (1 + draw(8)) * (PAGES[draw(2)] as number)),
  (draw) => () => 64 * KIB * (1 + draw(8)) + draw(64 * KIB),
  (draw) => () => 2 ** (17 + draw(5)) + draw(MIB),
  few,
  few,
  few,
];

/** A few sizes over and over, so that what is freed fits what is asked for. */
function few(draw: Draw): () => number {
  const spread = (SPREADS[draw(9)] as Spread)(draw);
  const sizes = Array.from({ length: 1 + draw(4) }, spread);
  return () => sizes[draw(sizes.length)] as number;
}

function near(draw: Draw, edge: number): number {
  return Math.max(1, edge + (draw(3) - 1) * (draw(2) === 0 ? draw(4) : 8 * draw(5)));
}

/** What gives the sizes of a phase. */
export const sizesOfPhase = (draw: Draw): (() => number) => (SPREADS[draw(SPREADS.length)] as Spread)(draw);

/** A size that there cannot be memory for, or just so: about the ends of an address, of its signed half, and of memory. */
export function hugeSize(draw: Draw, addressBits: 32 | 64, memoryBytes: number): number {
  const ends =
    addressBits === 32
      ? [2 ** 32, 2 ** 32, 2 ** 31, 2 ** 31 + 2 ** 30, memoryBytes]
      : [2 ** 47, 2 ** 46, 2 ** 40, 2 ** 32, memoryBytes];
  const end = ends[draw(ends.length)] as number;
  const less = [1 + draw(8), 8 * (1 + draw(16)), 1 + draw(64 * KIB)][draw(3)] as number;
  // Of the end of addresses only what is below.
  return end === ends[0] || draw(2) === 0 ? end - less : end + less - 1;
}

/** A count and a size whose product wraps around to a small one. */
export function overflowing(draw: Draw, addressBits: 32 | 64): [count: number, bytes: number] {
  if (addressBits === 64) {
    const shift = 18 + draw(29);
    return [2 ** shift, 2 ** (64 - shift)];
  }
  const bytes = 2 + draw(2 ** (1 + draw(20)));
  const count = Math.ceil(2 ** 32 / bytes) + draw(4);
  return draw(2) === 0 ? [count, bytes] : [bytes, count];
}
