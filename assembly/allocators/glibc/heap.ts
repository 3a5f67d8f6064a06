/**
 * The heap's end and what it is grown from: the top chunk, the break, and mappings.
 *
 *      heap start                              top            break
 *      ├───────────┬────────┬────────┬─────────┼──────────────┤
 *      │ tcache    │ chunk  │ chunk  │ …       │ top chunk    │
 *      └───────────┴────────┴────────┴─────────┴──────────────┘
 */

import * as kernel from "../../machine/kernel";
import { pageMask, roundToPages } from "../../machine/layout";
import { enter, leave } from "../../machine/paths";
import { Message } from "../../shared/glibc";
import { headOf, MIN_CHUNK, MMAPPED, PREV_INUSE, setBefore, setHead, sizeOf } from "./chunk";
import { MREMAP_CHUNK, MUNMAP_CHUNK, SYSTRIM } from "./functions";
import { stop } from "./messages";
import * as parameters from "./parameters";

/** Where a mapping first stands in for the break, it is a multiple of this (measured). */
const MAPPED_HEAP_UNIT: u64 = 1 << 20;
const FENCEPOST: u64 = 16;

/** The top chunk; 0 before the heap exists. */
export let top: u64 = 0;
/** Bytes got for the heap, and the most so far. */
export let heapBytes: u64 = 0;
/** Live mappings and their bytes. */
export let mappings: u64 = 0;
export let mappedBytes: u64 = 0;
/** The most there have been: for malloc_stats. */
export let mostMappings: u64 = 0;
export let mostMappedBytes: u64 = 0;

/** The break was moved by nobody else: the heap is one piece. */
let contiguous: bool = true;

export function setTop(chunk: u64, head: u64): void {
  top = chunk;
  setHead(chunk, head);
}

export function topSize(): u64 {
  return top ? sizeOf(top) : 0;
}

/** The address is past the end of a heap in one piece. */
export function isBeyond(address: u64): bool {
  return contiguous && address >= top + topSize();
}

// ---- Growing ----

/** An old top chunk that a new piece of heap left behind, to be freed; 0 when there is none. */
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

/** Stops when the top was overwritten. */
function checkTop(): void {
  if (!top) return;
  const size = topSize();
  const sound = size >= MIN_CHUNK && headOf(top) & PREV_INUSE && ((top + size) & pageMask) == 0;
  if (!sound) stop(Message.TopAssertion, top);
}

function growBreak(more: u64): bool {
  const end = kernel.currentBreak();
  if (!kernel.brk(end + more)) return false;
  const old = topSize();
  heapBytes += more;
  if (!top) {
    setTop(end, more | PREV_INUSE);
  } else if (top + old == end) {
    setHead(top, (old + more) | PREV_INUSE);
  } else {
    leaveTop(old);
    setTop(end, more | PREV_INUSE);
  }
  return true;
}

/**
 * The break will not move: a mapping becomes the new top, and the heap is in pieces from then on.
 * Measured: only the first one makes up for the old top and is rounded to MAPPED_HEAP_UNIT.
 */
function growByMapping(size: u64, more: u64, old: u64): bool {
  const bytes = contiguous ? (more + old + MAPPED_HEAP_UNIT - 1) & ~(MAPPED_HEAP_UNIT - 1) : more;
  const piece = bytes > size ? kernel.map(bytes) : 0;
  if (!piece) return false;
  contiguous = false;
  heapBytes += bytes;
  if (top) leaveTop(old);
  setTop(piece, bytes | PREV_INUSE);
  return true;
}

/** Closes the old top by two chunks of 16 bytes that look in use, so that nothing merges over its end. */
function leaveTop(old: u64): void {
  const kept = (old - 2 * FENCEPOST) & ~15;
  setHead(top, kept | PREV_INUSE);
  setHead(top + kept, FENCEPOST | PREV_INUSE);
  setHead(top + kept + FENCEPOST, FENCEPOST | PREV_INUSE);
  if (kept >= MIN_CHUNK) abandoned = top;
}

// ---- Trimming ----

/**
 * Gives whole pages of the top back, but for `pad` bytes. Returns whether it gave any, or took some:
 * measured, a top of exactly 32 bytes has one byte less than none to spare, and grows by pad and a page.
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
  const extra = (spare - pad) & ~pageMask;
  const end = kernel.currentBreak();
  if (!extra || end != top + size || !kernel.brk(end - extra)) return false;
  heapBytes -= extra;
  setHead(top, (size - extra) | PREV_INUSE);
  return true;
}

// ---- Mapping ----

/** Maps a chunk of its own. Returns the chunk, or 0. Only its first page is touched. */
export function mapChunk(size: u64): u64 {
  const bytes = roundToPages(size + 8);
  if (bytes < size) return 0;
  const chunk = kernel.map(bytes);
  if (!chunk) return 0;
  setBefore(chunk, 0);
  setHead(chunk, bytes | MMAPPED);
  mappings++;
  noteMapped(bytes);
  mostMappings = max(mostMappings, mappings);
  return chunk;
}

function noteMapped(more: u64): void {
  mappedBytes += more;
  mostMappedBytes = max(mostMappedBytes, mappedBytes);
}

/** Unmaps a chunk whose mapping starts `before` bytes ahead of it. */
export function unmapChunk(chunk: u64, before: u64, size: u64): void {
  const caller = enter(MUNMAP_CHUNK);
  mappings--;
  mappedBytes -= before + size;
  kernel.munmap(chunk - before, before + size);
  leave(caller);
}

/** Resizes a mapped chunk for `size` bytes, perhaps moving it. Returns the chunk, or 0. */
export function remapChunk(chunk: u64, before: u64, old: u64, size: u64): u64 {
  const caller = enter(MREMAP_CHUNK);
  const moved = remap(chunk, before, old, size);
  leave(caller);
  return moved;
}

function remap(chunk: u64, before: u64, old: u64, size: u64): u64 {
  const bytes = roundToPages(size + before + 8);
  if (bytes == before + old) return chunk;
  const moved = kernel.mremap(chunk - before, before + old, bytes, true);
  if (!moved) return 0;
  setHead(moved + before, (bytes - before) | MMAPPED);
  mappedBytes -= before + old;
  noteMapped(bytes);
  return moved + before;
}

/** Gives the whole pages inside a free chunk back, as malloc_trim does. Returns whether there were any. */
export function discardInside(chunk: u64, size: u64): bool {
  const from = roundToPages(chunk + 48);
  const to = (chunk + size) & ~pageMask;
  if (from >= to) return false;
  kernel.madvise(from, to - from, kernel.Advice.Dontneed);
  return true;
}
