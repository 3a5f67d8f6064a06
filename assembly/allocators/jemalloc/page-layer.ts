/**
 * The page layer: where extents come from, and where they go.
 *
 *              release                  purge
 *      active ────────▶ dirty ───────────────────▶ retained
 *        ▲                │                           │
 *        └────────────────┴───────────────────────────┴──── mmap
 *                          allocate
 *
 * What is dirty merges with what is dirty, if it is large, and what is retained with what is retained. Nothing is ever
 * unmapped. Mappings grow: 2 MiB, 2.5, 3, 3.5, 4, 5 …
 *
 * Without `retain`, just what is wanted is mapped, and what is purged is unmapped. Then extents merge across mappings.
 */
import * as kernel from "../../machine/kernel";
import { Syscall } from "../../machine/kernel";
import { enter, leave } from "../../machine/paths";
import { Arena, arenaAt, endExtent, newExtent } from "./arena";
import { HUGE, PAGE, PAGE_SHIFT, pageClass, pageIndex, SMALLEST_LARGE } from "./classes";
import { Extent, State } from "./extent";
import * as sets from "./extent-set";
import { ExtentSet } from "./extent-set";
import { EXTENT_GROW_RETAINED } from "./functions";
import { growHeap, hasHeap, mapAligned, mapAt, settle } from "./mapping";
import * as radix from "./radix";

/** How much too large a dirty extent may be, as a power of two; and a retained one. */
const DIRTY_EXCESS: u32 = 6;
const ANY_EXCESS: u32 = 64;
/** Page class of the first mapping: 2 MiB. */
export const FIRST_GROWTH: u32 = pageIndex(2 << 20);

/** Whether what is purged stays mapped. */
let retains: bool = true;

export function start(isRetaining: bool): void {
  retains = isRetaining;
}

// ---- Splitting and merging ----

/** Cuts an extent that is in no set. Returns the upper part, which is active as it is; null if there is no room to know of it. */
function split(arena: Arena, extent: Extent, bytes: u64): Extent | null {
  if (isDefined(ZP_CHECK)) assert(bytes && bytes < extent.bytes, "both parts of a split have pages");
  const upper = newExtent(arena);
  if (!upper) return null;
  const border = extent.base + bytes;
  if (!radix.ensureLeaf(border - PAGE) || !radix.ensureLeaf(border)) {
    endExtent(arena, upper);
    return null;
  }
  upper.base = border;
  upper.bytes = extent.bytes - bytes;
  upper.serial = extent.serial;
  upper.isZeroed = extent.isZeroed;
  upper.state = extent.state;
  extent.bytes = bytes;
  radix.register(extent);
  radix.register(upper);
  return upper;
}

/** Makes two neighbours in no set one: the lower. */
function merge(arena: Arena, lower: Extent, upper: Extent): Extent {
  if (isDefined(ZP_CHECK))
    assert(lower.end == upper.base && !upper.isHead, "what merges lies side by side in a mapping");
  radix.forgetBorder(upper.base);
  lower.bytes += upper.bytes;
  lower.serial = min(lower.serial, upper.serial);
  lower.isZeroed = lower.isZeroed && upper.isZeroed;
  radix.register(lower);
  endExtent(arena, upper);
  return lower;
}

/** The extent that begins where another ends, if it is in the set and may merge with it. */
function above(set: ExtentSet, extent: Extent): Extent | null {
  const found = radix.extentAt(extent.end);
  return found && found.state == set.state && found.arena == extent.arena && !found.isHead ? found : null;
}

function below(set: ExtentSet, extent: Extent): Extent | null {
  const found = radix.extentAt(extent.base - PAGE);
  return found && found.state == set.state && found.arena == extent.arena && !extent.isHead ? found : null;
}

/** Merges an extent with its neighbour above, or else with the one below, of a set. Returns what came of it, or null. */
export function mergeOnce(arena: Arena, set: ExtentSet, extent: Extent): Extent | null {
  const upper = above(set, extent);
  if (upper) {
    sets.remove(set, upper);
    return merge(arena, extent, upper);
  }
  const lower = below(set, extent);
  if (!lower) return null;
  sets.remove(set, lower);
  return merge(arena, lower, extent);
}

/** Merges an extent with all its neighbours of a set. */
function mergeAll(arena: Arena, set: ExtentSet, extent: Extent): Extent {
  let merged = mergeOnce(arena, set, extent);
  while (merged) {
    extent = merged as Extent;
    merged = mergeOnce(arena, set, extent);
  }
  return extent;
}

// ---- Allocating ----

