/**
 * Regions: mappings on a multiple of their size, found by a hash table of their numbers, which is part
 * of the zone as the rack is. Behind the blocks of each is a trailer.
 *
 *      trailer  0          8        16          20         24
 *               ├──────────┼────────┼───────────┼──────────┤
 *               │ previous │  next  │ bytesUsed │ in depot │     links: to regions of the magazine
 *               └──────────┴────────┴───────────┴──────────┘
 */
import { loadAt, storeAt } from "../../machine/access";
import { Failure, fail } from "../../machine/failure";
import * as kernel from "../../machine/kernel";
import { Magazine, Rack, regionBytes, regionOf } from "./rack";

/** More regions than host memory allows; at most half of the slots are used. */
const SLOTS: u32 = 1 << 18;
export const TABLE_BYTES: usize = 4 << 18;

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
  store<u32>(slotAt(rack, probe(rack, number)), number);
  rack.regions++;
}

/** Takes a region out of the table, and puts the rest of its run where a search will find it. */
function leave(rack: Rack, region: u64): void {
  rack.regions--;
  rack.found = 0;
  let slot = probe(rack, numberOf(rack, region));
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
  return loadAt<u64>(trailerOf(rack, region) + 8);
}

/** Bytes of its blocks that are live or freed last. */
export function bytesUsed(rack: Rack, region: u64): u64 {
  return loadAt<u32>(trailerOf(rack, region) + 16);
}

/** The magazine whose lists hold the region's free blocks. */
export function magazineOf(rack: Rack, region: u64): Magazine {
  if (!rack.hasDepot) return rack.magazine;
  return loadAt<u32>(trailerOf(rack, region) + 20) ? rack.depot : rack.magazine;
}

/** Books bytes handed out; or, negative, taken back. */
export function charge(rack: Rack, magazine: Magazine, region: u64, bytes: i64): void {
  magazine.bytesInObjects += bytes;
  const used = trailerOf(rack, region) + 16;
  storeAt<u32>(used, loadAt<u32>(used) + <u32>bytes);
}

// ---- A magazine's regions ----

/** Makes a region the magazine's last. */
export function append(rack: Rack, magazine: Magazine, region: u64): void {
  const trailer = trailerOf(rack, region);
  const last = magazine.lastRegion;
  storeAt<u64>(trailer, last);
  storeAt<u64>(trailer + 8, 0);
  storeAt<u32>(trailer + 20, u32(magazine == rack.depot));
  if (last) storeAt<u64>(trailerOf(rack, last) + 8, region);
  else magazine.firstRegion = region;
  magazine.lastRegion = region;
  magazine.regions++;
  magazine.bytesInObjects += bytesUsed(rack, region);
}

/** Takes a region out of its magazine. */
export function detach(rack: Rack, magazine: Magazine, region: u64): void {
  const previous = loadAt<u64>(trailerOf(rack, region));
  const next = nextRegion(rack, region);
  if (previous) storeAt<u64>(trailerOf(rack, previous) + 8, next);
  else magazine.firstRegion = next;
  if (next) storeAt<u64>(trailerOf(rack, next), previous);
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
  if (region) enter(rack, region);
  return region;
}

export function unmapRegion(rack: Rack, region: u64): void {
  leave(rack, region);
  kernel.munmap(region, regionBytes(rack));
}
