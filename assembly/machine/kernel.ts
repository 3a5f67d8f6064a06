/**
 * The system calls. Each is counted, even if it fails. A failure returns 0 or -1 as in C, changes nothing,
 * and notes its reason in the record of failure.ts. Addresses and sizes are in bytes; sizes are rounded up
 * to pages. What they do to the memory map is in memory-map.ts.
 *
 * There are two kinds of kernel. Linux places mappings from the top down, and refuses a single request
 * larger than its memory (overcommit mode 0), and what needs more areas than it keeps. Darwin places them
 * from the bottom up, never refuses memory, and has the FREE_REUSABLE protocol and vm_copy.
 */
import { Fn, Syscall } from "../shared/counters";
import { Kernel, Place, Protection, RegionFlag } from "../shared/kernel";
import { CONTENT, UNKNOWN } from "../shared/page-states";
import { clear } from "./access";
import { setProtection } from "./advice";
import * as areas from "./areas";
import { start as startBlocks } from "./blocks";
import { logCall } from "./call-log";
import { share, start as startContents } from "./contents";
import { start as startEvents } from "./events";
import { start as startFiles } from "./files";
import { apply, areOnRequest, start as startHuge } from "./huge";
import {
  ADDRESS_LIMIT,
  kernelKind,
  LINUX_HEAP_START,
  pageBytes,
  pageShift,
  roundToPages,
  setGeometry,
  USER_END,
} from "./layout";
import * as limits from "./limits";
import { mapWhere, moveBreak, resizeMapping, unmapRange } from "./memory-map";
import { isAligned, isMapped, isUserRange, pagesIn } from "./ranges";
import * as regions from "./regions";
import { start as startRoom } from "./room";
import { current, start as startSpaces } from "./spaces";
import { Event, start as startStates } from "./states";
import { enterCall, leaveCall } from "./syscall";
import { runOf, start as startTable, stateOf } from "./table";
import { start as startTranslation } from "./translation";

export { Syscall } from "../shared/counters";
export { Place } from "../shared/kernel";
export { madvise, protect } from "./advice";
export { isMapped } from "./ranges";
export { memoryBytes, placeFrom } from "./room";

let heapStart: u64 = LINUX_HEAP_START;

/** Has the heap start elsewhere, at a page, before the machine starts. */
export function startHeapAt(address: u64): void {
  heapStart = address;
}

/** Starts the machine. log2 of the page size; kind of kernel; limits in bytes and in areas or 0; MapAlignment; ZeroPage. */
export function start(
  shift: u32,
  kind: u32,
  memoryBytes: u64,
  addressSpaceBytes: u64,
  maxMaps: u64,
  alignment: u32,
  zeroPage: u32,
): void {
  setGeometry(shift, kind, zeroPage);
  startRoom(memoryBytes, addressSpaceBytes, maxMaps, alignment);
  startSpaces();
  current.heapStart = heapStart;
  current.heapBreak = heapStart;
  regions.start();
  startStates();
  startTable();
  startContents();
  startBlocks();
  if (isDefined(ZP_FILES)) startFiles();
  startEvents(memoryBytes);
  if (isDefined(ZP_HUGE)) startHuge();
  startTranslation();
}

// ---- Mapping ----

/** Maps zeroed memory. `align` is a power of two. Returns its address, or 0. */
export function mmap(hint: u64, bytes: u64, place: u32, align: u64): u64 {
  const caller = enterCall(Fn.Mmap, Syscall.Mmap);
  const address = mapWhere(hint, bytes, place, align, 0, 0);
  if (isDefined(ZP_CHECK)) logCall(Syscall.Mmap, hint, bytes, place, align, address);
  leaveCall(caller, Syscall.Mmap);
  return address;
}

/** Maps memory anywhere, page-aligned. Returns its address, or 0. */
export function map(bytes: u64): u64 {
  return mmap(0, bytes, Place.Anywhere, pageBytes);
}

// ---- What the program maps ----

