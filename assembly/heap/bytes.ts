/** Clearing and copying, by what is fastest: stores for few bytes, the engine's fill and copy for many. */

/** Up to here stores of 16 bytes beat memory.fill and memory.copy. */
const MOST_STORED: u32 = 256;
/** From here on, to look before clearing costs no more than clearing: memory that is zero is not written to. */
const MIN_LOOKED_AT: u32 = 32 * 1024;
const PAGE: u32 = 4096;

/** Clears whole multiples of 16 bytes at an address that is aligned to 8. */
export function clear(address: usize, bytes: usize): void {
  if (bytes > MOST_STORED) {
    clearMany(address, bytes);
    return;
  }
  const end = address + bytes;
  for (let at = address; at < end; at += 16) v128.store(at, i64x2.splat(0));
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
  for (; at + 64 <= end; at += 64) {
    const low = v128.or(v128.load(at), v128.load(at, 16));
    const high = v128.or(v128.load(at, 32), v128.load(at, 48));
    if (v128.any_true(v128.or(low, high))) return at;
  }
  return at;
}
