/**
 * The machine's own memory: pools of records of one size each, cut from a linear memory that only
 * grows. A pool keeps the records given back in a list, and cuts new ones from a chunk. The list is linked
 * through the records' first words, last in, first out: the hottest record is likeliest still in cache.
 *
 *      live + records in the free list == records cut
 *      next + a whole number of records == end
 *      a free record is poison but for its first word (check builds)
 */

import { Exception } from "../shared/failure";
import { raise } from "./failure";
import { MAX_PAGE_BYTES } from "./layout";
import { zeroesIn } from "./zeroes";

const CHUNK_BYTES: usize = 1 << 16;
/** The bytes of a simulated page are in as few pages of the host as can be: its TLB has room for few. */
const HOST_PAGE_BYTES: usize = 4096;
/** Poison for records given back, in check builds: a byte, and a word of such bytes. */
const POISON: u8 = 0xdf;
const POISONED: u32 = 0xdfdfdfdf;

@unmanaged
export class Pool {
  recordBytes: usize;
  /** First free record, or 0. */
  free: usize;
  /** Room for records not yet cut: [next, end). */
  next: usize;
  end: usize;
  /** Number of records taken and not given back. */
  live: usize;
  /** Number of records ever cut. Counted only in check builds. */
  cut: usize;
  /** Whether each process has its own of the records, and of this. */
  isOwn: bool;
}

/** The pools: contents of a page; a directory of the page table; the states of a split group; its frames; and so on. */
export const contents = changetype<Pool>(memory.data(offsetof<Pool>(), 8));
export const directories = changetype<Pool>(memory.data(offsetof<Pool>(), 8));
export const groups = changetype<Pool>(memory.data(offsetof<Pool>(), 8));
export const frameLists = changetype<Pool>(memory.data(offsetof<Pool>(), 8));
export const shares = changetype<Pool>(memory.data(offsetof<Pool>(), 8));
export const regionNodes = changetype<Pool>(memory.data(offsetof<Pool>(), 8));
export const roots = changetype<Pool>(memory.data(offsetof<Pool>(), 8));
export const spaces = changetype<Pool>(memory.data(offsetof<Pool>(), 8));
export const blocks = changetype<Pool>(memory.data(offsetof<Pool>(), 8));
export const files = changetype<Pool>(memory.data(offsetof<Pool>(), 8));
export const fileDirectories = changetype<Pool>(memory.data(offsetof<Pool>(), 8));
export const remnants = changetype<Pool>(memory.data(offsetof<Pool>(), 8));
export const hugeFrames = changetype<Pool>(memory.data(offsetof<Pool>(), 8));

/** A page of zeroes, for reads of a page without content. Never written. */
export const ZERO_FRAME: usize = memory.data(<i32>MAX_PAGE_BYTES, 16);

let top: usize = 0;

/** Cuts zeroed bytes (rounded up to 16) off the linear memory. If that has to grow, it grows by at least a quarter. */
export function reserve(bytes: usize): usize {
  return reserveAligned(bytes, 16);
}

/** The same, at a multiple of `align`, a power of two. */
function reserveAligned(bytes: usize, align: usize): usize {
  if (!top) top = (__heap_base + 15) & ~15;
  const start = (top + align - 1) & ~(align - 1);
  const end = (<u64>start + bytes + 15) & ~15;
  const size = (<u64>memory.size()) << 16;
  if (end > size) {
    const needed = <i32>((end - size + 0xffff) >> 16);
    const quarter = memory.size() >> 2;
    if ((needed >= quarter || memory.grow(quarter) < 0) && memory.grow(needed) < 0) {
      raise(Exception.HostOutOfMemory, 0, bytes);
    }
  }
  top = <usize>end;
  return start;
}

/** Sets the size of a pool's records, once. */
export function setRecordBytes(pool: Pool, bytes: usize): void {
  pool.recordBytes = bytes;
}

