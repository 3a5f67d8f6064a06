/**
 * The heaps of arenas that are not the main one. Each is 64 MiB of address space, on a multiple of that, of which the
 * first part is accessible. Only the newest heap of an arena grows and shrinks.
 *
 *      heap       +0        +8         +16    +24           +32    +48
 *                 ├─────────┼──────────┼──────┼─────────────┼──────┼──────────────────────────
 *      the first  │ arena   │ previous │ size │ accessible  │      │ arena ─┬─ +0x8d0: chunks …
 *      others     │         │ heap     │      │             │      │ chunks …
 *
 *      heap                               size        accessible                64 MiB
 *      ├────────────────────────┬───────────┼─ ─ ─ ─ ─ ─ ─┼─ ─ ─ ─ ─ ─ ─ ─ ─ ─ ─ ─ ┤
 *      │ chunks                 │ top chunk │ given back  │ reserved                │
 *
 *      one that the top left ends in fenceposts     │ old top, freed │ 16 │ 0 │    or     │ old top, small │ 0 │
 *
 * The words of a heap's first page are in simulated memory, which they touch. The arena there is in linear memory
 * (arenas.ts): its page is touched, and stays so.
 */
import { loadAt, storeAt } from "../../machine/access";
import * as kernel from "../../machine/kernel";
import { pageMask, roundToPages } from "../../machine/layout";
import * as bins from "./bins";
import { beforeOf, headOf, MIN_CHUNK, NON_MAIN, PREV_INUSE, setBefore, setHead, sizeOf } from "./chunk";
import * as heap from "./heap";
import { FENCEPOST } from "./heap";
import * as parameters from "./parameters";
import * as version from "./version";

const MOST: u64 = 64 << 20;
const LEAST: u64 = 32 << 10;
/** Where the chunks of all other heaps begin. */
export const HEADER: u64 = 48;

const PREVIOUS: u64 = 8;
const SIZE: u64 = 16;
export const ACCESSIBLE: u64 = 24;

/** Where the next heap can be had at once: the half of a reservation that was not needed. 0 if nothing is remembered. */
let nextPlace: u64 = 0;

/** Address space of all heaps. Kept in check builds only. */
export let reservedBytes: u64 = 0;

/** The heap that holds an address. */
export function heapOf(address: u64): u64 {
  return address & ~(MOST - 1);
}

/** The number of a heap's arena, which stands there in place of its address. */
export function arenaIn(start: u64): u64 {
  return loadAt<u64>(start);
}

export function setArena(start: u64, number: u64): void {
  storeAt<u64>(start, number);
}

export function previousHeap(start: u64): u64 {
  return loadAt<u64>(start + PREVIOUS);
}

export function sizeOfHeap(start: u64): u64 {
  return loadAt<u64>(start + SIZE);
}

export function accessibleIn(start: u64): u64 {
  return loadAt<u64>(start + ACCESSIBLE);
}

/** Where the chunks of an arena's first heap begin. */
export function firstChunk(): u64 {
  return (HEADER + version.arenaBytes + 15) & ~15;
}

/** Where the headers of an arena's bins would begin in its first heap. */
export function binsAt(): u64 {
  return HEADER + version.binsInArena;
}

// ---- Making one ----

/** Makes the first heap of an arena, if it can with room for `hint` bytes. Returns it, or 0. */
export function makeFirst(hint: u64): u64 {
  const least = HEADER + version.arenaBytes + 16;
  const made = make(least + hint);
  return made ? made : make(least);
}

/** Makes a heap with room for so many bytes. Returns it, or 0. */
function make(bytes: u64): u64 {
  const size = firstSize(bytes);
  const start = size ? reserve() : 0;
  if (!start) return 0;
  if (kernel.mprotect(start, size)) {
    kernel.munmap(start, MOST);
    return 0;
  }
  parameters.adviseHuge(start, size);
  if (isDefined(ZP_CHECK)) reservedBytes += MOST;
  storeAt<u64>(start + SIZE, size);
  storeAt<u64>(start + ACCESSIBLE, size);
  return start;
}

/** Bytes that a heap begins with; 0 if none has so many. */
function firstSize(bytes: u64): u64 {
  if (bytes > MOST) return 0;
  return roundToPages(max(LEAST, min(bytes + parameters.topPad, MOST)));
}

/** Reserves the address space of a heap. Returns its start, or 0. */
function reserve(): u64 {
  const place = nextPlace;
  nextPlace = 0;
  if (place) {
    const start = kernel.reserve(place, MOST);
    if (start == heapOf(start) && start) return start;
    if (start) kernel.munmap(start, MOST);
  }
  const room = kernel.reserve(0, 2 * MOST);
  return room ? cutRoom(room) : reserveByLuck();
}

