/**
 * Which regions there are. A set outside simulated memory, as a C library's own data would be, so that
 * to ask touches no page of the program's. Open addressing, linear probing; at most half full.
 *
 *      slot     │ region >> 20, or 0 │     home of a region: its number × odd constant, high bits
 */
const SHIFT: u64 = 20;
export const REGION_BYTES: u64 = 1 << SHIFT;

const SLOTS: u32 = 1 << 17;
const TABLE: usize = memory.data(4 * SLOTS, 16);

/** Regions there are. */
export let count: u32 = 0;

export function regionOf(address: u64): u64 {
  return address & ~(REGION_BYTES - 1);
}

export function isFull(): bool {
  return count >= SLOTS / 2;
}

function home(number: u32): u32 {
  return (number * 0x9e3779b1) >> 15; // SLOTS are 2^17
}

function at(slot: u32): usize {
  return TABLE + ((<usize>slot & (SLOTS - 1)) << 2);
}

/** Slot that holds the number, or the empty one it would get. */
function slotOf(number: u32): u32 {
  let slot = home(number);
  while (load<u32>(at(slot)) && load<u32>(at(slot)) != number) slot++;
  return slot;
}

/** The address is that of a region, or in one. */
export function holds(address: u64): bool {
  const number = <u32>(address >> SHIFT);
  return number != 0 && load<u32>(at(slotOf(number))) == number;
}

/** Adds a region; there must be room. */
export function add(region: u64): void {
  const number = <u32>(region >> SHIFT);
  store<u32>(at(slotOf(number)), number);
  count++;
}

/** Removes a region, and puts those behind it, up to the next empty slot, where they are found. */
export function remove(region: u64): void {
  let slot = slotOf(<u32>(region >> SHIFT));
  store<u32>(at(slot), 0);
  count--;
  for (;;) {
    const number = load<u32>(at(++slot));
    if (!number) return;
    store<u32>(at(slot), 0);
    store<u32>(at(slotOf(number)), number);
  }
}
