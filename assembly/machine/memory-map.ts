/**
 * The memory map: what system calls map, unmap, resize and move, and the heap. A change is refused before anything is done, or
 * made in all that knows of it.
 *
 *      what is asked ─▶ may it be, and where ─▶ areas.ts, pages (huge.ts), counts
 *                       room.ts, limits.ts
 */
import { Failure } from "../shared/failure";
import { Kernel, Place, RegionFlag } from "../shared/kernel";
import * as areas from "./areas";
import { groupAt } from "./blocks";
import { move } from "./contents";
import { mapPages as countMapped, unmapPages as countUnmapped } from "./counters";
import { fail } from "./failure";
import { apply, cutAt, moved } from "./huge";
import { ADDRESS_LIMIT, kernelKind, pageBytes, pageShift, roundToPages, USER_END } from "./layout";
import * as limits from "./limits";
import { back, letGo } from "./mappings";
import { isAligned, isUserRange, pagesIn } from "./ranges";
import * as regions from "./regions";
import {
  areAreasLeft,
  findPlace,
  growthEnd,
  isAllowed,
  isAllowedToGrow,
  isWithinAddressSpace,
  mayUnmap,
  placeFor,
  SPARE_TO_MAP,
  SPARE_TO_MOVE,
} from "./room";
import { current } from "./spaces";
import { Event } from "./states";
import { cellOf } from "./table";

function mapPages(address: u64, bytes: u64): void {
  apply(Event.Map, address >> pageShift, pagesIn(bytes));
  if (isDefined(ZP_FILES)) back(address, address + bytes);
  countMapped(pagesIn(bytes));
  current.pages += pagesIn(bytes);
}

/** Unmaps all that is mapped in the range, without asking whether that may be. */
function clearRange(address: u64, bytes: u64): void {
  apply(Event.Unmap, address >> pageShift, pagesIn(bytes));
  unmapPages(areas.unmap(address, address + bytes));
  if (isDefined(ZP_FILES)) letGo();
}

/** So many bytes are no longer mapped. */
function unmapPages(bytes: u64): void {
  countUnmapped(pagesIn(bytes));
  current.pages -= pagesIn(bytes);
}

// ---- Mapping ----

/** Maps memory, or a file from `offset` on if `flags` say so. `align` is a power of two. Returns its address, or 0. */
export function mapWhere(hint: u64, bytes: u64, place: u32, align: u64, flags: u32, offset: u64): u64 {
  align = max(align, pageBytes);
  if (bytes == 0 || bytes > ADDRESS_LIMIT) {
    fail(bytes ? Failure.AddressSpace : Failure.Argument, bytes, ADDRESS_LIMIT);
    return 0;
  }
  bytes = roundToPages(bytes);
  const isAnywhere = place != Place.Fixed && place != Place.Exact;
  return isAnywhere
    ? mapAnywhere(hint, bytes, place, align, flags, offset)
    : mapAt(hint, bytes, place, flags, offset);
}

/** The same, of part of a file from `offset` on, which regions with these flags map; aligned to pages. */
export function mapFile(hint: u64, bytes: u64, place: u32, flags: u32, offset: u64): u64 {
  current.hasFiles = true;
  return mapWhere(hint, bytes, place, pageBytes, flags, offset);
}

function mapAnywhere(hint: u64, bytes: u64, place: u32, align: u64, flags: u32, offset: u64): u64 {
  if (!areAreasLeft(SPARE_TO_MAP, bytes) || !mayMap(bytes, place, flags)) return 0;
  const address = placeFor(hint, bytes, place, align);
  if (!address) return 0;
  if (isDefined(ZP_PLACEMENT) && place == Place.Reserved && limits.areSet) {
    flags |= limits.RESERVED;
    current.isProtected = true;
  }
  mapRegion(address, bytes, flags, offset);
  return address;
}

function mayMap(bytes: u64, place: u32, flags: u32): bool {
  // What is written to a shared mapping is the file's, so nobody asks whether there is so much memory.
  if (isDefined(ZP_FILES) && flags & RegionFlag.Shared) return isWithinAddressSpace(bytes, 0);
  if (isDefined(ZP_PLACEMENT)) {
    if (limits.areSet && place != Place.Reserved && !limits.mayWrite(bytes, bytes)) return false;
    if (place == Place.Low) return isAllowed(bytes, 0);
  }
  return place == Place.Anywhere ? isAllowed(bytes, 0) : isWithinAddressSpace(bytes, 0);
}

function mapAt(address: u64, bytes: u64, place: u32, flags: u32, offset: u64): u64 {
  if (!isAligned(address) || !isUserRange(address, bytes)) {
    fail(Failure.Argument, bytes, 0);
    return 0;
  }
  const occupied = areas.bytesWithout(address, address + bytes, 0);
  if (place == Place.Exact && occupied) {
    fail(Failure.AddressSpace, bytes, 0);
    return 0;
  }
  if (!areAreasLeft(SPARE_TO_MAP, bytes) || !mayReplace(address, bytes, occupied, flags)) return 0;
  if (!mayUnmap(address, bytes)) return 0;
  if (occupied) clearRange(address, bytes);
  mapRegion(address, bytes, flags, offset);
  return address;
}

function mayReplace(address: u64, bytes: u64, occupied: u64, flags: u32): bool {
  if (isDefined(ZP_FILES) && flags & RegionFlag.Shared) return isWithinAddressSpace(bytes, occupied);
  if (isDefined(ZP_PLACEMENT) && limits.areSet) {
    const promised = areas.bytesWithout(address, address + bytes, limits.NOT_PROMISED);
    if (!limits.mayWrite(bytes - occupied, bytes - promised)) return false;
  }
  return isAllowed(bytes, occupied);
}

