/**
 * Size classes. A small request gets the smallest class that holds it, and an object of a span that is cut into such
 * objects. Sizes are bytes; a page is tcmalloc's, of two of the kernel's.
 *
 *      class     1   2   3 …   9    10 …    85
 *      bytes     8  16  32 … 128   144 … 262,144
 *      pages     1   1   1 …   1     1 …      32      of a span
 *      batch    32  32  32 …  32    32 …       2      objects that move together
 *
 * Class 0 has no objects. It only takes its turn among the others (central.ts).
 */

export const PAGE_SHIFT: u32 = 13;
export const PAGE: u64 = 1 << PAGE_SHIFT;
/** The largest class. */
export const LARGEST: u64 = 262144;
/** More than there are with any batch. */
export const MOST_CLASSES: u32 = 128;

const SMALLEST: u64 = 8;
/** From here on steps are an eighth of a doubling. */
const FINE: u64 = 128;
const LARGEST_STEP: u64 = 8192;
/** Bytes that a batch is at most, unless it is two objects. */
const BATCH_BYTES: u64 = 65536;
/** At least this part of a batch is in a span, and at most that part of a span is left over. */
const BATCH_PART: u64 = 4;
const WASTE_PART: u64 = 8;

/** By class. */
const SIZES: usize = memory.data(4 * <i32>MOST_CLASSES, 4);
const PAGES: usize = memory.data(4 * <i32>MOST_CLASSES, 4);
const BATCHES: usize = memory.data(4 * <i32>MOST_CLASSES, 4);

/** Requests of up to this many bytes are told apart by 8 bytes, larger ones by 128, of which larger classes are multiples. */
const FINELY_TOLD: u64 = 1024;
const COARSE_SHIFT: u64 = 7;
/** The classes of both kinds of requests. */
const FINE_CLASSES: usize = memory.data(<i32>(FINELY_TOLD >> 3) + 1, 1);
const COARSE_CLASSES: usize = memory.data(<i32>(LARGEST >> COARSE_SHIFT) + 1, 1);

/** Number of classes, with class 0. */
export let classes: u32 = 0;

/** Makes the classes, once. `batch`: objects that a batch has at most. */
export function start(batch: u64): void {
  classes = 1;
  for (let size = SMALLEST; size <= LARGEST; size += stepFrom(size)) addClass(size, batchOf(size, batch));
  for (let index = classes - 1; index > 0; index--) noteRequests(index);
}

function stepFrom(size: u64): u64 {
  if (size < 16) return 8;
  return size < FINE ? 16 : min(((<u64>1) << (63 - clz(size))) >> 3, LARGEST_STEP);
}

function batchOf(size: u64, most: u64): u64 {
  return min(most, max(2, BATCH_BYTES / size));
}

/** Pages of a span of such objects: so many that little is left over, and a fair part of a batch is in it. */
function spanPages(size: u64, batch: u64): u64 {
  let pages: u64 = 1;
  while ((PAGE * pages) % size > (PAGE * pages) / WASTE_PART || (PAGE * pages) / size < batch / BATCH_PART) {
    pages++;
  }
  return pages;
}

/** Adds a class. It takes the place of the last one if as many of its objects are in as large a span. */
function addClass(size: u64, batch: u64): void {
  const pages = spanPages(size, batch);
  const last = classes - 1;
  const replaces = last && pagesOf(last) == pages && objectsOf(last) == (PAGE * pages) / size;
  const index: u32 = replaces ? last : classes++;
  if (isDefined(ZP_CHECK)) assert(index < MOST_CLASSES, "there are not more classes than there is room for");
  store<u32>(SIZES + 4 * index, <u32>size);
  store<u32>(PAGES + 4 * index, <u32>pages);
  store<u32>(BATCHES + 4 * index, <u32>batch);
}

/** Notes the class of all requests that it holds. Larger classes were noted before. */
function noteRequests(index: u32): void {
  const size = sizeOf(index);
  memory.fill(FINE_CLASSES, <u8>index, <usize>(min(size, FINELY_TOLD) >> 3) + 1);
  memory.fill(COARSE_CLASSES, <u8>index, <usize>(size >> COARSE_SHIFT) + 1);
}

/** The class of a request of up to `LARGEST` bytes. */
export function classOf(bytes: u64): u32 {
  if (bytes <= FINELY_TOLD) return load<u8>(FINE_CLASSES + <usize>((bytes + 7) >> 3));
  return load<u8>(COARSE_CLASSES + <usize>((bytes + 127) >> COARSE_SHIFT));
}

/** Bytes of an object. */
export function sizeOf(index: u32): u64 {
  return load<u32>(SIZES + 4 * index);
}

/** Pages of a span. */
export function pagesOf(index: u32): u64 {
  return load<u32>(PAGES + 4 * index);
}

/** Objects that move together. */
export function batchSize(index: u32): u32 {
  return load<u32>(BATCHES + 4 * index);
}

/** Objects of a span. */
export function objectsOf(index: u32): u64 {
  return (PAGE * pagesOf(index)) / sizeOf(index);
}

/** Bytes of a span that no object has. */
export function leftOver(index: u32): u64 {
  return (PAGE * pagesOf(index)) % sizeOf(index);
}
