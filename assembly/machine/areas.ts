/**
 * The areas (VMAs) that Linux keeps of a process. An area is one region or several that touch. A new region
 * joins the areas that it touches, unless something speaks against it; a region that is cut makes one more.
 *
 *      regions  ├───────┤├──────┤├───┤     ├──────┤├──────────┤
 *      joined       0       1      0           0         1
 *      areas    ├───────────────┤├───┤     ├──────────────────┤
 *
 *      joins == regions that are joined
 *      areas == regions - joins
 *      a region that is joined touches the one below, with equal `moved` and `anon`
 *
 * Two areas stay apart if both were written before they touched, or if mremap moved one further than the
 * other. So each region has, of Linux's fields,
 *
 *      anon     the area's anon_vma: 0 until a page of it is first written, then a number of its own
 *      moved    bytes that it lies below the place where it was first written; of a mapping of a file, below its place
 *               in the file
 *
 * What a child of fork has inherited with an `anon` is joined by nothing new that was not written yet (is_mergeable_anon_vma of
 * Linux 6.18).
 *
 *      a page with a frame (Linux) is in a region with an `anon`
 */

import { FILE_SHIFT, RegionFlag } from "../shared/kernel";
import { pageShift } from "./layout";
import {
  firstEndingAbove,
  insert,
  lastEndingBelow,
  Region,
  count as regions,
  remove,
  resize,
} from "./regions";
import { current } from "./spaces";

/** The last `anon` that was given. */
let latest: u32 = 0;
/** [writtenFrom, writtenTo) is part of a region with an `anon`: most first writes are near the last one. */
let writtenFrom: u64 = 0;
let writtenTo: u64 = 0;

// ---- Asking ----

/** How many areas there are. */
export function count(): u32 {
  return regions() - current.joins;
}

/** The region that starts at the address, or null. */
function regionAt(start: u64): Region | null {
  const region = firstEndingAbove(start);
  return region && region.start == start ? region : null;
}

/** The region that ends at the address, or null. */
function regionTo(end: u64): Region | null {
  const region = lastEndingBelow(end);
  return region && region.end == end ? region : null;
}

/** The region above, if both are of one area; or null. */
function nextOf(region: Region): Region | null {
  const above = regionAt(region.end);
  if (!above) return null;
  return above.joined ? above : null;
}

/** The region below, if both are of one area; or null. */
function previousOf(region: Region): Region | null {
  return region.joined ? regionTo(region.start) : null;
}

/** End of the area that holds the address; 0 if none does. */
export function endOf(address: u64): u64 {
  const region = firstEndingAbove(address);
  if (!region || region.start > address) return 0;
  let end = region.end;
  let next = nextOf(region);
  while (next) {
    end = next.end;
    next = nextOf(next);
  }
  return end;
}

/** First address of the area that holds the address; 0 if none does. */
export function startOf(address: u64): u64 {
  let region = firstEndingAbove(address);
  let start: u64 = 0;
  while (region && region.start <= address) {
    start = region.start;
    region = previousOf(region);
  }
  return start;
}

/** Whether all of [start, end) is in one area. */
export function isOne(start: u64, end: u64): bool {
  let region = firstEndingAbove(start);
  if (!region || region.start > start) return false;
  while (region.end < end) {
    const next = nextOf(region);
    if (!next) return false;
    region = next;
  }
  return true;
}

// ---- Joining ----

/** Set in the `anon` of what a child of fork inherited. */
const INHERITED: u32 = 1 << 31;

/** Whether a region with these flags maps a file. */
export function isOfFile(flags: u32): bool {
  return flags >> FILE_SHIFT != 0;
}

/** Whether Linux sees no difference between the flags of two regions. */
function areAlike(a: Region, b: Region): bool {
  return ((a.flags ^ b.flags) & ~(<u32>RegionFlag.Program)) == 0;
}

/** Whether what is added may join what is there. */
function mayJoin(there: Region, added: Region): bool {
  if (there.moved != added.moved || !areAlike(there, added)) return false;
  if (there.anon == added.anon) return true;
  return added.anon ? !there.anon : !(there.anon & INHERITED);
}

/** Makes what is added one area with what touches it below, and above, if nothing speaks against it. */
function joinBelow(added: Region): void {
  const below = regionTo(added.start);
  if (below && mayJoin(below, added)) join(below, added);
}

function joinAbove(added: Region): void {
  const above = regionAt(added.end);
  if (above && mayJoin(above, added)) join(added, above);
}

