/**
 * The set of all regions. It is outside simulated memory, as a C library's own data would be, so that
 * asking touches no page of the program. Open addressing with linear probing; at most half full.
 *
 *      slot     │ region >> 20, or 0 │     home of a region: its number × odd constant, high bits
 */
import { mappedBytes, mappingStart } from "../../machine/kernel";
import { ADDRESS_LIMIT } from "../../machine/layout";

const SHIFT: u64 = 20;
export const REGION_BYTES: u64 = 1 << SHIFT;

export const SLOTS: u32 = 1 << 17;
const TABLE: usize = memory.data(4 * SLOTS, 16);

/** Number of regions: the slots that are not 0. */
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

/** The slot that holds the number, or the empty slot it would get. */
function slotOf(number: u32): u32 {
  let slot = home(number);
  while (load<u32>(at(slot)) && load<u32>(at(slot)) != number) slot++;
  return slot;
}

/** Whether the address is in a region. */
export function holds(address: u64): bool {
  const number = <u32>(address >> SHIFT);
  return number != 0 && load<u32>(at(slotOf(number))) == number;
}

/** Adds a region. There must be room. */
export function add(region: u64): void {
  if (isDefined(ZP_CHECK))
    assert(region == regionOf(region) && !holds(region), "a region is added once, to the set");
  const number = <u32>(region >> SHIFT);
  store<u32>(at(slotOf(number)), number);
  count++;
}

/** Removes a region. Moves those behind it, up to the next empty slot, to where a search finds them. */
export function remove(region: u64): void {
  if (isDefined(ZP_CHECK)) assert(holds(region), "a region that is removed is in the set");
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

// ---- Checking ----

/** The region in a slot; 0 when it is empty. */
export function regionIn(slot: u32): u64 {
  return (<u64>load<u32>(at(slot))) << SHIFT;
}

/** Whether a region starts at the address, which may be any number. */
export function isRegion(address: u64): bool {
  return address < ADDRESS_LIMIT && address == regionOf(address) && holds(address);
}

/** Asserts that a search finds every region, and that each is a mapping. */
export function check(): void {
  let regions: u32 = 0;
  for (let slot: u32 = 0; slot < SLOTS; slot++) {
    const region = regionIn(slot);
    if (!region) continue;
    const isMapping = mappingStart(region) == region && mappedBytes(region) == REGION_BYTES;
    assert(
      (slotOf(<u32>(region >> SHIFT)) & (SLOTS - 1)) == slot,
      "a search of the set ends at the region it looks for",
    );
    assert(isMapping, "a region is a mapping of its own");
    regions++;
  }
  assert(regions == count, "there are as many regions as are counted");
}
