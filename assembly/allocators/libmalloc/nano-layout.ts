/**
 * Where the nano zone has what: regions of arenas of blocks, and the word of each block. Numbers of blocks count from the first
 * region's first. What is written there, nano.ts says.
 *
 *      region   512 MiB: 8 arenas of 64 MiB: 4,096 blocks of 16 KiB. Of an arena, block 0 has the words of all
 *      word     0        11               21         31 32
 *               ├────────┼────────────────┼──────────┼──┤   next: the first free slot, from 1, or a word of those below
 *               │  next  │ free slots - 1 │  unused  │ C│   unused: slots never handed out; C: taken from now
 *               └────────┴────────────────┴──────────┴──┘
 */

export const BASE: u64 = 0x6000_0000_0000;
const REGION_SHIFT: u64 = 29;
export const REGION_BYTES: u64 = 1 << REGION_SHIFT;
export const MOST_REGIONS: u64 = 256;
export const BLOCK_SHIFT: u64 = 14;
export const BLOCK_BYTES: u64 = 1 << BLOCK_SHIFT;
export const ARENA_BLOCKS: u64 = 1 << 12;
export const REGION_BLOCKS: u64 = REGION_BYTES >> BLOCK_SHIFT;

export const CLASSES: u32 = 16;
/** The first block of each class in an arena, and of none, in units of 64. The first one's first has the words. */
const UNITS = memory.data<u8>([0, 2, 12, 23, 33, 38, 41, 44, 48, 51, 53, 55, 57, 59, 61, 62, 64]);
const UNIT_BLOCKS: u64 = 64;

// The first field of a word, beside numbers of slots: the block was never used; no slot was freed, so one is next that never was
// handed out; all are handed out; none is, and the kernel was told.
const NEVER_USED: u32 = 0;
export const BUMP: u32 = 0x7fb;
export const FULL: u32 = 0x7fc;
export const ADVISED: u32 = 0x7fd;

export const NEXT_MASK: u32 = 0x7ff;
const FREE_SHIFT: u32 = 11;
const UNUSED_SHIFT: u32 = 21;
const COUNT_MASK: u32 = 0x3ff;
export const CURRENT: u32 = 1 << 31;

export function classFor(request: u64): u32 {
  return request ? <u32>((request - 1) >> 4) : 0;
}

export function slotBytes(kind: u32): u64 {
  return (<u64>kind + 1) << 4;
}

export function slotsOf(kind: u32): u32 {
  return <u32>(BLOCK_BYTES / slotBytes(kind));
}

/** Number in an arena of the first block of a class. */
export function firstOf(kind: u32): u64 {
  return kind ? <u64>load<u8>(UNITS + kind) * UNIT_BLOCKS : 1;
}

/** Number in an arena of the block behind those of a class. */
export function endOf(kind: u32): u64 {
  return <u64>load<u8>(UNITS + kind + 1) * UNIT_BLOCKS;
}

export function classOf(block: u64): u32 {
  const unit = <u8>((block & (ARENA_BLOCKS - 1)) / UNIT_BLOCKS);
  let kind: u32 = 0;
  while (load<u8>(UNITS + kind + 1) <= unit) kind++;
  return kind;
}

export function addressOf(block: u64): u64 {
  return BASE + (block << BLOCK_SHIFT);
}

/** Address of a block's word: the halves of its number are swapped, so that neighbours do not share a line. */
export function wordAt(block: u64): u64 {
  const number = block & (ARENA_BLOCKS - 1);
  const place = ((number & 63) << 6) | (number >> 6);
  return addressOf(block - number) + (place << 2);
}

export function wordOf(next: u32, free: u32, unused: u32, isCurrent: bool): u32 {
  return next | ((free - 1) << FREE_SHIFT) | (unused << UNUSED_SHIFT) | (isCurrent ? CURRENT : 0);
}

export function freeIn(word: u32): u32 {
  return (word & NEXT_MASK) == FULL ? 0 : ((word >> FREE_SHIFT) & COUNT_MASK) + 1;
}

export function unusedIn(word: u32): u32 {
  return (word >> UNUSED_SHIFT) & COUNT_MASK;
}

/** Whether all of its slots are free in order, because none was handed out since it was mapped or advised. */
export function isFresh(word: u32): bool {
  const next = word & NEXT_MASK;
  return next == NEVER_USED || next == ADVISED;
}
