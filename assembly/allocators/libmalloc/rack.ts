/**
 * A rack: the state of the tiny, the small or the medium blocks. All three work alike. It is part of the
 * zone, whose pages every process has touched before main, so it lives outside simulated memory. It has a
 * magazine for each CPU, and the depot, which keeps sparsely used regions when there is more than one. A thread
 * stays on its CPU and takes blocks from that one's magazine. A block that is freed or resized is the affair of the
 * magazine that its region belongs to, whoever asks.
 *
 *      magazine   fields │ bitmap of non-empty lists │ head of each free list
 *                 0      64                          104                      104 + 8 × 257
 *
 * Sizes of blocks are in quanta: 16 bytes, 512 bytes or 32 KiB.
 */

const BITMAP: usize = 64;
const BITMAP_WORDS: u64 = 5;
const HEADS: usize = 104;
const MOST_LISTS: usize = 257;
/** No version has more magazines. */
export const MOST_MAGAZINES: usize = 64;
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
 *      regions == entries of the table == Σ regions of the magazines + depot.regions
 *      what was not used of the magazines is all 0
 *      empty regions in the depot < crowded, until memory pressure is relieved
 *      Σ bytesUsed of regions == Σ bytes of blocks, live or freed last, + countedTwice
 */
@unmanaged
export class Rack {
  quantumShift: u64;
  regionShift: u64;
  /** Quanta in a region, and their bytes. */
  quanta: u64;
  payload: u64;
  /** Where a region has what (layouts.ts). */
  heap: u64;
  trailer: u64;
  marks: u64;
  /** 0 where what the kernel was told is not remembered. */
  advice: u64;
  /** 0 where lists are not grouped by region. */
  listEnds: u64;
  entries: u64;
  entryCount: u64;
  cookie: u64;
  /** Free lists. The last one holds its size and all above. */
  lists: u64;
  /** Blocks below so many quanta become the one freed last. */
  lastFreeLimit: u64;
  /** Bytes at the start of a free block that the kernel is never told are reusable. */
  headBytes: u64;
  /** The kernel is not told of a block freed in the depot whose whole pages have fewer bytes. */
  leastReusable: u64;
  /** A region with fewer bytes in use is sparse. */
  sparse: u64;
  /** An empty region is unmapped when the depot has so many regions. */
  crowded: u64;
  /** Blocks are cleared when freed, and so not by calloc. */
  clearsOnFree: bool;
  /** Blocks are cleared when they are handed out, and when they grow, whoever asks. */
  clearsAlways: bool;
  hasDepot: bool;
  /** Of blocks in the last list, a larger or smaller one takes the place of the one it is made of. */
  keepsPlace: bool;
  /** The last suitable region goes to the depot, and not the first. */
  leavesLast: bool;
  /** A region that comes back from the depot is the magazine's first, and not its last. */
  recallsFirst: bool;
  /** The kernel is told when pages of the depot are used again. */
  tellsReuse: bool;
  /** Blocks also grow into the one freed last, and into what was never handed out. */
  growsFar: bool;
  /** Growing into the block freed last counts what was counted already. */
  countsTwice: bool;
  /** Pieces cut off a block are really freed at once, and stay in the count of objects. */
  freesPiecesAtOnce: bool;
  /** A block that is really freed stays in the count of objects. */
  forgetsToCount: bool;
  /** All regions went to the depot once, however crowded it was. */
  wasRelieved: bool;
  /** Slots of the real table of regions, how many regions were ever put into one, and bytes of all that outgrew the zone. */
  realSlots: u64;
  inserted: u64;
  realTableBytes: u64;
  /** How many regions there are, the table that finds them, and the one found last or 0. */
  regions: u64;
  table: usize;
  found: u64;
  /** The first magazine; the others follow it. So many were used so far, from the first on. */
  magazines: usize;
  used: u32;
  /** The running thread's magazine. */
  own: Magazine;
  /** The magazine at work: the running thread's, or that of the region whose block is freed or resized. */
  magazine: Magazine;
  depot: Magazine;
  /** Its count of blocks, live or freed last, as the zone's statistics tell it. */
  objects: u64;
  /** Bytes in use that are counted twice. */
  countedTwice: u64;
  /** Numbers of its allocating and its freeing function in a profile (functions.ts). */
  allocates: u32;
  frees: u32;
}

/** Bytes of a rack's fields. */
export const RACK_BYTES: usize = 256;

/** The magazine of a CPU. */
export function magazineOn(rack: Rack, cpu: u32): Magazine {
  return changetype<Magazine>(rack.magazines + MAGAZINE_BYTES * cpu);
}

/** The CPU of a magazine. */
export function cpuOf(rack: Rack, magazine: Magazine): u32 {
  return <u32>((changetype<usize>(magazine) - rack.magazines) / MAGAZINE_BYTES);
}

/** Address of the region that holds an address. */
export function regionOf(rack: Rack, address: u64): u64 {
  return (address >> rack.regionShift) << rack.regionShift;
}

/** Address of the first block of a region. */
export function heapOf(rack: Rack, region: u64): u64 {
  return region + rack.heap;
}

export function heapEndOf(rack: Rack, region: u64): u64 {
  return region + rack.heap + rack.payload;
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
