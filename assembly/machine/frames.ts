/**
 * The machine's own memory: pools of records of one size each, cut from a linear memory that only
 * grows. A pool keeps the records given back in a list (linked through their first word, last in
 * first out: the hottest record is likeliest still in cache) and cuts new ones from a chunk.
 *
 *      live + free + uncut == cut from the linear memory
 */

import { Exception, raise } from "./failure";
import { MAX_PAGE_BYTES } from "./layout";

const CHUNK_BYTES: usize = 1 << 16;
/** Poison for records given back, in check builds. */
const POISON: u8 = 0xdf;

@unmanaged
export class Pool {
  recordBytes: usize;
  /** First free record, or 0. */
  free: usize;
  /** Never used records: [next, end). */
  next: usize;
  end: usize;
  /** Records taken and not given back. */
  live: usize;
}

/** Contents of one page; a page table directory; the states of a split group; its frames; and so on. */
export const contents = changetype<Pool>(memory.data(offsetof<Pool>(), 8));
export const directories = changetype<Pool>(memory.data(offsetof<Pool>(), 8));
export const groups = changetype<Pool>(memory.data(offsetof<Pool>(), 8));
export const frameLists = changetype<Pool>(memory.data(offsetof<Pool>(), 8));
export const shares = changetype<Pool>(memory.data(offsetof<Pool>(), 8));
export const regionNodes = changetype<Pool>(memory.data(offsetof<Pool>(), 8));

/** A page of zeroes, read where a page holds nothing. Never written. */
export const ZERO_FRAME: usize = memory.data(<i32>MAX_PAGE_BYTES, 16);

let top: usize = 0;

/** Cuts bytes (rounded up to 16) off the linear memory, growing it by at least a quarter. Zeroed. */
export function reserve(bytes: usize): usize {
  if (!top) top = (__heap_base + 15) & ~15;
  const start = top;
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

function cut(pool: Pool): usize {
  const bytes = pool.recordBytes;
  if (pool.next + bytes > pool.end) {
    const chunk = max(CHUNK_BYTES / bytes, 1) * bytes;
    pool.next = reserve(chunk);
    pool.end = pool.next + chunk;
  }
  const record = pool.next;
  pool.next = record + bytes;
  return record;
}

/** Takes one record. Contents unspecified. Traps when the host refuses to grow. */
export function take(pool: Pool): usize {
  const record = pool.free;
  pool.live++;
  if (!record) return cut(pool);
  pool.free = load<usize>(record);
  return record;
}

/** Takes one record, zeroed. Only records used before are cleared. */
export function takeZeroed(pool: Pool): usize {
  const used = pool.free != 0;
  const record = take(pool);
  if (used) memory.fill(record, 0, pool.recordBytes);
  return record;
}

/** Gives a record back. */
export function give(pool: Pool, record: usize): void {
  if (isDefined(ZP_CHECK)) memory.fill(record, POISON, pool.recordBytes);
  store<usize>(record, pool.free);
  pool.free = record;
  pool.live--;
}
