/**
 * The cache of freed large blocks ("death row"): a ring of 16 or 64, from oldest to newest. It is part of
 * the zone, whose pages every process has touched before main, so it lives outside simulated memory.
 *
 *      slot   0   1   2   3   4   5  …  15
 *                 ├───┼───┼───┤
 *               oldest      newest           empty: oldest == newest, and that slot's address is 0
 */
/** Places in the ring. */
let slots: u32 = 16;

@unmanaged
export class Slot {
  address: u64;
  size: u64;
  /** The kernel was told that its pages are reusable. */
  madvised: bool;
}
const SLOT_BYTES: usize = 24;

const ring: usize = memory.data(64 * 24, 8);
let oldest: u32 = 0;
let newest: u32 = 0;
/** Bytes in the ring, and those of them that the kernel was not told about. */
export let cacheBytes: u64 = 0;
export let reserveBytes: u64 = 0;

export const NONE: u32 = u32.MAX_VALUE;

/** Sets how many blocks it holds, at most 64. */
export function configure(places: u32): void {
  slots = places;
}

export function at(index: u32): Slot {
  return changetype<Slot>(ring + SLOT_BYTES * index);
}

function isEmpty(): bool {
  return oldest == newest && at(newest).address == 0;
}

function before(index: u32): u32 {
  return index ? index - 1 : slots - 1;
}

function after(index: u32): u32 {
  return index + 1 == slots ? 0 : index + 1;
}

function move(to: u32, from: u32): void {
  memory.copy(ring + SLOT_BYTES * to, ring + SLOT_BYTES * from, SLOT_BYTES);
}

function wipe(index: u32): void {
  memory.fill(ring + SLOT_BYTES * index, 0, SLOT_BYTES);
}

/**
 * The block to reuse for a request: from newest to oldest, an exact fit at once; else the smallest
 * that is large enough, the newest of equals, if it wastes less than the request. NONE if none does.
 * `alignMask`: low bits of the address that must be zero.
 */
export function search(size: u64, alignMask: u64): u32 {
  if (isEmpty()) return NONE;
  let best = NONE;
  let bestSize: u64 = u64.MAX_VALUE;
  for (let index = newest; ; index = before(index)) {
    const slot = at(index);
    if (!(slot.address & alignMask)) {
      if (slot.size == size) return index;
      if (slot.size > size && slot.size < bestSize) {
        best = index;
        bestSize = slot.size;
      }
    }
    if (index == oldest) break;
  }
  return best != NONE && bestSize - size < size ? best : NONE;
}

/** Whether a freed block waits here. */
export function holds(address: u64): bool {
  if (isEmpty()) return false;
  let index = newest;
  while (index != oldest && at(index).address != address) index = before(index);
  return at(index).address == address;
}

/** Takes a slot out and closes the gap, keeping the order. */
export function remove(index: u32): void {
  const slot = at(index);
  cacheBytes -= slot.size;
  if (!slot.madvised) reserveBytes -= slot.size;
  if (oldest == newest) {
    wipe(index);
  } else if (index <= newest) {
    for (let i = index; i < newest; i++) move(i, i + 1);
    wipe(newest);
    newest = before(newest);
  } else {
    for (let i = index; i > oldest; i--) move(i, i - 1);
    wipe(oldest);
    oldest = after(oldest);
  }
}

/** The slot that the next block will push out; NONE while there is room. */
export function victim(): u32 {
  return !isEmpty() && after(newest) == oldest ? oldest : NONE;
}

/** Adds a block as the newest. There must be room. */
export function push(address: u64, size: u64, madvised: bool): void {
  if (!isEmpty()) newest = after(newest);
  const slot = at(newest);
  slot.address = address;
  slot.size = size;
  slot.madvised = madvised;
  cacheBytes += size;
  if (!madvised) reserveBytes += size;
}

/** Index of the oldest block; NONE when empty. */
export function eldest(): u32 {
  return isEmpty() ? NONE : oldest;
}