/** Maps zeroed memory of the program's own, page-aligned: anywhere, or low. Returns its address, or 0. */
export function mapForProgram(hint: u64, bytes: u64, isLow: bool): u64 {
  const address = mmap(hint, bytes, isLow ? Place.Low : Place.Anywhere, pageBytes);
  if (address) areas.setFlags(address, address + roundToPages(bytes), u32.MAX_VALUE, RegionFlag.Program);
  return address;
}

/** Unmaps all that is mapped in the range, which is the program's. Returns 0, or -1. */
export function unmapForProgram(address: u64, bytes: u64): i32 {
  const result = munmap(address, bytes);
  // Lost is what an allocator will not ask for again.
  if (isDefined(ZP_CHECK) && result) lostBytes -= roundToPages(bytes);
  return result;
}

/** Bytes that are mapped in the current space, but for what the program mapped itself. Not a system call. */
export function virtualBytes(): u64 {
  if (isDefined(ZP_PLACEMENT)) return areas.bytesWithout(0, USER_END, RegionFlag.Program);
  return current.pages << pageShift;
}

// ---- Mapping for allocators ----

/** Maps memory anywhere, page-aligned, of which Linux does not ask whether there is so much. Returns its address, or 0. */
export function mapUnbacked(bytes: u64): u64 {
  return mmap(0, bytes, Place.Unbacked, pageBytes);
}

/** Reserves address space, page-aligned: at the hint, if its place is free. Returns its address, or 0. */
export function reserve(hint: u64, bytes: u64): u64 {
  return mmap(hint, bytes, Place.Reserved, pageBytes);
}

/**
 * Makes pages accessible that were reserved. Returns 0, or -1 if part of the range is not mapped. Unless somebody limits
 * what may be written, the machine knows them no differently before, and only counts the call.
 */
export function mprotect(address: u64, bytes: u64): i32 {
  const caller = enterCall(Fn.Mprotect, Syscall.Mprotect);
  const isSound = isAligned(address) && isUserRange(address, bytes) && isMapped(address, roundToPages(bytes));
  let result = isSound ? 0 : -1;
  if (isDefined(ZP_PLACEMENT) && isSound && limits.areSet)
    result = setProtection(address, roundToPages(bytes), Protection.ReadWrite);
  if (isDefined(ZP_CHECK)) logCall(Syscall.Mprotect, address, bytes, 0, 0, result);
  leaveCall(caller, Syscall.Mprotect);
  return result;
}

/** What munmap left mapped because Linux keeps no more areas. No allocator asks again. Kept in check builds only. */
export let lostBytes: u64 = 0;

/** Unmaps all that is mapped in the range. Returns 0, or -1: also if that needs one more area than Linux keeps. */
export function munmap(address: u64, bytes: u64): i32 {
  const caller = enterCall(Fn.Munmap, Syscall.Munmap);
  const result = unmapRange(address, bytes);
  if (isDefined(ZP_CHECK) && result) lostBytes += roundToPages(bytes);
  if (isDefined(ZP_CHECK)) logCall(Syscall.Munmap, address, bytes, 0, 0, result);
  leaveCall(caller, Syscall.Munmap);
  return result;
}

/**
 * Linux: resizes part of an area, or shrinks whatever begins there. Moves it if it must and may. Returns its
 * address, or 0.
 */
export function mremap(address: u64, oldBytes: u64, newBytes: u64, mayMove: bool): u64 {
  const caller = enterCall(Fn.Mremap, Syscall.Mremap);
  const result = resizeMapping(address, oldBytes, newBytes, mayMove);
  if (isDefined(ZP_CHECK)) logCall(Syscall.Mremap, address, oldBytes, newBytes, u64(mayMove), result);
  leaveCall(caller, Syscall.Mremap);
  return result;
}

/**
 * Moves the end of the heap; 0 asks where it is. The break is exact to the byte, the mapping to the
 * page. Returns the new break, or 0.
 */
