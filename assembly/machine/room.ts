/**
 * Whether the kernel has room for a mapping, and where: its limits, and its choice of a place. What it has
 * no room for is noted as a failure.
 *
 *      virtual bytes <= addressSpaceLimit     of each space
 *      areas <= areaLimit + 1 (Linux)
 *
 * Linux looks at the number of areas before it maps, and not at what becomes of it, so the last mapping may
 * exceed the limit by one.
 *
 *      0         1 GiB ── low ──▶ 2 GiB        base ── bottom up ──▶  …  ◀── top down ── base
 *      ├───────────┼────────────────┼────────────┼────────────────────────────────────────┤
 */
import { Failure } from "../shared/failure";
import { Kernel, MapAlignment, Place } from "../shared/kernel";
import * as areas from "./areas";
import { fail } from "./failure";
import {
  ADDRESS_LIMIT,
  DARWIN_MAP_BOTTOM,
  kernelKind,
  LINUX_MMAP_TOP,
  LOW_END,
  LOW_START,
  pageBytes,
  pageMask,
  pageShift,
  USER_END,
  USER_START,
} from "./layout";
import { isUserRange } from "./ranges";
import * as regions from "./regions";
import { current } from "./spaces";

/** How many areas must be left to map, to cut one in two, and to move one (measured, Linux 6.18). */
export const SPARE_TO_MAP: u64 = 0;
export const SPARE_TO_CUT: u64 = 1;
export const SPARE_TO_MOVE: u64 = 4;

/** A huge page is what one page of page table entries spans. */
const PAGE_TABLE_ENTRY_BYTES: u64 = 8;

let memoryLimit: u64 = 0;
/** What a single request is compared with; 0 for nothing. */
let requestLimit: u64 = 0;
/** Whether Linux promises whatever one request asks for. */
let promisesAll: bool = false;
let addressSpaceLimit: u64 = ADDRESS_LIMIT;
let areaLimit: u64 = u64.MAX_VALUE;
/** What mappings of whole huge pages are aligned to; 0 for nothing. */
let hugeBytes: u64 = 0;
/** Whether mappings are placed upwards, and from where on. */
let isUpward: bool = false;
let base: u64 = LINUX_MMAP_TOP;
/** What the next low place is chosen by; 0 if nothing is by chance. */
let chance: u32 = 0;

/** Has Linux place mappings from an address on, before the machine starts; low ones at random if the seed is not 0. */
export function placeFrom(from: u64, upward: bool, seed: u32): void {
  base = from;
  isUpward = upward;
  chance = seed;
}

/** Has Linux compare no single request with its memory, before the machine starts. */
export function promiseAll(): void {
  promisesAll = true;
}

/** Sets the limits, in bytes and in areas, 0 for none; MapAlignment. */
export function start(memoryBytes: u64, addressSpaceBytes: u64, maxMaps: u64, alignment: u32): void {
  memoryLimit = memoryBytes;
  if (addressSpaceBytes) addressSpaceLimit = addressSpaceBytes;
  if (kernelKind == Kernel.Darwin) {
    isUpward = true;
    base = DARWIN_MAP_BOTTOM;
    return;
  }
  if (!promisesAll) requestLimit = memoryBytes;
  if (maxMaps) areaLimit = maxMaps;
  if (alignment == MapAlignment.Huge) hugeBytes = pageBytes * (pageBytes / PAGE_TABLE_ENTRY_BYTES);
}

/** Physical memory in bytes; 0 for no limit. */
export function memoryBytes(): u64 {
  return memoryLimit;
}

// ---- Limits ----

/** Whether `more` bytes may be mapped while `less` are unmapped. */
export function isAllowed(more: u64, less: u64): bool {
  return isWithinMemory(more) && isWithinAddressSpace(more, less);
}

/** Whether the address space has room for `more` bytes while `less` are unmapped. */
export function isWithinAddressSpace(more: u64, less: u64): bool {
  const virtual = (current.pages << pageShift) - less;
  if (more <= addressSpaceLimit && virtual + more <= addressSpaceLimit) return true;
  fail(Failure.AddressSpace, more, addressSpaceLimit - virtual);
  return false;
}

/** Whether a mapping may be resized. Linux compares all of it with its memory. */
export function isAllowedToGrow(oldBytes: u64, newBytes: u64): bool {
  return isWithinMemory(newBytes) && isWithinAddressSpace(newBytes - oldBytes, 0);
}

