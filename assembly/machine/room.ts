/**
 * Whether the kernel has room for a mapping, and where: its limits, and its choice of a place. What it has
 * no room for is noted as a failure.
 *
 *      virtual bytes <= addressSpaceLimit     of each space
 *      areas <= areaLimit + 1 (Linux)
 *
 * Linux looks at the number of areas before it maps, and not at what becomes of it, so the last mapping may
 * exceed the limit by one.
 */
import { Failure } from "../shared/failure";
import { Kernel, MapAlignment } from "../shared/kernel";
import * as areas from "./areas";
import { fail } from "./failure";
import {
  ADDRESS_LIMIT,
  DARWIN_MAP_BOTTOM,
  kernelKind,
  LINUX_MMAP_TOP,
  pageBytes,
  pageShift,
  USER_END,
  USER_START,
} from "./layout";
import * as regions from "./regions";
import { current } from "./spaces";

/** How many areas must be left to map, to cut one in two, and to move one (measured, Linux 6.18). */
export const SPARE_TO_MAP: u64 = 0;
export const SPARE_TO_CUT: u64 = 1;
export const SPARE_TO_MOVE: u64 = 4;

/** A huge page is what one page of page table entries spans. */
const PAGE_TABLE_ENTRY_BYTES: u64 = 8;

let memoryLimit: u64 = 0;
let addressSpaceLimit: u64 = ADDRESS_LIMIT;
let areaLimit: u64 = u64.MAX_VALUE;
/** What mappings of whole huge pages are aligned to; 0 for nothing. */
let hugeBytes: u64 = 0;

/** Sets the limits, in bytes and in areas, 0 for none; MapAlignment. */
export function start(memoryBytes: u64, addressSpaceBytes: u64, maxMaps: u64, alignment: u32): void {
  memoryLimit = memoryBytes;
  if (addressSpaceBytes) addressSpaceLimit = addressSpaceBytes;
  if (kernelKind != Kernel.Linux) return;
  if (maxMaps) areaLimit = maxMaps;
  if (alignment == MapAlignment.Huge) hugeBytes = pageBytes * (pageBytes / PAGE_TABLE_ENTRY_BYTES);
}

/** Physical memory in bytes; 0 for no limit. */
export function memoryBytes(): u64 {
  return memoryLimit;
}

/** Bytes that the current space has mapped. Not a system call. */
export function virtualBytes(): u64 {
  return current.pages << pageShift;
}

// ---- Limits ----

/** Whether `more` bytes may be mapped while `less` are unmapped. */
export function isAllowed(more: u64, less: u64): bool {
  return isWithinMemory(more) && isWithinAddressSpace(more, less);
}

/** Whether the address space has room for `more` bytes while `less` are unmapped. */
export function isWithinAddressSpace(more: u64, less: u64): bool {
  const virtual = virtualBytes() - less;
  if (more <= addressSpaceLimit && virtual + more <= addressSpaceLimit) return true;
  fail(Failure.AddressSpace, more, addressSpaceLimit - virtual);
  return false;
}

/** Whether a mapping may be resized. Linux compares all of it with its memory. */
export function isAllowedToGrow(oldBytes: u64, newBytes: u64): bool {
  return isWithinMemory(newBytes) && isAllowed(newBytes - oldBytes, 0);
}

function isWithinMemory(bytes: u64): bool {
  if (kernelKind != Kernel.Linux || !memoryLimit || bytes <= memoryLimit) return true;
  fail(Failure.Memory, bytes, memoryLimit);
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

/** A free place on a multiple of `align`; 0 if there is none. */
export function findRoom(bytes: u64, align: u64): u64 {
  const room =
    kernelKind == Kernel.Darwin
      ? regions.lowestRoom(DARWIN_MAP_BOTTOM, USER_END, bytes, align)
      : regions.highestRoom(USER_START, LINUX_MMAP_TOP, bytes, align);
  if (!room) fail(Failure.AddressSpace, bytes, 0);
  return room;
}

/** A free place where nobody asks for one, on a multiple of `align`; 0 if there is none. */
export function findPlace(bytes: u64, align: u64): u64 {
  const huge = align == pageBytes ? findHuge(bytes) : 0;
  return huge ? huge : findRoom(bytes, align);
}

/** A place that is aligned to huge pages, for whole ones; 0 if there is none, or Linux does not look for it. */
function findHuge(bytes: u64): u64 {
  if (!hugeBytes || (bytes & (hugeBytes - 1)) != 0) return 0;
  // As Linux does: without room for one more, none is aligned, though an aligned one might fit.
  const room = regions.highestRoom(USER_START, LINUX_MMAP_TOP, bytes + hugeBytes, pageBytes);
  return room ? (room + hugeBytes) & ~(hugeBytes - 1) : 0;
}
