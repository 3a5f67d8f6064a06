/**
 * What is got from the kernel: the main arena's heap, which ends in the top chunk, and mappings of one chunk each. The
 * heaps of other arenas are in heaps.ts; their top is here, too.
 *
 *      heap start                              top            break
 *      ├───────────┬────────┬────────┬─────────┼──────────────┤
 *      │ tcache    │ chunk  │ chunk  │ …       │ top chunk    │
 *      └───────────┴────────┴────────┴─────────┴──────────────┘
 */

import * as kernel from "../../machine/kernel";
import { pageMask, roundToPages } from "../../machine/layout";
import { enter, leave } from "../../machine/paths";
import {
  beforeOf,
  headOf,
  MIN_CHUNK,
  MMAPPED,
  PREV_INUSE,
  setBefore,
  setHead,
  sizeOf,
  withoutFlags,
} from "./chunk";
import { MREMAP_CHUNK, MUNMAP_CHUNK, SYSTRIM } from "./functions";
import { stop } from "./messages";
import * as parameters from "./parameters";
import * as pieces from "./pieces";
import * as version from "./version";

/** The first mapping that stands in for the break is a multiple of this (measured), or all are at least so large. */
const MAPPED_HEAP_UNIT: u64 = 1 << 20;
/** Size of a fencepost: a header alone. */
export const FENCEPOST: u64 = 16;

/**
 * The top chunk; 0 before the heap exists. It is at least MIN_CHUNK, ends with a page, and the chunk
 * before it is in use. While the heap is contiguous, it ends at the break.
 */
export let top: u64 = 0;
/** Bytes of all pieces of the heap. heapBytes + mappedBytes + what munmap left == the virtual size of the process. */
export let heapBytes: u64 = 0;
/** The most they have been after a growth: for malloc_info. Measured: not what a heap adds that its own growth gives up. */
export let mostHeapBytes: u64 = 0;
/** Live mappings, at most mmapMax, and their bytes: whole pages. */
export let mappings: u64 = 0;
export let mappedBytes: u64 = 0;
/** By how much the statistic of mapped bytes is wrong: `mremapDrift` for each mremap. */
export let mappedDrift: u64 = 0;
/** The most there have been, never below the numbers above: for malloc_stats. */
export let mostMappings: u64 = 0;
export let mostMappedBytes: u64 = 0;

/** The heap is one piece: only this allocator has moved the break so far. */
export let contiguous: bool = true;

/** What an arena has of its own here. */
@unmanaged
export class HeapOfArena {
  top: u64;
  heapBytes: u64;
  mostHeapBytes: u64;
  contiguous: bool;

  save(): void {
    this.top = top;
    this.heapBytes = heapBytes;
    this.mostHeapBytes = mostHeapBytes;
    this.contiguous = contiguous;
  }

  restore(): void {
    top = this.top;
    heapBytes = this.heapBytes;
    mostHeapBytes = this.mostHeapBytes;
    contiguous = this.contiguous;
  }
}

/** Begins the heaps of an arena that is not the main one: `bytes` of them, which end in the top. */
export function begin(topChunk: u64, topBytes: u64, bytes: u64): void {
  contiguous = false;
  heapBytes = bytes;
  mostHeapBytes = bytes;
  setTop(topChunk, topBytes | PREV_INUSE);
}

/** Counts bytes that the arena's heaps got, or gave back. */
export function resize(more: u64): void {
  heapBytes += more;
}

/** The arena has grown. */
export function noteMost(): void {
  mostHeapBytes = max(mostHeapBytes, heapBytes);
}

export function setTop(chunk: u64, head: u64): void {
  top = chunk;
  setHead(chunk, head);
}

export function topSize(): u64 {
  return top ? sizeOf(top) : 0;
}

/** The address is past the end of a contiguous heap. */
export function isBeyond(address: u64): bool {
  return contiguous && address >= top + topSize();
}

// ---- Growing ----

/** The old top chunk, when `grow` began a new piece of the heap: its caller must free it. 0 when there is none. */
export let abandoned: u64 = 0;