function join(below: Region, above: Region): void {
  if (below.anon != above.anon) {
    if (below.anon) mark(above, below.anon);
    else mark(below, above.anon);
  }
  above.joined = 1;
  current.joins++;
}

/** Makes an area's `anon` known to all of its regions, which had none. So each is marked once. */
function mark(region: Region, anon: u32): void {
  region.anon = anon;
  let above = nextOf(region);
  while (above) {
    above.anon = anon;
    above = nextOf(above);
  }
  let below = previousOf(region);
  while (below) {
    below.anon = anon;
    below = previousOf(below);
  }
}

/** A region is no longer one area with what is below. */
function part(region: Region): void {
  current.joins -= <u32>region.joined;
  region.joined = 0;
}

/** Notes that pages of the range, all of it mapped, got frames. */
export function noteFrames(address: u64, bytes: u64): void {
  const end = address + bytes;
  if (address >= writtenFrom && end <= writtenTo) return;
  noteIn(address, end);
}

function noteIn(address: u64, end: u64): void {
  while (address < end) {
    const region = firstEndingAbove(address);
    if (!region) return;
    if (!region.anon) mark(region, ++latest);
    writtenFrom = region.start;
    writtenTo = region.end;
    address = region.end;
  }
}

// ---- Changing ----

/** Another space is the current one. */
export function entered(): void {
  writtenTo = 0;
}

/**
 * The areas are a child's, which were its parent's. Each that was written has an `anon` of its own (anon_vma_fork). Takes
 * out those with flags that a child does not get, and makes those as if new that it gets untouched.
 */
export function inherit(absent: u32, untouched: u32): void {
  let region = firstEndingAbove(0);
  while (region) {
    const end = region.end;
    if (!region.joined) latest++;
    if (region.flags & absent) {
      current.pages -= (end - region.start) >> pageShift;
      unmap(region.start, end);
    } else if (region.flags & untouched) {
      region.anon = 0;
    } else if (region.anon) {
      region.anon = latest | INHERITED;
    }
    region = firstEndingAbove(end);
  }
}

/**
 * Maps [start, end), which must be free. `flags` and `moved` say which file, and that the bytes at an address are those at
 * `address + moved` there; 0 for memory.
 */
export function map(start: u64, end: u64, flags: u32, moved: u64): void {
  put(start, end, 0, moved, flags);
}

function put(start: u64, end: u64, anon: u32, moved: u64, flags: u32): void {
  const region = insert(start, end);
  region.flags = flags;
  region.anon = anon;
  region.moved = moved;
  joinBelow(region);
  joinAbove(region);
  if (!region.anon) return;
  writtenFrom = start;
  writtenTo = end;
}

/** Maps more of the heap. It grows what it touches below, if it may. What it touches above stays another area. */
export function mapHeap(start: u64, end: u64): void {
  const below = regionTo(start);
  if (below && !(below.anon & INHERITED) && !below.flags) resize(below, below.start, end);
  else insert(start, end);
}

/** Moves the end of an area up to `newEnd`. The room must be free. */
export function grow(end: u64, newEnd: u64): void {
  const region = regionTo(end);
  assert(region != null, "what grows is mapped");
  if (!region) return;
  resize(region, region.start, newEnd);
  joinAbove(region);
}

/** Maps [to, to + bytes), where part of the area at `from` moves. One that was never written has no place to remember, but in a file. */
export function mapMoved(from: u64, to: u64, bytes: u64): void {
  const old = firstEndingAbove(from);
  assert(old != null && old.start <= from, "what moves is mapped");
  if (!old) return;
  const keepsPlace = old.anon != 0 || (isDefined(ZP_FILES) && isOfFile(old.flags));
  put(to, to + bytes, old.anon, keepsPlace ? old.moved + from - to : 0, old.flags);
}

/** Unmaps [start, end): takes it out of all regions, and cuts those that reach beyond. Returns the bytes it took. */
export function unmap(start: u64, end: u64): u64 {
  if (start < writtenTo && writtenFrom < end) writtenTo = 0;
  let bytes: u64 = 0;
  let region = firstEndingAbove(start);
  while (region && region.start < end) {
    bytes += min(region.end, end) - max(region.start, start);
    cut(region, start, end);
    region = firstEndingAbove(start);
  }
  if (region && region.start == end) part(region);
  return bytes;
}

