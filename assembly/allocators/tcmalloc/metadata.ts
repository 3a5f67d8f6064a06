/**
 * Metadata: chunks of 8 MiB, cut from the bottom up and never given back, and pools of records of one size.
 *
 *      first chunk   ├ spans ┤ stacks ┤ caches ┤ leaf of the page map ┤ set nodes ┤ …
 *                    0       128      256      384                    2,432 KiB
 *
 * A pool takes 128 KiB when it is dry, and uses records again. The real records are written when they are first cut, and
 * so a pool needs no more than to count: which free one is taken next shows nowhere. The model's own records lie elsewhere.
 */
import { touch } from "../../machine/access";
import { Message } from "../../shared/tcmalloc";
import { abort } from "../allocator";
import * as system from "./system";

const CHUNK: u64 = 8 << 20;
const ALIGN: u64 = 64;
const POOL_CHUNK: u64 = 128 << 10;
/** A free record links to the next. */
const LINK: u64 = 8;

let next: u64 = 0;
let end: u64 = 0;
/** Bytes that were asked for. */
export let bytes: u64 = 0;

/** Takes bytes, at a multiple of 64, which nothing was written to. Returns their address, or 0. */
export function take(size: u64): u64 {
  if (size > end - next) {
    const chunk = system.get(CHUNK, ALIGN);
    if (!chunk) return 0;
    next = chunk;
    end = chunk + CHUNK;
  }
  const start = next;
  next = start + ((size + ALIGN - 1) & ~(ALIGN - 1));
  bytes += next - start;
  return start;
}

@unmanaged
export class Pool {
  recordBytes: u64;
  /** Room for records that are not cut yet. */
  next: u64;
  end: u64;
  /** Records that are in use, and those cut and free. */
  live: u64;
  free: u64;
}

export const spans = changetype<Pool>(memory.data(offsetof<Pool>(), 8));
export const stacks = changetype<Pool>(memory.data(offsetof<Pool>(), 8));
export const caches = changetype<Pool>(memory.data(offsetof<Pool>(), 8));
export const setNodes = changetype<Pool>(memory.data(offsetof<Pool>(), 8));

/** Makes a pool ready. It cuts its first record, and links it as free. Returns whether there was room. */
export function startPool(pool: Pool, recordBytes: u64): bool {
  pool.recordBytes = recordBytes;
  if (!refill(pool)) return false;
  touch(pool.next, LINK, true);
  return true;
}

/** Takes more room. Returns whether there was some. */
function refill(pool: Pool): bool {
  pool.next = take(POOL_CHUNK);
  pool.end = pool.next + POOL_CHUNK;
  return pool.next != 0;
}

/** Takes a record. Without room for one the real allocator ends the process. */
export function takeRecord(pool: Pool): void {
  pool.live++;
  if (pool.free) {
    pool.free--;
    return;
  }
  if (pool.recordBytes > pool.end - pool.next && !refill(pool))
    abort(Message.OutOfMetadata, pool.recordBytes);
  touch(pool.next, pool.recordBytes, true);
  pool.next += pool.recordBytes;
}

export function giveRecord(pool: Pool): void {
  if (isDefined(ZP_CHECK)) assert(pool.live > 0, "a pool gets back no more records than it gave");
  pool.live--;
  pool.free++;
}