/** Makes the top at least `size` + MIN_CHUNK bytes. Returns whether it could. May set `abandoned`. */
export function grow(size: u64): bool {
  checkTop();
  abandoned = 0;
  const old = topSize();
  const wanted = size + parameters.topPad + MIN_CHUNK;
  if (wanted < size) return false;
  const more = roundToPages(contiguous && wanted > old ? wanted - old : wanted);
  return growBreak(more) || growByMapping(size, more, old);
}

/** Aborts when the program has overwritten the top's header. */
function checkTop(): void {
  if (!top) return;
  const size = topSize();
  const sound = size >= MIN_CHUNK && headOf(top) & PREV_INUSE && ((top + size) & pageMask) == 0;
  if (!sound) stop(version.topAssertion, top);
}

function growBreak(wanted: u64): bool {
  const end = kernel.currentBreak();
  const more = parameters.usesHuge() ? upToHuge(end + wanted) - end : wanted;
  if (!kernel.brk(end + more)) return false;
  parameters.adviseHuge(end, more);
  const old = topSize();
  resize(more);
  if (!top) {
    beginPiece(end, more);
  } else if (top + old == end) {
    setHead(top, (old + more) | PREV_INUSE);
  } else {
    leaveTop(old);
    beginPiece(end, more);
  }
  return true;
}

/** Measured: where huge pages are asked for, the heap ends at a multiple of them. */
function upToHuge(end: u64): u64 {
  return (end + parameters.HUGE_BYTES - 1) & ~(parameters.HUGE_BYTES - 1);
}

/** All of a new piece of the heap is the top. */
function beginPiece(start: u64, bytes: u64): void {
  setTop(start, bytes | PREV_INUSE);
  if (isDefined(ZP_CHECK)) pieces.begin(start);
}

/**
 * The break cannot move: a mapping becomes the new top, and the heap is in pieces from then on.
 * Measured: only the first such mapping makes up for the old top, unless it has room for all of the request anyway.
 */
function growByMapping(size: u64, more: u64, old: u64): bool {
  const bytes = pieceBytes(size, contiguous ? more + old : more);
  const piece = bytes > size ? kernel.map(bytes) : 0;
  if (!piece) return false;
  parameters.adviseHuge(piece, bytes);
  contiguous = false;
  resize(bytes);
  if (top) leaveTop(old);
  beginPiece(piece, bytes);
  return true;
}

/** Bytes of a piece. `made`: those that the version before 2.43 makes it for. */
function pieceBytes(size: u64, made: u64): u64 {
  switch (version.pieces) {
    case version.Pieces.Rounded:
      return contiguous ? (made + MAPPED_HEAP_UNIT - 1) & ~(MAPPED_HEAP_UNIT - 1) : made;
    case version.Pieces.AtLeast:
      return max(MAPPED_HEAP_UNIT, roundToPages(made));
    default:
      return max(MAPPED_HEAP_UNIT, roundToPages(size + parameters.topPad + MIN_CHUNK));
  }
}

/** Puts two fenceposts at the end of the old top. They look in use, so nothing merges past them. */
function leaveTop(old: u64): void {
  const kept = (old - 2 * FENCEPOST) & ~15;
  setHead(top, kept | PREV_INUSE);
  setHead(top + kept, FENCEPOST | PREV_INUSE);
  setHead(top + kept + FENCEPOST, FENCEPOST | PREV_INUSE);
  if (isDefined(ZP_CHECK)) pieces.close(top + kept + FENCEPOST);
  if (kept >= MIN_CHUNK) abandoned = top;
}

// ---- Trimming ----

/**
 * Gives whole pages of the top back and keeps `pad` bytes of them. Returns whether the top changed.
 * Measured: a top of exactly 32 bytes grows by `pad` and a page, because what it can spare, less than
 * nothing, wraps.
 */
export function trim(pad: u64): bool {
  const caller = enter(SYSTRIM);
  const any = trimTop(pad);
  leave(caller);
  return any;
}

