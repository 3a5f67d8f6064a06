/**
 * Regions: mappings on a multiple of their size, found by a hash table of their numbers, which is part
 * of the zone as the rack is. Behind the blocks of each is a trailer.
 *
 *      trailer  0          8        16          20         24
 *               ├──────────┼────────┼───────────┼──────────┤
 *               │ previous │  next  │ bytesUsed │ in depot │     links: to regions of the magazine
 *               └──────────┴────────┴───────────┴──────────┘
 *
 * What must hold:
 *
 *      bytesUsed == Σ bytes of its blocks that are live or freed last
 *      in depot == it is linked into the depot and not into the magazine
 */
import { loadAt, peek, storeAt } from "../../machine/access";
import { Failure, fail } from "../../machine/failure";
import * as kernel from "../../machine/kernel";
import { ADDRESS_LIMIT } from "../../machine/layout";
import { Magazine, Rack, regionBytes, regionOf } from "./rack";

/** More slots than host memory has room for regions. At most half of them are used. */
const SLOTS: u32 = 1 << 18;
export const TABLE_BYTES: usize = 4 * SLOTS;

// Where a trailer has them.
const PREVIOUS: u64 = 0;
const NEXT: u64 = 8;
const BYTES_USED: u64 = 16;
const IN_DEPOT: u64 = 20;

// ---- Finding ----

function slotAt(rack: Rack, slot: u32): usize {
  return rack.table + ((<usize>slot) << 2);
}

/** A region's number, never 0. */
function numberOf(rack: Rack, region: u64): u32 {
  return <u32>(region >> rack.regionShift);
}

/** Slot that holds the number, or the empty one where it would go. */
function probe(rack: Rack, number: u32): u32 {
  let slot = number & (SLOTS - 1);
  for (let held = load<u32>(slotAt(rack, slot)); held && held != number; ) {
    slot = (slot + 1) & (SLOTS - 1);
    held = load<u32>(slotAt(rack, slot));
  }
  return slot;
}

/** Whether the rack has a region that holds the address. */
export function holds(rack: Rack, address: u64): bool {
  const region = regionOf(rack, address);
  if (region == rack.found) return region != 0;
  const number = numberOf(rack, region);
  if (!number || load<u32>(slotAt(rack, probe(rack, number))) != number) return false;
  rack.found = region;
  return true;
}

function enter(rack: Rack, region: u64): void {
  const number = numberOf(rack, region);
  const slot = slotAt(rack, probe(rack, number));
  if (isDefined(ZP_CHECK)) assert(!load<u32>(slot), "a region that is mapped is not in the table yet");
  store<u32>(slot, number);
  rack.regions++;
}

/** Takes a region out of the table, and puts the rest of its run where a search will find it. */
function leave(rack: Rack, region: u64): void {
  rack.regions--;
  rack.found = 0;
  let slot = probe(rack, numberOf(rack, region));
  if (isDefined(ZP_CHECK))
    assert(load<u32>(slotAt(rack, slot)) != 0, "a region that is unmapped is in the table");
  store<u32>(slotAt(rack, slot), 0);
  slot = (slot + 1) & (SLOTS - 1);
  for (let number = load<u32>(slotAt(rack, slot)); number; number = load<u32>(slotAt(rack, slot))) {
    store<u32>(slotAt(rack, slot), 0);
    store<u32>(slotAt(rack, probe(rack, number)), number);
    slot = (slot + 1) & (SLOTS - 1);
  }
}

// ---- The trailer ----

function trailerOf(rack: Rack, region: u64): u64 {
  return region + rack.payload;
}

export function nextRegion(rack: Rack, region: u64): u64 {
  return loadAt<u64>(trailerOf(rack, region) + NEXT);
}

/** Bytes of its blocks that are live or freed last. */
export function bytesUsed(rack: Rack, region: u64): u64 {
  return loadAt<u32>(trailerOf(rack, region) + BYTES_USED);
}

/** The magazine whose lists hold the region's free blocks. */
export function magazineOf(rack: Rack, region: u64): Magazine {
  if (!rack.hasDepot) return rack.magazine;
  return loadAt<u32>(trailerOf(rack, region) + IN_DEPOT) ? rack.depot : rack.magazine;
}

