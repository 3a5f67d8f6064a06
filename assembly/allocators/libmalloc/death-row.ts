/**
 * The cache of freed large blocks ("death row"): a ring of 16 or 64, from oldest to newest. It is part of
 * the zone, whose pages every process has touched before main, so it lives outside simulated memory.
 *
 *      slot   0   1   2   3   4   5  …  15
 *                 ├───┼───┼───┤
 *               oldest      newest           empty: oldest == newest, and that slot's address is 0
 *
 * What must hold:
 *
 *      slots from oldest to newest hold a block, all others are zero
 *      cacheBytes == Σ sizes;  reserveBytes == Σ sizes of those not madvised
 */
import { FreeList } from "../../shared/libmalloc";
import { tell } from "../free-blocks";

/** Slots in use of the ring, and how many it has room for. */
let slots: u32 = 16;
const MOST_SLOTS: u32 = 64;

@unmanaged
export class Slot {
  address: u64;
  size: u64;
  /** Whether the kernel was told that its pages are reusable. */
  madvised: bool;
}
const SLOT_BYTES: usize = 24;

const ring: usize = memory.data(<i32>(MOST_SLOTS * SLOT_BYTES), 8);
let oldest: u32 = 0;
let newest: u32 = 0;
/** Bytes of the blocks in the ring, and of those the kernel was not told about. */
export let cacheBytes: u64 = 0;
export let reserveBytes: u64 = 0;

export const NONE: u32 = u32.MAX_VALUE;

/** Sets how many blocks it holds, at most 64. */
export function configure(count: u32): void {
  if (isDefined(ZP_CHECK)) assert(count <= MOST_SLOTS && isEmpty(), "the ring is sized while it is empty");
  slots = count;
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
 * Slot of the block to reuse for a request: the newest that fits exactly; else the smallest that is large
 * enough, the newest of equals, if it wastes less than the request. NONE when there is no such block.
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

/** Takes a slot out and closes the gap, keeping the order. */
export function remove(index: u32): void {
  discount(at(index));
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

/** Takes the oldest block out. */
export function removeOldest(): void {
  discount(at(oldest));
  wipe(oldest);
  if (oldest != newest) oldest = after(oldest);
}

function discount(slot: Slot): void {
  if (isDefined(ZP_CHECK)) assert(slot.address != 0, "the slot taken out of the ring holds a block");
  cacheBytes -= slot.size;
  if (!slot.madvised) reserveBytes -= slot.size;
}

/** Slot of the block that must leave before another comes; NONE while there is room. */
export function victim(): u32 {
  return !isEmpty() && after(newest) == oldest ? oldest : NONE;
}

/** Adds a block as the newest. There must be room. */
export function push(address: u64, size: u64, madvised: bool): void {
  if (!isEmpty()) newest = after(newest);
  const slot = at(newest);
  if (isDefined(ZP_CHECK)) assert(!slot.address, "there is room for one more in the ring");
  slot.address = address;
  slot.size = size;
  slot.madvised = madvised;
  cacheBytes += size;
  if (!madvised) reserveBytes += size;
}

/** Slot of the oldest block; NONE when empty. */
export function eldest(): u32 {
  return isEmpty() ? NONE : oldest;
}

/** Tells of the blocks in the ring. */
export function tellFree(): void {
  for (let index: u32 = 0; index < slots; index++) tell(at(index).address, at(index).size, FreeList.Large);
}

// ---- Checking ----

export function check(): void {
  let blocks: u32 = 0;
  let bytes: u64 = 0;
  let reserve: u64 = 0;
  for (let index: u32 = 0; index < MOST_SLOTS; index++) {
    const slot = at(index);
    assert(
      (slot.address != 0) == (slot.size != 0),
      "a slot of the ring holds a block with a size, or nothing",
    );
    blocks += u32(slot.address != 0);
    bytes += slot.size;
    if (!slot.madvised) reserve += slot.size;
  }
  assert(blocks == walk(), "the blocks in the ring are those from oldest to newest");
  assert(bytes == cacheBytes, "the bytes in the ring are those of its blocks");
  assert(reserve == reserveBytes, "the reserve is what the kernel was not told about");
}

/** Blocks met from oldest to newest before a slot that is empty. */
function walk(): u32 {
  let met: u32 = 0;
  for (let index = oldest; met < slots && at(index).address; index = after(index)) {
    met++;
    if (index == newest) break;
  }
  return met;
}
