/**
 * A rack: the state of the tiny, the small or the medium blocks. All three work alike. It is part of the
 * zone, whose pages every process has touched before main, so it lives outside simulated memory. A thread
 * always uses the same magazine, so a rack has two here: that one, and the depot, which keeps sparsely
 * used regions when there is more than one CPU.
 *
 *      magazine   fields │ bitmap of non-empty lists │ head of each free list
 *                 0      64                          96                       96 + 8 × 256
 *
 * Sizes of blocks are in quanta: 16 bytes, 512 bytes or 32 KiB.
 */

const BITMAP: usize = 64;
const BITMAP_WORDS: u64 = 4;
const HEADS: usize = 96;
const MOST_LISTS: usize = 256;
/** Bytes of a magazine. */
export const MAGAZINE_BYTES: usize = HEADS + 8 * MOST_LISTS;

/**
 * What must hold:
 *
 *      bytesInObjects == Σ bytesUsed of its regions
 *      free blocks in its regions == blocks on its lists, each on the list of its size
 *      bit n of the bitmap is set == list n has a head
 *      neither neighbour of a free block is free
 */
@unmanaged
export class Magazine {
  /** The block freed last, which is still marked as live, and its quanta; 0 when there is none. */
  lastFree: u64;
  lastFreeQuanta: u64;
  /** Of the newest region, what was never handed out: [bump, bumpEnd). Both 0 when there is none. */
  bump: u64;
  bumpEnd: u64;
  /** Its regions, linked through their trailers in the order they came. */
  firstRegion: u64;
  lastRegion: u64;
  regions: u64;
  /** Bytes of blocks that are live or freed last. */
  bytesInObjects: u64;
}

/**
 * What must hold:
 *
 *      regions == entries of the table == magazine.regions + depot.regions
 *      empty regions in the depot < crowded
 */
@unmanaged
export class Rack {
  quantumShift: u64;
  regionShift: u64;
  /** Quanta in a region, and their bytes. Metadata is behind them. */
  quanta: u64;
  payload: u64;
  /** Free lists. The last one holds its size and all above. */
  lists: u64;
  /** Blocks below so many quanta become the one freed last. */
  lastFreeLimit: u64;
  /** Blocks are cleared when freed, and so not by calloc. */
  clearsOnFree: bool;
  /** Whether there is more than one CPU. */
  hasDepot: bool;
  /** An empty region is unmapped when the depot has so many regions: two for each CPU. */
  crowded: u64;
  /** How many regions there are, the table that finds them, and the one found last or 0. */
  regions: u64;
  table: usize;
  found: u64;
  magazine: Magazine;
  depot: Magazine;
  /** Numbers of its allocating and its freeing function in a profile (functions.ts). */
  allocates: u32;
  frees: u32;
}

/** Bytes of a rack's fields. */
export const RACK_BYTES: usize = 128;

/** Address of the region that holds an address. */
export function regionOf(rack: Rack, address: u64): u64 {
  return (address >> rack.regionShift) << rack.regionShift;
}

export function regionBytes(rack: Rack): u64 {
  return (<u64>1) << rack.regionShift;
}

export function bytesOf(rack: Rack, quanta: u64): u64 {
  return quanta << rack.quantumShift;
}

/** Quanta for a request, at least one. */
export function quantaFor(rack: Rack, bytes: u64): u64 {
  return max((bytes + ((<u64>1) << rack.quantumShift) - 1) >> rack.quantumShift, 1);
}

/** Number of the free list for blocks of a size, at least one quantum. */
export function listOf(rack: Rack, quanta: u64): u64 {
  if (isDefined(ZP_CHECK)) assert(quanta > 0, "a block on a free list has a size");
  return min(quanta, rack.lists) - 1;
}

export function headOf(magazine: Magazine, list: u64): u64 {
  return load<u64>(changetype<usize>(magazine) + HEADS + ((<usize>list) << 3));
}

/** Makes a block, or none (0), the head of a list. */
export function setHead(magazine: Magazine, list: u64, block: u64): void {
  if (isDefined(ZP_CHECK)) assert(list < MOST_LISTS, "a magazine has no more lists than it has room for");
  store<u64>(changetype<usize>(magazine) + HEADS + ((<usize>list) << 3), block);
  const word = changetype<usize>(magazine) + BITMAP + ((<usize>(list >> 6)) << 3);
  const bit = (<u64>1) << (list & 63);
  store<u64>(word, block ? load<u64>(word) | bit : load<u64>(word) & ~bit);
}

export const NO_LIST: u64 = u64.MAX_VALUE;

/** The first list from `list` on that is not empty, or NO_LIST. */
export function firstFilled(magazine: Magazine, list: u64): u64 {
  const bitmap = changetype<usize>(magazine) + BITMAP;
  let mask = u64.MAX_VALUE << (list & 63);
  for (let word = list >> 6; word < BITMAP_WORDS; word++) {
    const bits = load<u64>(bitmap + ((<usize>word) << 3)) & mask;
    if (bits) return (word << 6) + ctz(bits);
    mask = u64.MAX_VALUE;
  }
  return NO_LIST;
}

/** Whether the bitmap says that a list is not empty. */
export function isFilled(magazine: Magazine, list: u64): bool {
  return firstFilled(magazine, list) == list;
}
