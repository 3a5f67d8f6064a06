/**
 * Taking a chunk, in the order of the real allocator: fastbin, small bin, unsorted chunks (each is used
 * if it fits exactly, else sorted into its bin), large bins, the next larger bin, the top, the kernel.
 * Whether to map is decided last, so any free chunk that fits wins.
 */

import { fill, pairAt } from "../../machine/access";
import { Failure, fail } from "../../machine/failure";
import { ADDRESS_LIMIT } from "../../machine/layout";
import { enter, leave } from "../../machine/paths";
import { Message } from "../../shared/glibc";
import * as arenas from "./arenas";
import * as bins from "./bins";
import {
  chunkFor,
  headOf,
  MIN_CHUNK,
  MIN_LARGE,
  markInUse,
  ofArena,
  own,
  PREV_INUSE,
  setBefore,
  setHead,
  sizeOf,
  toChunk,
  toPointer,
  withoutFlags,
} from "./chunk";
import * as fastbins from "./fastbins";
import { SYSMALLOC } from "./functions";
import * as heap from "./heap";
import * as heaps from "./heaps";
import * as messages from "./messages";
import * as parameters from "./parameters";
import { consolidate, releaseInternally } from "./release";
import * as tcache from "./tcache";
import * as version from "./version";

/** Most unsorted chunks that one call sorts; the rest has to wait. */
const MOST_SORTED: u32 = 10000;

/** The chunk that was taken last went through the tcache on the way. */
let wasCached: bool = false;

/**
 * Takes a chunk of `size` bytes, a chunk size, without looking in the tcache. Returns it, or 0. Where
 * `perturb` is set, fills the first `bytes` of the block; measured: not if it went through the tcache.
 */
export function allocate(size: u64, bytes: u64): u64 {
  if (isDefined(ZP_CHECK)) assert(size >= MIN_CHUNK && (size & 15) == 0, "what is asked for is a chunk size");
  wasCached = false;
  const chunk = take(size);
  if (parameters.perturb && chunk && !wasCached) fill(toPointer(chunk), parameters.perturb ^ 0xff, bytes);
  return chunk;
}

/** Takes a chunk for the running thread. `hint`: for how many bytes a new arena is made. */
export function allocateForThread(size: u64, bytes: u64, hint: u64): u64 {
  return arenas.areMany ? allocateInArenas(size, bytes, hint) : allocate(size, bytes);
}

/** Takes a chunk in the thread's arena, or else in another. A thread that cannot have an arena gets a mapping. */
function allocateInArenas(size: u64, bytes: u64, hint: u64): u64 {
  if (!arenas.enterMine(hint)) return heap.mapChunk(size);
  const chunk = allocate(size, bytes);
  if (chunk || !arenas.enterAnother(hint)) return chunk;
  return allocate(size, bytes);
}

/**
 * Makes the tcache of a chunk like others, unless it is not to be. `bytes`: what is asked for. Measured: where the main
 * heap cannot grow even a lone thread has it in an arena of its own, in which nothing else is.
 */
export function makeTcache(bytes: u64): void {
  if (!tcache.begin()) return;
  const chunk = allocateInArenas(chunkFor(bytes), bytes, bytes);
  if (!arenas.areMany) arenas.enterMain();
  if (chunk) tcache.start(toPointer(chunk));
  else tcache.giveUp();
}

/** The search has found what it may cache. */
function makeTcacheToCache(): void {
  if (version.makesTcacheLate && !tcache.isReady()) makeTcache(version.tcacheBytesInSearch);
}

function take(size: u64): u64 {
  if (size <= fastbins.largest) {
    const chunk = fastbins.take(size, Message.FastUnaligned);
    if (chunk) {
      if (!fastbins.belongs(chunk, size)) messages.stop(Message.FastCorrupted, chunk);
      refillFromFastbin(size);
      return chunk;
    }
  }
  if (size < MIN_LARGE) {
    const chunk = takeSmall(size);
    if (chunk) return chunk;
  } else if (fastbins.mayHold) {
    consolidate();
  }
  return allocateFromBins(size);
}