/** The same, of a pool that each process has its own of, in its own memory. */
export function setOwnRecordBytes(pool: Pool, bytes: usize): void {
  pool.recordBytes = bytes;
  pool.isOwn = true;
}

function cut(pool: Pool): usize {
  const bytes = pool.recordBytes;
  if (pool.next + bytes > pool.end) {
    const chunk = max(CHUNK_BYTES / bytes, 1) * bytes;
    pool.next = reserveAligned(chunk, HOST_PAGE_BYTES);
    pool.end = pool.next + chunk;
    if (pool.isOwn) noteOwn(pool.next, chunk);
  }
  const record = pool.next;
  pool.next = record + bytes;
  if (isDefined(ZP_CHECK)) pool.cut++;
  return record;
}

// ---- What each process has its own of ----

/** A range that each process has its own bytes of: those of one that does not run are elsewhere (own.ts). */
@unmanaged
export class OwnRange {
  next: OwnRange | null;
  start: usize;
  end: usize;
}

let ownRanges: OwnRange | null = null;

/** The last range that was reserved so. */
export function firstOwn(): OwnRange | null {
  return ownRanges;
}

function noteOwn(start: usize, bytes: usize): void {
  const range = changetype<OwnRange>(reserve(offsetof<OwnRange>()));
  range.next = ownRanges;
  range.start = start;
  range.end = start + bytes;
  ownRanges = range;
}

/** Reserves bytes, as `reserve` does, that each process has its own of. */
export function reserveOwn(bytes: usize): usize {
  const start = reserve(bytes);
  noteOwn(start, bytes);
  return start;
}

// ---- Records ----

/** Takes one record. Its contents are unspecified. Traps if the host does not grow the memory. */
export function take(pool: Pool): usize {
  const record = pool.free;
  pool.live++;
  if (!record) return cut(pool);
  if (isDefined(ZP_CHECK)) requirePoison(pool, record);
  pool.free = load<usize>(record);
  return record;
}

/** Takes one zeroed record. Clears only a record that was used before. */
export function takeZeroed(pool: Pool): usize {
  const used = pool.free != 0;
  const record = take(pool);
  if (used) memory.fill(record, 0, pool.recordBytes);
  if (isDefined(ZP_CHECK)) {
    assert(zeroesIn(record, pool.recordBytes) == pool.recordBytes, "a record taken as zeroed is zero");
  }
  return record;
}

/** Gives a record back. */
export function give(pool: Pool, record: usize): void {
  if (isDefined(ZP_CHECK)) {
    assert(pool.live > 0, "a pool gets back no more records than it gave");
    memory.fill(record, POISON, pool.recordBytes);
  }
  store<usize>(record, pool.free);
  pool.free = record;
  pool.live--;
}

// ---- Checking ----

/** Asserts the invariants of every pool. */
export function check(): void {
  checkPool(contents);
  checkPool(directories);
  checkPool(groups);
  checkPool(frameLists);
  checkPool(shares);
  checkPool(regionNodes);
  checkPool(roots);
  checkPool(spaces);
  checkPool(blocks);
  if (isDefined(ZP_FILES)) checkPool(files);
  if (isDefined(ZP_FILES)) checkPool(fileDirectories);
  if (isDefined(ZP_HUGE)) checkPool(remnants);
  if (isDefined(ZP_HUGE)) checkPool(hugeFrames);
}

function checkPool(pool: Pool): void {
  let free: usize = 0;
  for (let record = pool.free; record; record = load<usize>(record)) {
    requirePoison(pool, record);
    assert(++free <= pool.cut, "the list of free records has an end");
  }
  assert(pool.live + free == pool.cut, "every record cut is live or free");
  assert((pool.end - pool.next) % pool.recordBytes == 0, "what is left of a chunk is whole records");
}

function requirePoison(pool: Pool, record: usize): void {
  for (let at: usize = sizeof<usize>(); at < pool.recordBytes; at += 4) {
    assert(load<u32>(record + at) == POISONED, "nobody writes to a record that was given back");
  }
}