function trimTop(pad: u64): bool {
  if (!top) return false;
  const size = topSize();
  const spare = size - MIN_CHUNK - 1;
  if (spare <= pad) return false;
  const extra = (spare - pad) & ~(parameters.usesHuge() ? parameters.HUGE_BYTES - 1 : pageMask);
  const end = kernel.currentBreak();
  if (!extra || end != top + size || !kernel.brk(end - extra)) return false;
  resize(0 - extra);
  setHead(top, (size - extra) | PREV_INUSE);
  return true;
}

// ---- Mapping ----

/** Bytes of all mappings that are ahead of their chunks. Kept in check builds only. */
let mappedLeads: u64 = 0;

/** Makes a mapping of one chunk. Returns the chunk, or 0. Touches its first page only. */
export function mapChunk(size: u64): u64 {
  const bytes = roundToPages(size + 8);
  if (bytes < size) return 0;
  if (isDefined(ZP_CHECK)) assert(bytes >= size + 8, "a mapping holds its chunk and the word behind it");
  const chunk = kernel.map(bytes);
  if (!chunk) return 0;
  parameters.adviseHuge(chunk, bytes);
  if (isDefined(ZP_CHECK)) assert((chunk & pageMask) == 0, "a mapping begins with a page");
  setBefore(chunk, 0);
  setHead(chunk, (bytes - version.behindMapped) | MMAPPED);
  mappings++;
  noteMapped(bytes);
  mostMappings = max(mostMappings, mappings);
  return chunk;
}

function noteMapped(more: u64): void {
  mappedBytes += more;
  mostMappedBytes = max(mostMappedBytes, mappedBytes + mappedDrift);
}

/**
 * Unmaps a mapped chunk. The mapping starts `before` bytes ahead of it. Measured: a munmap that fails, for want
 * of areas, is not noticed.
 */
export function unmapChunk(chunk: u64, before: u64, size: u64): void {
  const caller = enter(MUNMAP_CHUNK);
  if (isDefined(ZP_CHECK)) mappedLeads -= before;
  mappings--;
  const bytes = bytesOfMapping(before, size);
  mappedBytes -= bytes;
  kernel.munmap(chunk - before, bytes);
  leave(caller);
}

/** Unmaps the struct of a tcache, which begins its mapping. */
export function unmapEnded(chunk: u64, head: u64): void {
  unmapChunk(chunk, beforeOf(chunk), withoutFlags(head));
}

/** Bytes of the mapping whose chunk is `before` bytes into it. */
export function bytesOfMapping(before: u64, size: u64): u64 {
  return before + size + version.behindMapped;
}

/** Counts bytes that a mapping now has ahead of its chunk. */
export function noteLead(bytes: u64): void {
  mappedLeads += bytes;
}

/** Bytes that programs may use of the mappings. Known in check builds only. */
export function usableOfMappings(): u64 {
  return mappedBytes - mappedLeads - (version.behindMapped + version.mappedOverhead) * mappings;
}

/** Resizes a mapped chunk for `size` bytes, and may move it. Returns the chunk, or 0. */
export function remapChunk(chunk: u64, before: u64, old: u64, size: u64): u64 {
  const caller = enter(MREMAP_CHUNK);
  const moved = remap(chunk, before, old, size);
  leave(caller);
  return moved;
}

function remap(chunk: u64, before: u64, old: u64, size: u64): u64 {
  const bytes = roundToPages(size + before + 8);
  const bytesBefore = bytesOfMapping(before, old);
  if (bytes == bytesBefore) return chunk;
  const moved = kernel.mremap(chunk - before, bytesBefore, bytes, true);
  if (!moved) return 0;
  parameters.adviseHuge(moved, bytes);
  setHead(moved + before, (bytes - before - version.behindMapped) | MMAPPED);
  mappedBytes -= bytesBefore;
  mappedDrift += version.mremapDrift;
  noteMapped(bytes);
  return moved + before;
}

/** Discards the whole pages inside a free chunk, as malloc_trim does. Returns whether there were any. */
export function discardInside(chunk: u64, size: u64): bool {
  const from = roundToPages(chunk + 48);
  const to = (chunk + size) & ~pageMask;
  if (from >= to) return false;
  kernel.madvise(from, to - from, kernel.Syscall.MadviseDontneed);
  return true;
}
