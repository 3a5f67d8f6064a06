/**
 * Regions: mappings on a multiple of their size, found by a hash table of their numbers, which is part
 * of the zone as the rack is. (The real table leaves the zone when it
 * grows: only its mapping is modelled.) Each has a trailer, whose shape differs between versions. It says which
 * regions of the magazine come before and after it, how many bytes are in use, the number of its magazine (-1 in the
 * depot), and whether it may go there.
 *
 * What must hold:
 *
 *      in depot == it is linked into the depot and not into the magazine
 *      it is suitable ⇒ it is in the magazine, and sparse
 */
import { loadAt, peek, storeAt } from "../../machine/access";
import { Failure, fail } from "../../machine/failure";
import * as kernel from "../../machine/kernel";
import { ADDRESS_LIMIT, pageBytes, roundToPages } from "../../machine/layout";
import { Layout } from "./layouts";
import { cpuOf, Magazine, magazineOn, Rack, regionBytes, regionOf } from "./rack";

/** More slots than host memory has room for regions. At most half of them are used. */
const SLOTS: u32 = 1 << 18;
export const TABLE_BYTES: usize = 4 * SLOTS;
/** The real table has so many slots in the zone, and is mapped when it outgrows them. */
export const FIRST_REAL_SLOTS: u64 = 64;
const REAL_SLOT_BYTES: u64 = 8;

// Where a trailer has them.
let previousAt: u64 = 0;
let nextAt: u64 = 8;
let suitableAt: u64 = 16;
let bytesUsedAt: u64 = 24;
let magazineAt: u64 = 28;

const IN_DEPOT: u32 = u32.MAX_VALUE;
/** What a region with a cookie holds there. The real one is random. */
const COOKIE: u32 = 0x5eed_c00c;

/** Sets the shape of trailers. */
export function shapeTrailers(layout: Layout): void {
  const isBetween = layout == Layout.BehindWithCookie;
  previousAt = isBetween ? 8 : 0;
  nextAt = isBetween ? 16 : 8;
  suitableAt = layout == Layout.Behind ? 16 : isBetween ? 24 : 32;
  bytesUsedAt = layout == Layout.Behind ? 24 : isBetween ? 28 : 16;
  magazineAt = layout == Layout.Behind ? 28 : isBetween ? 36 : 24;
}

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

/**
 * Doubles the real table, which is mapped then and writes all its pages, where half of it was ever used: regions that
 * were unmapped count too. The old one is lost. Returns false when the kernel gives no memory.
 */
function growRealTable(rack: Rack): bool {
  if (rack.realSlots < 2 * rack.inserted) {
    const bytes = roundToPages(2 * rack.realSlots * REAL_SLOT_BYTES);
    const table = kernel.map(bytes);
    if (!table) return false;
    for (let page = table; page < table + bytes; page += pageBytes) storeAt<u64>(page, 0);
    rack.realSlots *= 2;
    rack.realTableBytes += bytes;
  }
  rack.inserted++;
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
  return region + rack.trailer;
}

export function nextRegion(rack: Rack, region: u64): u64 {
  return loadAt<u64>(trailerOf(rack, region) + nextAt);
}

export function previousRegion(rack: Rack, region: u64): u64 {
  return loadAt<u64>(trailerOf(rack, region) + previousAt);
}

/** Bytes of its blocks that are live or freed last. */
export function bytesUsed(rack: Rack, region: u64): u64 {
  return loadAt<u32>(trailerOf(rack, region) + bytesUsedAt);
}

/** Whether it may go to the depot: it is sparse, and a block was really freed since it came to its magazine. */
export function isSuitable(rack: Rack, region: u64): bool {
  return loadAt<u8>(trailerOf(rack, region) + suitableAt) != 0;
}

/** The magazine whose lists hold the region's free blocks. A number that the program wrote there may be anybody's. */
export function magazineOf(rack: Rack, region: u64): Magazine {
  if (rack.used == 1 && !rack.depot.regions) return rack.magazine;
  const number = loadAt<u32>(trailerOf(rack, region) + magazineAt);
  if (number == IN_DEPOT) return rack.depot;
  return number < rack.used ? magazineOn(rack, number) : rack.magazine;
}

