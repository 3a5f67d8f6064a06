/**
 * A rack: the state of one kind of small blocks (tiny, small or medium), which all work alike. It is
 * part of the zone, whose pages every process has touched before main, so it lives outside simulated
 * memory. One thread always uses one magazine, so of a rack's magazines there are two here: that one,
 * and the depot, which keeps sparsely used regions where there is more than one CPU.
 *
 *      magazine   fields │ bitmap of non-empty lists │ head of each free list
 *                 0      64                          96                       96 + 8 × 256
 *
 * Sizes of blocks are in quanta: 16 bytes, 512 bytes or 32 KiB.
 */

/** Bytes of a magazine. */
export const MAGAZINE_BYTES: usize = 96 + 8 * 256;
const BITMAP: usize = 64;
const HEADS: usize = 96;

@unmanaged
export class Magazine {
  /** The block freed last, which is still marked as live, and its quanta; 0 when there is none. */
  lastFree: u64;
  lastFreeQuanta: u64;
  /** Of the newest region, what was never handed out: [bump, bumpEnd). */
  bump: u64;
  bumpEnd: u64;
  /** Its regions, linked through their trailers in the order they came. */
  firstRegion: u64;
  lastRegion: u64;
  regions: u64;
  /** Bytes of blocks that are live or freed last. */
  bytesInObjects: u64;
}

@unmanaged
export class Rack {
  quantumShift: u64;
  regionShift: u64;
  /** Quanta in a region, and their bytes; what is behind them is metadata. */
  quanta: u64;
  payload: u64;
  /** Free lists; the last one holds its size and all above. */
  lists: u64;
  /** Blocks below so many quanta become the one freed last. */
  lastFreeLimit: u64;
  /** Blocks are cleared when freed, and so not by calloc. */
  clearsOnFree: bool;
  /** More than one CPU. Regions an empty one needs beside it to be unmapped: two for each magazine. */
  hasDepot: bool;
  crowded: u64;
  /** Regions there are, the table that finds them, and the one found last. */
  regions: u64;
  table: usize;
  found: u64;
  magazine: Magazine;
  depot: Magazine;
  /** What a profile calls its allocation and its freeing (functions.ts). */
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

/** Number of the free list for blocks of a size. */
export function listOf(rack: Rack, quanta: u64): u64 {
  return min(quanta, rack.lists) - 1;
}

export function headOf(magazine: Magazine, list: u64): u64 {
  return load<u64>(changetype<usize>(magazine) + HEADS + ((<usize>list) << 3));
}

/** Makes a block, or none (0), the head of a list. */
export function setHead(magazine: Magazine, list: u64, block: u64): void {
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
  for (let word = list >> 6; word < 4; word++) {
    const bits = load<u64>(bitmap + ((<usize>word) << 3)) & mask;
    if (bits) return (word << 6) + ctz(bits);
    mask = u64.MAX_VALUE;
  }
  return NO_LIST;
}
