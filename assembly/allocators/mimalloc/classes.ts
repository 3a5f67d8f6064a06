/**
 * Sizes. A class has blocks of one size: 8 bytes, multiples of 16 up to 64, and four a doubling from there on.
 *
 *      class    1   2   4   6   8   9  10   11   12   13 …  52
 *      bytes    8  16  32  48  64  80  96  112  128  160 …  131072
 *
 * A larger block has a page of its own, of its size rounded up.
 */

export const OS_PAGE: u64 = 4096;
export const SLICE: u64 = 65536;
export const SLICE_SHIFT: u64 = 16;
const WORD: u64 = 8;
/** The largest block that is taken without more ado, of the smallest pages, and of pages of many blocks. */
export const SMALL: u64 = 1024;
export const LARGEST_SMALL_PAGE: u64 = 16384;
export const LARGEST_CLASS: u64 = 131072;
/** The largest block in a segment of many pages. */
export const LARGEST_LARGE: u64 = 16 << 20;
const MEDIUM_SLICES: u32 = 8;

/** Queues of pages: one for each class, one for pages of one block, and one for pages without a free block. */
export const LARGE_QUEUE: u32 = 73;
export const FULL_QUEUE: u32 = 74;
export const QUEUES: u32 = 75;

/** To a multiple of a power of two. */
export function roundUp(bytes: u64, multiple: u64): u64 {
  return (bytes + multiple - 1) & ~(multiple - 1);
}

/** The class for a request of up to LARGEST_CLASS bytes. */
export function classOf(bytes: u64): u32 {
  const words = (bytes + WORD - 1) / WORD;
  if (words <= 1) return 1;
  if (words <= 8) return (<u32>words + 1) & ~1;
  const last = <u32>words - 1;
  const doubling = 31 - clz(last);
  return 4 * doubling + ((last >> (doubling - 2)) & 3) - 3;
}

/** Bytes of the blocks of a class. */
export function sizeOf(index: u32): u64 {
  if (index <= 8) return WORD * index;
  const doubling = (index + 3) >> 2;
  return (WORD * (5 + ((index + 3) & 3))) << (doubling - 2);
}

/** Slices of a page of blocks of a size. */
export function slicesFor(blockBytes: u64): u32 {
  if (blockBytes <= LARGEST_SMALL_PAGE) return 1;
  return blockBytes <= LARGEST_CLASS ? MEDIUM_SLICES : <u32>(roundUp(blockBytes, SLICE) >> SLICE_SHIFT);
}

/** The queue of pages of blocks of a size. */
export function queueOf(blockBytes: u64): u32 {
  return blockBytes <= LARGEST_CLASS ? classOf(blockBytes) : LARGE_QUEUE;
}

/** Rounds a request up as the kernel is asked for it: coarser the more it is. */
export function roundForKernel(bytes: u64): u64 {
  if (bytes < 512 << 10) return roundUp(bytes, OS_PAGE);
  if (bytes < 2 << 20) return roundUp(bytes, 65536);
  if (bytes < 8 << 20) return roundUp(bytes, 256 << 10);
  return roundUp(bytes, bytes < 32 << 20 ? 1 << 20 : 4 << 20);
}

/** Bytes of the block for a request that no class is for. */
export function largeSize(bytes: u64): u64 {
  const rounded = roundForKernel(bytes);
  if (rounded > LARGEST_LARGE) return rounded;
  return roundUp(rounded, rounded <= 512 << 10 ? SLICE : 512 << 10);
}