/** Adds to the bytes in use of a region and its magazine. */
export function charge(rack: Rack, magazine: Magazine, region: u64, bytes: u64): void {
  magazine.bytesInObjects += bytes;
  const trailer = trailerOf(rack, region);
  const used = loadAt<u32>(trailer + bytesUsedAt) + <u32>bytes;
  storeAt<u32>(trailer + bytesUsedAt, used);
  if (used >= <u32>rack.sparse) storeAt<u8>(trailer + suitableAt, 0);
}

/** Takes from the bytes in use of a region and its magazine. */
export function discharge(rack: Rack, magazine: Magazine, region: u64, bytes: u64): void {
  magazine.bytesInObjects -= bytes;
  const trailer = trailerOf(rack, region);
  const used = loadAt<u32>(trailer + bytesUsedAt) - <u32>bytes;
  storeAt<u32>(trailer + bytesUsedAt, used);
  if (used < <u32>rack.sparse && magazine != rack.depot) storeAt<u8>(trailer + suitableAt, 1);
}

// ---- A magazine's regions ----

/** Makes a region the magazine's last, or its first. */
export function join(rack: Rack, magazine: Magazine, region: u64, isFirst: bool): void {
  const trailer = trailerOf(rack, region);
  const previous = isFirst ? 0 : magazine.lastRegion;
  const next = isFirst ? magazine.firstRegion : 0;
  link(rack, magazine, previous, region);
  link(rack, magazine, region, next);
  storeAt<u32>(trailer + magazineAt, magazineNumber(rack, magazine));
  storeAt<u8>(trailer + suitableAt, 0);
  magazine.regions++;
  magazine.bytesInObjects += bytesUsed(rack, region);
}

function magazineNumber(rack: Rack, magazine: Magazine): u32 {
  return magazine == rack.depot ? IN_DEPOT : cpuOf(rack, magazine);
}

/** Links two regions of a magazine; 0: its end on that side. */
function link(rack: Rack, magazine: Magazine, region: u64, next: u64): void {
  if (region) storeAt<u64>(trailerOf(rack, region) + nextAt, next);
  else magazine.firstRegion = next;
  if (next) storeAt<u64>(trailerOf(rack, next) + previousAt, region);
  else magazine.lastRegion = region;
}

/** Takes a region out of its magazine. */
export function detach(rack: Rack, magazine: Magazine, region: u64): void {
  if (isDefined(ZP_CHECK)) assert(magazine.regions > 0, "a region is taken out of a magazine that has some");
  link(rack, magazine, previousRegion(rack, region), nextRegion(rack, region));
  magazine.regions--;
  magazine.bytesInObjects -= bytesUsed(rack, region);
}

/** Writes a new region's cookie, where there is one. */
export function sign(rack: Rack, region: u64): void {
  if (rack.cookie) storeAt<u32>(region + rack.cookie, COOKIE);
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
  if (!region) return 0;
  if (!growRealTable(rack)) {
    kernel.munmap(region, bytes);
    return 0;
  }
  enter(rack, region);
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
  return peek<u64>(trailerOf(rack, region) + previousAt);
}

export function peekNextRegion(rack: Rack, region: u64): u64 {
  return peek<u64>(trailerOf(rack, region) + nextAt);
}

export function peekBytesUsed(rack: Rack, region: u64): u64 {
  return peek<u32>(trailerOf(rack, region) + bytesUsedAt);
}

/** Whether the region says that it is this magazine's. */
export function peekIsOf(rack: Rack, magazine: Magazine, region: u64): bool {
  return peek<u32>(trailerOf(rack, region) + magazineAt) == magazineNumber(rack, magazine);
}

function peekIsInDepot(rack: Rack, region: u64): bool {
  return peek<u32>(trailerOf(rack, region) + magazineAt) == IN_DEPOT;
}

/** Asserts what must hold of a trailer by itself. */
export function checkTrailer(rack: Rack, region: u64): void {
  const isSuitable = peek<u8>(trailerOf(rack, region) + suitableAt) != 0;
  const isSparse = peekBytesUsed(rack, region) < rack.sparse;
  assert(!isSuitable || (isSparse && !peekIsInDepot(rack, region)), "what may go to the depot is sparse");
  assert(!rack.cookie || peek<u32>(region + rack.cookie) == COOKIE, "a region keeps its cookie");
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