/** An active extent of so many bytes, at a multiple of `align`; null if there is no room. `isZeroed`: it is to read as zero. */
export function allocate(arena: Arena, bytes: u64, align: u64, isZeroed: bool): Extent | null {
  let extent = recycle(arena, arena.dirty, bytes, align, DIRTY_EXCESS);
  if (!extent) extent = recycle(arena, arena.retained, bytes, align, ANY_EXCESS);
  if (!extent) extent = grow(arena, bytes, align);
  if (!extent) return null;
  if (isZeroed && !extent.isZeroed) {
    kernel.madvise(extent.base, bytes, Syscall.MadviseDontneed);
    extent.isZeroed = true;
  }
  arena.active += bytes;
  return extent;
}

function recycle(arena: Arena, set: ExtentSet, bytes: u64, align: u64, excess: u32): Extent | null {
  const found = sets.find(set, bytes, align, excess);
  return found ? takePart(arena, set, found, bytes, align) : null;
}

/** Takes an extent out of its set, and cuts what is wanted from it. What lies before and behind goes back as it is. */
function takePart(arena: Arena, set: ExtentSet, extent: Extent, bytes: u64, align: u64): Extent | null {
  const part = cut(arena, take(set, extent), bytes, align);
  if (before) sets.insert(set, before as Extent);
  if (behind) sets.insert(set, behind as Extent);
  return part;
}

/** Takes an extent out of its set. */
function take(set: ExtentSet, extent: Extent): Extent {
  sets.remove(set, extent);
  extent.state = State.Active;
  return extent;
}

/** What the last cut left, or null. */
let before: Extent | null = null;
let behind: Extent | null = null;

/** Cuts what is wanted from an active extent. Returns null, and leaves all of it, if there is no room to know of the parts. */
function cut(arena: Arena, extent: Extent, bytes: u64, align: u64): Extent | null {
  const lead = (align - (extent.base & (align - 1))) & (align - 1);
  before = lead ? extent : null;
  behind = null;
  const middle = lead ? split(arena, extent, lead) : extent;
  if (!middle || middle.bytes == bytes) return middle;
  behind = split(arena, middle, bytes);
  if (behind) return middle;
  behind = middle;
  return null;
}

/** Maps more than is wanted, and cuts that from it; or maps just what is wanted. */
function grow(arena: Arena, bytes: u64, align: u64): Extent | null {
  if (!retains) return mapExactly(arena, bytes, align);
  const caller = enter(EXTENT_GROW_RETAINED);
  let growth = arena.growth;
  while (pageClass(growth) < bytes + align - PAGE) growth++;
  const more = mapMore(arena, pageClass(growth));
  let result: Extent | null;
  if (more) {
    arena.growth = growth + 1;
    result = cutMapping(arena, more, bytes, align);
  } else result = mapExactly(arena, bytes, align);
  leave(caller);
  return result;
}

// A record is taken before there is anything to be known of, as the real one does: so those that are given back count.

function mapMore(arena: Arena, bytes: u64): Extent | null {
  const extent = newExtent(arena);
  if (!extent) return null;
  const mapping = kernel.mapUnbacked(bytes);
  return adopt(arena, extent, mapping ? mapping : mapHeap(arena, bytes, PAGE), bytes);
}

/**
 * Grows the heap, if it is to and ends at `place`, or at all if that is 0. Meanwhile has a record for what has to be left
 * out before it, which is free then.
 */
function mapHeap(arena: Arena, bytes: u64, align: u64, place: u64 = 0): u64 {
  const gap = newExtent(arena);
  if (!gap) return 0;
  const end = kernel.currentBreak();
  const start = hasHeap && (!place || place == end) ? growHeap(bytes, align) : 0;
  if (start <= end) endExtent(arena, gap);
  else if (adopt(arena, gap, end, start - end)) retain(arena, gap);
  return start;
}

function mapExactly(arena: Arena, bytes: u64, align: u64): Extent | null {
  const extent = newExtent(arena);
  if (!extent) return null;
  const mapping = mapAligned(bytes, align);
  return adopt(arena, extent, mapping ? mapping : mapHeap(arena, bytes, align), bytes);
}

/** Maps where an extent ends. */
function mapBehind(arena: Arena, lower: Extent, bytes: u64): Extent | null {
  const extent = newExtent(arena);
  if (!extent) return null;
  const place = lower.end;
  const mapping = mapAt(place, bytes) ? place : mapHeap(arena, bytes, PAGE, place);
  return adopt(arena, extent, mapping, bytes);
}