/** Takes [start, end) out of a region that has some of it. */
function cut(region: Region, start: u64, end: u64): void {
  const to = region.end;
  if (region.start < start) {
    resize(region, region.start, start);
    if (to <= end) return;
    putRest(region, end, to);
  } else {
    part(region);
    if (to > end) resize(region, end, to);
    else remove(region);
  }
}

/** Adds what is left above of a region that is cut. */
function putRest(region: Region, start: u64, end: u64): Region {
  const rest = insert(start, end);
  rest.anon = region.anon;
  rest.moved = region.moved;
  rest.flags = region.flags;
  return rest;
}

// ---- Flags ----

/** Bytes in [start, end) that are mapped with none of the flags. */
export function bytesWithout(start: u64, end: u64, flags: u32): u64 {
  let bytes: u64 = 0;
  let region = firstEndingAbove(start);
  while (region && region.start < end) {
    if (!(region.flags & flags)) bytes += min(region.end, end) - max(region.start, start);
    region = firstEndingAbove(region.end);
  }
  return bytes;
}

/** Whether regions in [start, end) have other flags than they would have then. */
export function wouldChange(start: u64, end: u64, kept: u32, added: u32): bool {
  let region = firstEndingAbove(start);
  while (region && region.start < end) {
    if (flagsAfter(region, kept, added) != region.flags) return true;
    region = firstEndingAbove(region.end);
  }
  return false;
}

/** Flags of a region of which some are kept and some added. Only one that was never written becomes uncharged. */
function flagsAfter(region: Region, kept: u32, added: u32): u32 {
  return (region.flags & kept) | (region.anon ? added & ~(<u32>RegionFlag.Uncharged) : added);
}

const MAY_NOT_READ: u32 = RegionFlag.NoAccess;
export const MAY_NOT_WRITE: u32 = RegionFlag.NoAccess | RegionFlag.ReadOnly;

/** First address in [start, end), which is mapped, that the program may not read, or write; `end` if it may all. */
export function firstProtected(start: u64, end: u64, writes: bool): u64 {
  if (!current.isProtected) return end;
  const flags = writes ? MAY_NOT_WRITE : MAY_NOT_READ;
  let region = firstEndingAbove(start);
  while (region && region.start < end) {
    if (region.flags & flags) return max(start, region.start);
    region = firstEndingAbove(region.end);
  }
  return end;
}

/** Sets the flags of regions in [start, end): those of them that are kept, and others. Cuts regions that reach beyond. */
export function setFlags(start: u64, end: u64, kept: u32, added: u32): void {
  let region = firstEndingAbove(start);
  while (region && region.start < end) {
    const flags = flagsAfter(region, kept, added);
    const to = min(region.end, end);
    if (flags != region.flags) change(region, max(region.start, start), to, flags);
    if (to == end) return;
    region = firstEndingAbove(to);
  }
}

/** Changes the flags of part of a region, which then is one area with what is alike. */
function change(region: Region, start: u64, end: u64, flags: u32): void {
  if (region.start < start) region = cutAt(region, start);
  if (region.end > end) cutAt(region, end);
  part(region);
  const above = regionAt(end);
  if (above) part(above);
  region.flags = flags;
  const below = regionTo(start);
  if (below && mayMerge(below, region)) join(below, region);
  if (above && mayMerge(region, above)) join(region, above);
}

/** Makes two regions of one, which are one area. Returns the upper one. */
function cutAt(region: Region, at: u64): Region {
  const end = region.end;
  resize(region, region.start, at);
  const rest = putRest(region, at, end);
  rest.joined = 1;
  current.joins++;
  return rest;
}

/** Whether two regions that are there may become one area. */
function mayMerge(below: Region, above: Region): bool {
  return mayJoin(below, above) && mayJoin(above, below);
}

// ---- Checking ----

/** Whether all of [start, end), which is mapped, is known to be written. */
export function areWritten(start: u64, end: u64): bool {
  while (start < end) {
    const region = firstEndingAbove(start);
    if (!region) return false;
    if (!region.anon) return false;
    start = region.end;
  }
  return true;
}

/** Whether what is joined may be, and is counted. */
export function areSound(): bool {
  let found: u32 = 0;
  let region = firstEndingAbove(0);
  while (region) {
    if (region.joined) {
      found++;
      const below = regionTo(region.start);
      if (!below || below.anon != region.anon || below.moved != region.moved) return false;
      if (!areAlike(below, region)) return false;
    }
    region = firstEndingAbove(region.end);
  }
  return found == current.joins;
}