/** Whether there is so much memory as one request asks for. */
export function isWithinMemory(bytes: u64): bool {
  if (!requestLimit || bytes <= requestLimit) return true;
  fail(Failure.Memory, bytes, requestLimit);
  return false;
}

/** Whether `spare` areas are left. `bytes`: what the call is about. */
export function areAreasLeft(spare: u64, bytes: u64): bool {
  if (areas.count() + spare <= areaLimit) return true;
  fail(Failure.Maps, bytes, 0);
  return false;
}

/** Whether a range may be unmapped: what would cut an area in two needs one more. */
export function mayUnmap(address: u64, bytes: u64): bool {
  // Whether it would is asked only at the limit: that takes time.
  if (areas.count() + SPARE_TO_CUT <= areaLimit) return true;
  const cuts = areas.isOne(address - pageBytes, address + bytes + pageBytes);
  return !cuts || areAreasLeft(SPARE_TO_CUT, bytes);
}

// ---- Places ----

/** Where a mapping is put: at the hint, if that is free. Returns 0 if there is no room. */
export function placeFor(hint: u64, bytes: u64, place: u32, align: u64): u64 {
  const page = pageOfHint(hint);
  const isThere = (page & (align - 1)) == 0 && isUserRange(page, bytes) && regions.isFree(page, page + bytes);
  // Linux aligns what has no hint.
  if (isDefined(ZP_PLACEMENT) && place == Place.Low)
    return isThere && page + bytes <= LOW_END ? page : findLow(bytes, page == 0);
  if (isThere) return page;
  return page ? findRoom(bytes, align) : findPlace(bytes, align);
}

/** The page that a hint means. The first pages nobody may map: for Linux, a hint there means the first page after them. */
function pageOfHint(hint: u64): u64 {
  const page = hint & ~pageMask;
  return page && page < USER_START && kernelKind == Kernel.Linux ? USER_START : page;
}

/** A free place on a multiple of `align`; 0 if there is none. */
function findRoom(bytes: u64, align: u64): u64 {
  return noted(roomFor(bytes, align), bytes);
}

function roomFor(bytes: u64, align: u64): u64 {
  return isUpward
    ? regions.lowestRoom(base, USER_END, bytes, align)
    : regions.highestRoom(USER_START, base, bytes, align);
}

function noted(room: u64, bytes: u64): u64 {
  if (!room) fail(Failure.AddressSpace, bytes, 0);
  return room;
}

/** A free place where nobody asks for one, on a multiple of `align`; 0 if there is none. */
export function findPlace(bytes: u64, align: u64): u64 {
  // As Linux does: without room for one more, none is aligned, though an aligned one might fit.
  const huge = align == pageBytes && isOfHugePages(bytes) ? roomFor(bytes + hugeBytes, pageBytes) : 0;
  return huge ? alignedIn(huge) : findRoom(bytes, align);
}

/** A free place below 2 GiB: the lowest, also where others are placed from the top down. 0 if there is none. */
function findLow(bytes: u64, mayAlign: bool): u64 {
  const from = LOW_START + lowOffset();
  const aligns = mayAlign && isOfHugePages(bytes);
  const huge = aligns ? regions.lowestRoom(from, LOW_END, bytes + hugeBytes, pageBytes) : 0;
  return huge ? alignedIn(huge) : noted(regions.lowestRoom(from, LOW_END, bytes, pageBytes), bytes);
}

/** Whether Linux looks for a place that is aligned to huge pages, as for whole ones. */
function isOfHugePages(bytes: u64): bool {
  return hugeBytes != 0 && (bytes & (hugeBytes - 1)) == 0;
}

/** Where whole huge pages are put in room for one more. From the top down, an aligned start is not good enough for Linux. */
function alignedIn(room: u64): u64 {
  return (room + hugeBytes - u64(isUpward)) & ~(hugeBytes - 1);
}

/** How much higher Linux starts this time: 0 to 32 MiB. */
function lowOffset(): u64 {
  if (!chance) return 0;
  chance = chance * 1664525 + 1013904223; // Numerical Recipes, 1992
  return (<u64>(chance >> 19)) << pageShift;
}

/** What is mapped above may be the program's own libraries and stack: mappings do not grow into it. */
export function growthEnd(end: u64): u64 {
  return !isUpward && end <= base ? base : USER_END;
}