/** Adds to the bytes in use of a region and its magazine. Negative when a block is taken back. */
export function charge(rack: Rack, magazine: Magazine, region: u64, bytes: i64): void {
  magazine.bytesInObjects += bytes;
  const used = trailerOf(rack, region) + BYTES_USED;
  storeAt<u32>(used, loadAt<u32>(used) + <u32>bytes);
}

// ---- A magazine's regions ----

/** Makes a region the magazine's last. */
export function append(rack: Rack, magazine: Magazine, region: u64): void {
  const trailer = trailerOf(rack, region);
  const last = magazine.lastRegion;
  storeAt<u64>(trailer + PREVIOUS, last);
  storeAt<u64>(trailer + NEXT, 0);
  storeAt<u32>(trailer + IN_DEPOT, u32(magazine == rack.depot));
  if (last) storeAt<u64>(trailerOf(rack, last) + NEXT, region);
  else magazine.firstRegion = region;
  magazine.lastRegion = region;
  magazine.regions++;
  magazine.bytesInObjects += bytesUsed(rack, region);
}

/** Takes a region out of its magazine. */
export function detach(rack: Rack, magazine: Magazine, region: u64): void {
  if (isDefined(ZP_CHECK)) assert(magazine.regions > 0, "a region is taken out of a magazine that has some");
  const previous = loadAt<u64>(trailerOf(rack, region) + PREVIOUS);
  const next = nextRegion(rack, region);
  if (previous) storeAt<u64>(trailerOf(rack, previous) + NEXT, next);
  else magazine.firstRegion = next;
  if (next) storeAt<u64>(trailerOf(rack, next) + PREVIOUS, previous);
  else magazine.lastRegion = previous;
  magazine.regions--;
  magazine.bytesInObjects -= bytesUsed(rack, region);
}

// ---- The kernel ----

/** Maps a region. Returns its address, or 0. */
export function mapRegion(rack: Rack): u64 {
  const bytes = regionBytes(rack);
  if (rack.regions >= SLOTS / 2) {
    fail(Failure.AddressSpace, bytes, 0);
    return 0;
  }
  const region = kernel.mmap(0, bytes, kernel.Place.Anywhere, bytes);
  if (isDefined(ZP_CHECK)) assert(region == regionOf(rack, region), "a region is on a multiple of its size");
  if (region) enter(rack, region);
  return region;
}

export function unmapRegion(rack: Rack, region: u64): void {
  leave(rack, region);
  kernel.munmap(region, regionBytes(rack));
}

// ---- Checking ----

/** Whether a region of the rack starts at the address, which may be any number. Remembers nothing. */
export function isRegion(rack: Rack, address: u64): bool {
  if (!address || address >= ADDRESS_LIMIT || regionOf(rack, address) != address) return false;
  const number = numberOf(rack, address);
  return load<u32>(slotAt(rack, probe(rack, number))) == number;
}

export function peekPreviousRegion(rack: Rack, region: u64): u64 {
  return peek<u64>(trailerOf(rack, region) + PREVIOUS);
}

export function peekNextRegion(rack: Rack, region: u64): u64 {
  return peek<u64>(trailerOf(rack, region) + NEXT);
}

export function peekBytesUsed(rack: Rack, region: u64): u64 {
  return peek<u32>(trailerOf(rack, region) + BYTES_USED);
}

export function peekIsInDepot(rack: Rack, region: u64): bool {
  return peek<u32>(trailerOf(rack, region) + IN_DEPOT) != 0;
}

/** Asserts that the table finds every region, and that each is a mapping. */
export function checkTable(rack: Rack): void {
  let regions: u64 = 0;
  for (let slot: u32 = 0; slot < SLOTS; slot++) {
    const number = load<u32>(slotAt(rack, slot));
    if (!number) continue;
    const region = (<u64>number) << rack.regionShift;
    const isMapping =
      kernel.mappingStart(region) == region && kernel.mappedBytes(region) == regionBytes(rack);
    assert(probe(rack, number) == slot, "a search of the table ends at the region it looks for");
    assert(isMapping, "a region is a mapping of its own");
    regions++;
  }
  assert(regions == rack.regions, "a rack has as many regions as it counts");
  assert(!rack.found || isRegion(rack, rack.found), "the region found last is still there");
}
