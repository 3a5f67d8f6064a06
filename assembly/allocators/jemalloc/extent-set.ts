/**
 * The free extents of an arena in one state. They are binned by size. A bin has a heap, and remembers its oldest.
 * All are in a list, too, in the order of their insertion, from which the oldest decay.
 *
 *      bin      4 KiB   8 KiB  12 KiB  …      bytes == Σ bytes of its extents
 *               heap    heap   heap
 *      oldest ──▶ ○ ──▶ ○ ──▶ ○ ──▶ newest
 */
import { PAGE, PAGE_CLASSES, pageClass, pageIndex, roundedDown, roundedUp } from "./classes";
import { Extent } from "./extent";
import * as heaps from "./pairing-heap";
import { Heap } from "./pairing-heap";

@unmanaged
class Bin extends Heap {
  /** The key of its oldest extent; that of `first` is at times another's. */
  serial: u64;
  base: u64;
}

const WORDS: u32 = (PAGE_CLASSES + 63) / 64;

@unmanaged
export class ExtentSet {
  bytes: u64;
  count: u64;
  /** The `State` of its extents. */
  state: u32;
  oldest: Extent | null;
  newest: Extent | null;
  /** The bins that are not empty: a bit each. */
  filled: usize;
  bins: usize;
}

/** Room for one, as memory.data takes it: the set, the bits, the bins. */
export const SET_BYTES: i32 = <i32>(64 + 8 * WORDS + PAGE_CLASSES * 32);

/** Makes an empty set, in so much room that is zero. */
export function makeSet(room: usize, state: u32): ExtentSet {
  const set = changetype<ExtentSet>(room);
  set.state = state;
  set.filled = room + 64;
  set.bins = set.filled + 8 * WORDS;
  return set;
}

function binAt(set: ExtentSet, index: u32): Bin {
  return changetype<Bin>(set.bins + 32 * <usize>index);
}

/** The first bin from `index` on that is not empty; PAGE_CLASSES or more if none is. */
function filledFrom(set: ExtentSet, index: u32): u32 {
  let word = index >> 6;
  if (word >= WORDS) return PAGE_CLASSES;
  let bits = load<u64>(set.filled + 8 * word) & (u64.MAX_VALUE << (index & 63));
  while (!bits) {
    if (++word == WORDS) return PAGE_CLASSES;
    bits = load<u64>(set.filled + 8 * word);
  }
  return 64 * word + <u32>ctz(bits);
}

function setFilled(set: ExtentSet, index: u32, isFilled: bool): void {
  const at = set.filled + 8 * <usize>(index >> 6);
  const bit = (<u64>1) << (index & 63);
  store<u64>(at, isFilled ? load<u64>(at) | bit : load<u64>(at) & ~bit);
}

function remember(bin: Bin, extent: Extent): void {
  bin.serial = extent.serial;
  bin.base = extent.base;
}

function isOlder(serial: u64, base: u64, than: Bin): bool {
  return serial != than.serial ? serial < than.serial : base < than.base;
}

export function insert(set: ExtentSet, extent: Extent): void {
  extent.state = set.state;
  const index = pageIndex(roundedDown(extent.bytes));
  const bin = binAt(set, index);
  if (!bin.root) {
    setFilled(set, index, true);
    remember(bin, extent);
  } else if (isOlder(extent.serial, extent.base, bin)) remember(bin, extent);
  heaps.insert(bin, extent);
  extent.newer = null;
  extent.older = set.newest;
  const newest = set.newest;
  if (newest) newest.newer = extent;
  else set.oldest = extent;
  set.newest = extent;
  set.bytes += extent.bytes;
  set.count++;
}

export function remove(set: ExtentSet, extent: Extent): void {
  if (isDefined(ZP_CHECK)) assert(extent.state == set.state, "what is removed from a set is in it");
  const index = pageIndex(roundedDown(extent.bytes));
  const bin = binAt(set, index);
  heaps.remove(bin, extent);
  if (!bin.root) setFilled(set, index, false);
  else if (bin.serial == extent.serial && bin.base == extent.base) remember(bin, heaps.first(bin) as Extent);
  const older = extent.older;
  const newer = extent.newer;
  if (older) older.newer = newer;
  else set.oldest = newer;
  if (newer) newer.older = older;
  else set.newest = older;
  set.bytes -= extent.bytes;
  set.count--;
}

/**
 * An extent that holds so many bytes at a multiple of `align`; or null. It is of the bin with the oldest extent, of
 * those that are not more than 2^`excess` times too large.
 */
export function find(set: ExtentSet, bytes: u64, align: u64, excess: u32): Extent | null {
  const wanted = bytes + align - PAGE;
  if (wanted < bytes) return null;
  const from = pageIndex(roundedUp(wanted));
  let best: Bin | null = null;
  for (let index = filledFrom(set, from); index < PAGE_CLASSES; index = filledFrom(set, index + 1)) {
    if (excess < 64 && pageClass(index) >> excess > wanted) break;
    const bin = binAt(set, index);
    if (!best || isOlder(bin.serial, bin.base, best)) best = bin;
  }
  if (best) return heaps.first(best);
  return align > PAGE ? findAligned(set, bytes, align, from) : null;
}

/** One that is so aligned by chance that less than the most is enough. */
function findAligned(set: ExtentSet, bytes: u64, align: u64, below: u32): Extent | null {
  const from = pageIndex(roundedUp(bytes));
  for (let index = filledFrom(set, from); index < below; index = filledFrom(set, index + 1)) {
    const extent = heaps.first(binAt(set, index)) as Extent;
    const lead = (align - (extent.base & (align - 1))) & (align - 1);
    if (lead < extent.bytes && extent.bytes - lead >= bytes) return extent;
  }
  return null;
}

/** Asserts the invariants of a set, whose extents are as many and have as many bytes as a walk has met. */
export function check(set: ExtentSet, count: u64, bytes: u64): void {
  assert(set.count == count && set.bytes == bytes, "a set has all that is in its state");
  checkList(set);
  let inHeaps: u64 = 0;
  for (let index: u32 = 0; index < PAGE_CLASSES; index++) {
    const bin = binAt(set, index);
    assert((filledFrom(set, index) == index) == (bin.root != null), "a bit says whether a bin is filled");
    inHeaps += heaps.check(bin);
  }
  assert(inHeaps == count, "the heaps of a set have all of it");
}

function checkList(set: ExtentSet): void {
  let count: u64 = 0;
  let before: Extent | null = null;
  let extent = set.oldest;
  while (extent) {
    assert(extent.state == set.state, "what is in a set is in its state");
    assert(extent.older == before, "the links of a set's list lead back");
    count++;
    before = extent;
    extent = extent.newer;
  }
  assert(before == set.newest && count == set.count, "the list of a set has all of it");
}