function mapRegion(address: u64, bytes: u64, flags: u32, offset: u64): void {
  areas.map(address, address + bytes, flags, areas.isOfFile(flags) ? offset - address : 0);
  mapPages(address, bytes);
}

// ---- Unmapping ----

/** Unmaps all that is mapped in the range. Returns 0, or -1. */
export function unmapRange(address: u64, bytes: u64): i32 {
  if (bytes == 0 || bytes > ADDRESS_LIMIT || !isAligned(address)) return -1;
  bytes = roundToPages(bytes);
  if (!isUserRange(address, bytes) || !mayUnmap(address, bytes)) return -1;
  clearRange(address, bytes);
  return 0;
}

// ---- Resizing ----

/** Resizes a mapping, which moves if it must and may. Returns its address, or 0. */
export function resizeMapping(address: u64, oldBytes: u64, newBytes: u64, mayMove: bool): u64 {
  if (kernelKind != Kernel.Linux || !isAligned(address) || !oldBytes || !newBytes) return 0;
  if (oldBytes > ADDRESS_LIMIT || newBytes > ADDRESS_LIMIT) return 0;
  oldBytes = roundToPages(oldBytes);
  newBytes = roundToPages(newBytes);
  if (!regions.endOf(address)) return 0;
  if (newBytes <= oldBytes) return shrinkMapping(address, oldBytes, newBytes);
  const end = address + oldBytes;
  if (!areas.isOne(address, end) || !mayGrow(address, oldBytes, newBytes)) return 0;
  if (growInPlace(end, address + newBytes)) return address;
  return mayMove ? moveMapping(address, oldBytes, newBytes) : 0;
}

/** Unmaps what there is behind the new end. Holes do not matter. */
function shrinkMapping(address: u64, oldBytes: u64, newBytes: u64): u64 {
  if (newBytes == oldBytes) return address;
  return unmapRange(address + newBytes, oldBytes - newBytes) == 0 ? address : 0;
}

function mayGrow(address: u64, oldBytes: u64, newBytes: u64): bool {
  const flags = isDefined(ZP_FILES) || isDefined(ZP_PLACEMENT) ? regions.flagsOf(address) : 0;
  if (isDefined(ZP_FILES) && flags & RegionFlag.Shared) return isWithinAddressSpace(newBytes - oldBytes, 0);
  if (isDefined(ZP_PLACEMENT) && limits.areSet && !limits.mayGrow(newBytes - oldBytes, flags)) return false;
  return isAllowedToGrow(oldBytes, newBytes);
}

/** Grows a mapping in place, if it can. */
function growInPlace(end: u64, newEnd: u64): bool {
  if (newEnd > growthEnd(end) || !regions.isFree(end, newEnd)) return false;
  areas.grow(end, newEnd);
  mapPages(end, newEnd - end);
  return true;
}

function moveMapping(address: u64, oldBytes: u64, newBytes: u64): u64 {
  if (!areAreasLeft(SPARE_TO_MOVE, newBytes)) return 0;
  const to = findPlace(newBytes, pageBytes);
  if (!to) return 0;
  if (isDefined(ZP_HUGE)) {
    cutAt(address);
    cutAt(address + oldBytes);
  }
  areas.mapMoved(address, to, newBytes);
  mapPages(to, newBytes);
  const first = address >> pageShift;
  for (let i: u64 = 0; i < pagesIn(oldBytes); i++) {
    groupAt(cellOf(first + i), first + i);
    move(first + i, (to >> pageShift) + i);
  }
  unmapPages(areas.unmap(address, address + oldBytes));
  if (isDefined(ZP_HUGE)) moved(first, to >> pageShift, pagesIn(oldBytes));
  return to;
}

// ---- The heap ----

/** Moves the end of the heap; 0 asks where it is. Returns the new break, or 0. */
export function moveBreak(address: u64): u64 {
  if (address == 0) return current.heapBreak;
  if (address < current.heapStart || address > USER_END) {
    fail(Failure.AddressSpace, address, 0);
    return 0;
  }
  const oldEnd = roundToPages(current.heapBreak);
  const newEnd = roundToPages(address);
  if (newEnd > oldEnd) {
    if (!growHeap(oldEnd, newEnd)) return 0;
  } else if (newEnd < oldEnd) {
    if (regions.isFree(newEnd, oldEnd) || !mayUnmap(newEnd, oldEnd - newEnd)) return 0;
    clearRange(newEnd, oldEnd - newEnd);
  }
  current.heapBreak = address;
  return address;
}

function growHeap(oldEnd: u64, newEnd: u64): bool {
  const bytes = newEnd - oldEnd;
  // Linux leaves a page free between the heap and what is mapped above.
  const guard = kernelKind == Kernel.Linux ? pageBytes : 0;
  if (!regions.isFree(oldEnd, newEnd + guard)) {
    const free = regions.startAbove(oldEnd) - oldEnd;
    fail(Failure.AddressSpace, bytes, free - min(free, guard));
    return false;
  }
  if (!areAreasLeft(SPARE_TO_MAP, bytes)) return false;
  if (isDefined(ZP_PLACEMENT) && limits.areSet && !limits.mayWrite(bytes, bytes)) return false;
  if (!isAllowed(bytes, 0)) return false;
  areas.mapHeap(oldEnd, newEnd);
  mapPages(oldEnd, bytes);
  return true;
}