export function brk(address: u64): u64 {
  const caller = enterCall(Fn.Brk, Syscall.Brk);
  const result = moveBreak(address);
  if (isDefined(ZP_CHECK)) logCall(Syscall.Brk, address, 0, 0, 0, result);
  leaveCall(caller, Syscall.Brk);
  return result;
}

/** Whether huge pages are used where MADV_HUGEPAGE says so. Not a system call: a C library reads it once. */
export function areHugeOnRequest(): bool {
  return isDefined(ZP_HUGE) && areOnRequest();
}

/** Puts the empty heap where a kernel has it that chooses at random. A multiple of the page size. Not a system call. */
export function placeHeap(address: u64): void {
  if (isDefined(ZP_CHECK))
    assert(current.heapBreak == current.heapStart && isAligned(address), "an empty heap is put at a page");
  current.heapStart = address;
  current.heapBreak = address;
}

/** The current break. Not a system call: a C library remembers it. */
export function currentBreak(): u64 {
  return current.heapBreak;
}

// ---- Copying and asking ----

/** Darwin: makes the destination share the pages of the source, to be copied on write. Returns 0, or -1. */
export function vmCopy(source: u64, destination: u64, bytes: u64): i32 {
  const caller = enterCall(Fn.VmCopy, Syscall.VmCopy);
  const result = shareRange(source, destination, bytes);
  if (isDefined(ZP_CHECK)) logCall(Syscall.VmCopy, source, destination, bytes, 0, result);
  leaveCall(caller, Syscall.VmCopy);
  return result;
}

function shareRange(source: u64, destination: u64, bytes: u64): i32 {
  if (kernelKind != Kernel.Darwin || !isAligned(source) || !isAligned(destination)) return -1;
  if (!bytes || bytes > ADDRESS_LIMIT) return -1;
  bytes = roundToPages(bytes);
  if (source < destination + bytes && destination < source + bytes) return -1;
  if (!isUserRange(source, bytes) || !isUserRange(destination, bytes)) return -1;
  if (!isMapped(source, bytes) || !isMapped(destination, bytes)) return -1;
  const from = source >> pageShift;
  const to = destination >> pageShift;
  apply(Event.Discard, to, pagesIn(bytes));
  for (let i: u64 = 0; i < pagesIn(bytes); i++) share(from + i, to + i);
  return 0;
}

/** Counts a call that asks which pages of a mapped range are in memory, or modified. The caller looks up the answer. */
function mincore(address: u64, bytes: u64): void {
  const caller = enterCall(Fn.Mincore, Syscall.Mincore);
  const first = address >> pageShift;
  apply(Event.Walk, first, ((address + bytes - 1) >> pageShift) + 1 - first);
  if (isDefined(ZP_CHECK)) logCall(Syscall.Mincore, address, bytes, 0, 0, 0);
  leaveCall(caller, Syscall.Mincore);
}

/**
 * Clears only the pages of the range that may hold something other than zeroes. An allocator could do so if
 * it asked the kernel which pages were written (MINCORE_MODIFIED of mincore, one call).
 */
export function clearDirty(address: u64, bytes: u64): void {
  mincore(address, bytes);
  const end = address + bytes;
  while (address < end) {
    const page = address >> pageShift;
    const last = (end - 1) >> pageShift;
    const run = runOf(page, last - page + 1);
    const to = min(end, (page + run) << pageShift);
    if (stateOf(page) & (CONTENT | UNKNOWN)) clear(address, to - address);
    address = to;
  }
}

/**
 * Bytes from the address to the end of the mapping that holds it; 0 if none does. Not a system call: a
 * program can remember the sizes of its mappings.
 */
export function mappedBytes(address: u64): u64 {
  const end = regions.endOf(address);
  return end ? end - address : 0;
}

/** Start of the lowest mapping that ends above the address; 0 if there is none. */
export function mappingAbove(address: u64): u64 {
  return regions.startAbove(address);
}

/** First address of the mapping that holds the address; 0 if none does. */
export function mappingStart(address: u64): u64 {
  return regions.startOf(address);
}