/** Moves the rest of a fastbin into the tcache: its size is in demand. */
function refillFromFastbin(size: u64): void {
  const bin = tcache.binOf(size);
  while (tcache.hasRoom(bin) && fastbins.first(size)) {
    tcache.put(bin, toPointer(fastbins.take(size, Message.FastUnalignedRefill)));
  }
}

/** Takes the chunk that has been longest in its small bin, or 0. The rest moves into the tcache while there is room. */
function takeSmall(size: u64): u64 {
  const bin = bins.binAt(bins.binNumber(size));
  const chunk = bins.previousOf(bin);
  if (chunk == bin) return 0;
  const before = bins.previousOf(chunk);
  if (bins.nextOf(before) != chunk) messages.stop(Message.SmallList, chunk);
  markInUse(chunk, size);
  own(chunk);
  bins.removeLast(bin, before);
  makeTcacheToCache();
  const cache = tcache.binOf(size);
  while (tcache.hasRoom(cache)) {
    const other = bins.previousOf(bin);
    if (other == bin) break;
    markInUse(other, size);
    own(other);
    bins.removeLast(bin, bins.previousOf(other));
    tcache.put(cache, toPointer(other));
  }
  return chunk;
}

function allocateFromBins(size: u64): u64 {
  let chunk = search(size);
  while (!chunk && fastbins.mayHold) {
    consolidate();
    chunk = search(size);
  }
  return chunk ? chunk : takeFromKernel(size);
}

/** Takes the free chunk that fits best, else the start of the top; 0 when neither is large enough. */
function search(size: u64): u64 {
  const exact = sortUnsorted(size);
  if (exact) return exact;
  const binned = takeFitting(size);
  return binned ? binned : takeFromTop(size);
}

/** Empties the unsorted bin from its tail. Returns a chunk of the size, or 0. */
function sortUnsorted(size: u64): u64 {
  const cache = tcache.binOf(size);
  let cached = false;
  for (let sorted: u32 = 0; sorted < MOST_SORTED; ) {
    const chunk = bins.previousOf(bins.unsorted);
    if (chunk == bins.unsorted) break;
    const found = sizeOf(chunk);
    const links = bins.linksIn(chunk);
    const before = load<u64>(links, 8);
    checkUnsorted(chunk, found, load<u64>(links), before);
    if (
      size < MIN_LARGE &&
      chunk == bins.lastRemainder &&
      before == bins.unsorted &&
      found > size + MIN_CHUNK
    ) {
      return splitRemainder(chunk, found, size);
    }
    bins.removeLast(bins.unsorted, before);
    if (found != size) {
      bins.addToBin(chunk, found);
      sorted++; // measured: a chunk that goes into the tcache does not count
      if (cached && tcache.mayEndSorting(sorted)) break;
      continue;
    }
    markInUse(chunk, size);
    own(chunk);
    makeTcacheToCache();
    if (!tcache.hasRoom(cache)) return chunk;
    tcache.put(cache, toPointer(chunk));
    cached = true;
  }
  wasCached = cached;
  return cached ? toChunk(tcache.take(cache)) : 0;
}

/** Aborts when the program has overwritten an unsorted chunk, or the header behind it. */
function checkUnsorted(chunk: u64, size: u64, after: u64, before: u64): void {
  if (size <= 16 || size > heap.heapBytes) messages.stop(Message.UnsortedInvalidSize, chunk);
  const next = pairAt(chunk + size);
  const nextHead = load<u64>(next, 8);
  const nextSize = withoutFlags(nextHead);
  if (nextSize < 16 || nextSize > heap.heapBytes) messages.stop(Message.UnsortedInvalidNextSize, chunk);
  if (load<u64>(next) != size) messages.stop(Message.UnsortedNextBefore, chunk);
  const isBroken = after != bins.unsorted || bins.nextOf(before) != chunk;
  if (isBroken) messages.stop(Message.UnsortedList, chunk);
  if (nextHead & PREV_INUSE) messages.stop(Message.UnsortedNextInuse, chunk);
}

