/** Clearing, by what is fastest: stores for few bytes, looking first and memory.fill for many. */

import { ALIGN } from "./config";

/** Up to here stores of 16 bytes beat memory.fill. */
const MOST_STORED: u32 = 256;
/** From here on, to look before clearing costs no more than clearing: memory that is zero is not written to. */
const MIN_LOOKED_AT: u32 = 32 * 1024;
const PAGE: u32 = 4096;

/** Clears whole multiples of ALIGN bytes. */
export function clear(address: usize, bytes: usize): void {
  if (bytes > MOST_STORED) {
    clearMany(address, bytes);
    return;
  }
  const end = address + bytes;
  let at = address;
  for (; at + 16 <= end; at += 16) clear16(at);
  if (ALIGN < 16 && at < end) store<u64>(at, 0);
}

/** Clears a range. Pages that are zero are only looked at. */
export function clearMany(address: usize, bytes: usize): void {
  if (bytes < MIN_LOOKED_AT) {
    memory.fill(address, 0, bytes);
    return;
  }
  const end = address + bytes;
  for (let at = address; at < end; ) {
    const pageEnd = min((at | (PAGE - 1)) + 1, end);
    const dirty = dirtyFrom(at, pageEnd);
    memory.fill(dirty, 0, pageEnd - dirty);
    at = pageEnd;
  }
}

/** The first address, in steps of 64 bytes, behind which something is not zero; or the end. */
function dirtyFrom(address: usize, end: usize): usize {
  let at = address;
  while (at + 64 <= end && areZero64(at)) at += 64;
  return at;
}

function clear16(address: usize): void {
  if (ASC_FEATURE_SIMD) v128.store(address, i64x2.splat(0));
  else {
    store<u64>(address, 0);
    store<u64>(address, 0, 8);
  }
}

function areZero64(at: usize): bool {
  if (ASC_FEATURE_SIMD) {
    const low = v128.or(v128.load(at), v128.load(at, 16));
    const high = v128.or(v128.load(at, 32), v128.load(at, 48));
    return !v128.any_true(v128.or(low, high));
  }
  const first = load<u64>(at) | load<u64>(at, 8) | load<u64>(at, 16) | load<u64>(at, 24);
  return !(first | load<u64>(at, 32) | load<u64>(at, 40) | load<u64>(at, 48) | load<u64>(at, 56));
}
