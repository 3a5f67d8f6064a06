/**
 * Size classes. A request gets the smallest class that holds it. There are four to a doubling, and as many page
 * classes, which are the classes of whole pages. Sizes are bytes.
 *
 *      class     0   1   2 …  8   9 …       35     36 …    40 …
 *      bytes     8  16  32 … 128 160 … 14,336 16,384 … 32,768 …
 *                ├────── in slabs ──────────┤
 *                ├────── cached by a thread ──────────────┤ (in extents of their own from 36 on)
 */

/** Those of the build for x86-64, whichever the machine has. */
export const PAGE_SHIFT: u32 = 12;
export const PAGE: u64 = 1 << PAGE_SHIFT;
/** Most bytes of a class in slabs, and the class after it. */
export const LARGEST_SMALL: u64 = 14336;
export const SMALLEST_LARGE: u64 = 16384;
export const SMALL_CLASSES: u32 = 36;
/** Classes that a thread caches. */
export const CACHED_CLASSES: u32 = 41;
/** Largest class: 7 * 2^60. */
export const LARGEST: u64 = 7 << 60;
/** What is at least this large is in an arena of its own. */
export const HUGE: u64 = 8 << 20;
/** Every large extent has a page more than its class, in which its beginning moves about. */
export const PAD: u64 = PAGE;

const CLASSES: u32 = 232;
const SIZES: usize = memory.data(<i32>(8 * CLASSES), 8);
/** Number of page classes. */
export const PAGE_CLASSES: u32 = 200;
/** Regions and bytes of a slab, by class. */
const REGIONS: usize = memory.data(<i32>(4 * SMALL_CLASSES), 4);
const SLAB_BYTES: usize = memory.data(<i32>(4 * SMALL_CLASSES), 4);

/** Fills the tables, once. */
export function start(): void {
  for (let index: u32 = 0; index < CLASSES; index++) store<u64>(SIZES + 8 * index, computed(index));
  for (let index: u32 = 0; index < SMALL_CLASSES; index++) {
    const size = sizeOf(index);
    let bytes = PAGE;
    while (bytes % size) bytes += PAGE;
    store<u32>(SLAB_BYTES + 4 * index, <u32>bytes);
    store<u32>(REGIONS + 4 * index, <u32>(bytes / size));
  }
}

function computed(index: u32): u64 {
  if (index == 0) return 8;
  if (index <= 8) return 16 * <u64>index;
  const group = (<u64>128) << ((index - 9) >> 2);
  return group + (group >> 2) * (((index - 9) & 3) + 1);
}

/** Bytes of a class. */
export function sizeOf(index: u32): u64 {
  if (isDefined(ZP_CHECK)) assert(index < CLASSES, "a class is one of those there are");
  return load<u64>(SIZES + 8 * <usize>index);
}

/** The class of a request, of 1 byte to `LARGEST`. */
export function indexOf(bytes: u64): u32 {
  if (bytes <= 8) return 0;
  if (bytes <= 128) return <u32>((bytes + 15) >> 4);
  const last = bytes - 1;
  const power = 63 - <u32>clz(last);
  return 9 + 4 * (power - 7) + <u32>((last >> (power - 2)) & 3);
}

/** Bytes that a slab of a small class has. */
export function slabBytes(index: u32): u64 {
  return load<u32>(SLAB_BYTES + 4 * <usize>index);
}

/** Regions of a slab. */
export function regionsOf(index: u32): u32 {
  return load<u32>(REGIONS + 4 * <usize>index);
}

// ---- Page classes ----

/** Bytes of a page class. */
export function pageClass(index: u32): u64 {
  if (index < 4) return PAGE * (index + 1);
  const group = (PAGE << 2) << ((index - 4) >> 2);
  return group + (group >> 2) * (((index - 4) & 3) + 1);
}

/** The first page class that holds so many bytes. */
export function pageIndex(bytes: u64): u32 {
  const pages = (bytes + PAGE - 1) >> PAGE_SHIFT;
  if (pages <= 4) return pages ? <u32>pages - 1 : 0;
  const power = 61 - <u32>clz(pages - 1);
  return 4 * power + <u32>((pages - 1) >> power);
}

/** The last page class that, with a pad, so many bytes hold. */
export function roundedDown(bytes: u64): u64 {
  const index = bytes <= PAD ? 0 : pageIndex(bytes - PAD + 1);
  return index ? pageClass(index - 1) + PAD : bytes;
}

/** The first page class that, with a pad, holds so many bytes. */
export function roundedUp(bytes: u64): u64 {
  const below = roundedDown(bytes);
  return below < bytes ? pageClass(pageIndex(below - PAD + 1)) + PAD : below;
}