/** Takes the start of the last remainder, which is alone in the unsorted bin. The rest takes its place there. */
function splitRemainder(chunk: u64, found: u64, size: u64): u64 {
  bins.removeLast(bins.unsorted, bins.unsorted);
  bins.setLastRemainder(splitOff(chunk, found, size));
  return chunk;
}

/** Makes a free, unsorted chunk of what is behind the first `size` bytes. Returns it. */
function splitOff(chunk: u64, found: u64, size: u64): u64 {
  const rest = chunk + size;
  const left = found - size;
  if (isDefined(ZP_CHECK)) assert(left >= MIN_CHUNK, "what is split off makes a chunk");
  bins.addUnsorted(rest, left);
  setHead(chunk, size | PREV_INUSE | ofArena);
  setHead(rest, left | PREV_INUSE);
  setBefore(rest + left, left);
  return rest;
}

/** Takes the best fit: the smallest of the request's own large bin, else the last chunk of the next filled bin. */
function takeFitting(size: u64): u64 {
  const number = bins.binNumber(size);
  if (size >= MIN_LARGE) {
    const chunk = bins.smallestFitting(bins.binAt(number), size);
    if (chunk) return takeBinned(chunk, size, false);
  }
  const bin = bins.firstFilled(number + 1);
  return bin ? takeBinned(bins.previousOf(bin), size, size < MIN_LARGE) : 0;
}

function takeBinned(chunk: u64, size: u64, noteRemainder: bool): u64 {
  const found = sizeOf(chunk);
  bins.unlink(chunk, found);
  if (found - size < MIN_CHUNK) {
    markInUse(chunk, found);
    own(chunk);
    return chunk;
  }
  const rest = splitOff(chunk, found, size);
  if (noteRemainder) bins.setLastRemainder(rest);
  return chunk;
}

function takeFromTop(size: u64): u64 {
  const available = heap.topSize();
  if (available > heap.heapBytes) messages.stop(Message.CorruptedTop, heap.top);
  if (available < size + MIN_CHUNK) return 0;
  const chunk = heap.top;
  setHead(chunk, size | PREV_INUSE | ofArena);
  heap.setTop(chunk + size, (available - size) | PREV_INUSE);
  return chunk;
}

function takeFromKernel(size: u64): u64 {
  const caller = enter(SYSMALLOC);
  const chunk = mapOrGrow(size);
  leave(caller);
  return chunk;
}

function mapOrGrow(size: u64): u64 {
  const mayBeMapped = size >= parameters.mmapThreshold && heap.mappings < parameters.mmapMax;
  let mapped = mayBeMapped ? heap.mapChunk(size) : 0;
  if (mapped) return mapped;
  if (arenas.isMain() ? growMain(size) : growHeaps(size)) {
    heap.noteMost();
    return takeFromTop(size);
  }
  if (!arenas.isMain() && !mayBeMapped) mapped = heap.mapChunk(size);
  if (mapped) return mapped;
  if (size > ADDRESS_LIMIT) fail(Failure.AddressSpace, size, ADDRESS_LIMIT);
  return 0;
}

function growMain(size: u64): bool {
  if (!heap.grow(size)) return false;
  if (heap.abandoned) releaseInternally(heap.abandoned, headOf(heap.abandoned));
  return true;
}

/** To free what the old top had may give up the new heap at once: there is no room in the top then. */
function growHeaps(size: u64): bool {
  if (heaps.growLast(size)) return true;
  if (!heaps.addHeap(size)) return false;
  if (heaps.abandoned) releaseInternally(heaps.abandoned, headOf(heaps.abandoned));
  return true;
}