/** Keeps an aligned half of twice the space. */
function cutRoom(room: u64): u64 {
  const start = heapOf(room + (MOST - 1));
  const lead = start - room;
  if (lead) kernel.munmap(room, lead);
  else nextPlace = start + MOST;
  kernel.munmap(start + MOST, MOST - lead);
  return start;
}

function reserveByLuck(): u64 {
  const start = kernel.reserve(0, MOST);
  if (!start || start == heapOf(start)) return start;
  kernel.munmap(start, MOST);
  return 0;
}

// ---- Growing ----

/** Makes the top of the running arena larger where it is, for a chunk of `size` bytes. Returns whether it could. */
export function growLast(size: u64): bool {
  const old = heap.topSize();
  const last = heapOf(heap.top);
  const more = roundToPages(size + MIN_CHUNK - old);
  const bytes = sizeOfHeap(last) + more;
  if (more > MOST || bytes > MOST) return false;
  const accessible = accessibleIn(last);
  if (bytes > accessible) {
    if (kernel.mprotect(last + accessible, bytes - accessible)) return false;
    storeAt<u64>(last + ACCESSIBLE, bytes);
  }
  storeAt<u64>(last + SIZE, bytes);
  heap.resize(more);
  heap.setTop(heap.top, (old + more) | PREV_INUSE);
  return true;
}

/** The old top, when `addHeap` left one that its caller must free; else 0. */
export let abandoned: u64 = 0;

/** Adds a heap, with room for a chunk of `size` bytes, whose chunks are all the top. Returns whether it could. */
export function addHeap(size: u64): bool {
  const added = make(size + MIN_CHUNK + HEADER);
  if (!added) return false;
  const bytes = sizeOfHeap(added);
  const oldTop = heap.top;
  const old = heap.topSize();
  setArena(added, arenaIn(heapOf(oldTop)));
  storeAt<u64>(added + PREVIOUS, heapOf(oldTop));
  heap.resize(bytes);
  heap.setTop(added + HEADER, (bytes - HEADER) | PREV_INUSE);
  leaveTop(oldTop, old);
  return true;
}

/** Ends an old top in fenceposts. What is too small for a chunk before them is part of the first. */
function leaveTop(oldTop: u64, size: u64): void {
  const kept = (size - MIN_CHUNK) & ~15;
  setHead(oldTop + kept + FENCEPOST, PREV_INUSE);
  abandoned = 0;
  if (kept >= MIN_CHUNK) {
    setHead(oldTop + kept, FENCEPOST | PREV_INUSE);
    setBefore(oldTop + kept + FENCEPOST, FENCEPOST);
    setHead(oldTop, kept | PREV_INUSE | NON_MAIN);
    abandoned = oldTop;
  } else {
    setHead(oldTop, (kept + FENCEPOST) | PREV_INUSE);
    setBefore(oldTop + kept + FENCEPOST, kept + FENCEPOST);
  }
}

// ---- Shrinking ----

/** Gives up heaps that hold nothing, and what the top can spare of the last one. */
export function trim(): void {
  while (heap.top == heapOf(heap.top) + HEADER && dropLast()) {}
  shrinkLast();
}

/** Gives up the last heap, which is all top, if the one before has enough room. Returns whether it did. */
function dropLast(): bool {
  const last = heapOf(heap.top);
  const before = previousHeap(last);
  const fence = before + sizeOfHeap(before) - FENCEPOST;
  let chunk = fence - beforeOf(fence);
  const head = headOf(chunk);
  let size = sizeOf(chunk) + FENCEPOST;
  const isFreeBefore = !(head & PREV_INUSE);
  if (isFreeBefore) size += beforeOf(chunk);
  if (size + (MOST - sizeOfHeap(before)) < parameters.topPad + MIN_CHUNK + pageMask + 1) return false;
  heap.resize(0 - sizeOfHeap(last));
  if (nextPlace == last + MOST) nextPlace = 0;
  kernel.munmap(last, MOST);
  if (isDefined(ZP_CHECK)) reservedBytes -= MOST;
  if (isFreeBefore) {
    const free = beforeOf(chunk);
    chunk -= free;
    bins.unlink(chunk, free);
  }
  heap.setTop(chunk, size | PREV_INUSE);
  return true;
}

/** Gives whole pages of a large top back, all but the padding. They stay accessible. */
function shrinkLast(): void {
  const size = heap.topSize();
  if (size < parameters.trimThreshold || size <= MIN_CHUNK) return;
  const spare = size - MIN_CHUNK - 1;
  if (spare <= parameters.topPad) return;
  const extra = (spare - parameters.topPad) & ~pageMask;
  if (!extra) return;
  const last = heapOf(heap.top);
  const bytes = sizeOfHeap(last) - extra;
  kernel.madvise(last + bytes, extra, kernel.Syscall.MadviseDontneed);
  storeAt<u64>(last + SIZE, bytes);
  heap.resize(0 - extra);
  heap.setTop(heap.top, (size - extra) | PREV_INUSE);
}