/** Makes an extent that of a mapping. Returns null, and ends it, if there is none, or no room to know of it. */
function adopt(arena: Arena, extent: Extent, mapping: u64, bytes: u64): Extent | null {
  if (mapping) settle(mapping, bytes);
  extent.base = mapping;
  extent.bytes = bytes;
  extent.isZeroed = true;
  extent.isHead = retains;
  if (mapping && radix.register(extent)) {
    extent.serial = arena.serial++;
    return extent;
  }
  if (mapping) kernel.munmap(mapping, bytes);
  endExtent(arena, extent);
  return null;
}

/** Cuts what is wanted from a new mapping. What lies before and behind is retained. */
function cutMapping(arena: Arena, mapping: Extent, bytes: u64, align: u64): Extent | null {
  const part = cut(arena, mapping, bytes, align);
  if (before) retain(arena, before as Extent);
  if (behind) retain(arena, behind as Extent);
  return part;
}

// ---- Releasing ----

/** An active extent is free. */
export function release(arena: Arena, extent: Extent): void {
  arena.active -= extent.bytes;
  extent.isZeroed = false;
  if (extent.isSlab) radix.forgetSlab(extent);
  extent.isSlab = false;
  if (extent.bytes >= SMALLEST_LARGE) extent = mergeAll(arena, arena.dirty, extent);
  if (extent.bytes >= HUGE && arena.decayMs != -1) purge(arena, extent);
  else sets.insert(arena.dirty, extent);
  if (arena.decayMs == 0) purgeDownTo(arena, 0);
}

/** Gives an extent's pages back to the kernel. What stays mapped is retained. */
function purge(arena: Arena, extent: Extent): void {
  if (!retains && unmap(arena, extent)) return;
  kernel.madvise(extent.base, extent.bytes, Syscall.MadviseDontneed);
  extent.isZeroed = true;
  retain(arena, extent);
}

/** Returns whether the kernel did it, which may have no area left for what is cut in two. */
function unmap(arena: Arena, extent: Extent): bool {
  if (kernel.munmap(extent.base, extent.bytes)) return false;
  radix.forget(extent);
  endExtent(arena, extent);
  return true;
}

function retain(arena: Arena, extent: Extent): void {
  sets.insert(arena.retained, mergeAll(arena, arena.retained, extent));
}

/** Purges the oldest of what is dirty, until no more than so many pages are. */
export function purgeDownTo(arena: Arena, pages: u64): void {
  const dirty = arena.dirty.bytes >> PAGE_SHIFT;
  const most = dirty > pages ? dirty - pages : 0;
  let first: Extent | null = null;
  let last: Extent | null = null;
  for (let taken: u64 = 0; taken < most; ) {
    const victim = evict(arena, pages);
    if (!victim) break;
    taken += victim.bytes >> PAGE_SHIFT;
    victim.newer = null;
    if (last) last.newer = victim;
    else first = victim;
    last = victim;
  }
  while (first) {
    const victim = first as Extent;
    first = victim.newer;
    purge(arena, victim);
  }
}

/** Takes out the oldest dirty extent. One that merges with a neighbour is as new as can be, instead. */
function evict(arena: Arena, pages: u64): Extent | null {
  const dirty = arena.dirty;
  while (dirty.bytes >> PAGE_SHIFT > pages) {
    const extent = take(dirty, dirty.oldest as Extent);
    const merged = mergeOnce(arena, dirty, extent);
    if (!merged) return extent;
    sets.insert(dirty, merged);
  }
  return null;
}

// ---- Resizing ----

/** Adds so many bytes to an active extent from what is behind it and free, or not mapped. Returns whether it could. */
export function expand(extent: Extent, bytes: u64): bool {
  const arena = arenaAt(extent.arena);
  if (expandFrom(arena, arena.dirty, extent, bytes) || expandFrom(arena, arena.retained, extent, bytes))
    return true;
  if (retains) return false;
  const upper = mapBehind(arena, extent, bytes);
  if (!upper) return false;
  join(arena, extent, upper);
  return true;
}

/** Adds to an active extent the one behind it, which is active too. */
function join(arena: Arena, extent: Extent, upper: Extent): void {
  arena.active += upper.bytes;
  merge(arena, extent, upper);
}

function expandFrom(arena: Arena, set: ExtentSet, extent: Extent, bytes: u64): bool {
  const found = above(set, extent);
  if (!found || found.bytes < bytes) return false;
  const upper = takePart(arena, set, found, bytes, PAGE);
  if (!upper) return false;
  join(arena, extent, upper);
  return true;
}

/** Cuts an active extent down to so many bytes. The rest is free. Returns whether it could. */
export function shrink(extent: Extent, bytes: u64): bool {
  const arena = arenaAt(extent.arena);
  const rest = split(arena, extent, bytes);
  if (rest) release(arena, rest);
  return rest != null;
}
