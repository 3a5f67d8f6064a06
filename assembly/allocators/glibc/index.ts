/**
 * glibc's malloc (ptmalloc) on x86-64, exact to the byte. 2.36 is as Debian 12 has it; what newer releases do
 * otherwise is in version.ts. A request goes to the thread's tcache (tcache.ts), else through the bins of its
 * arena (arenas.ts) to the heap and the kernel (allocate.ts); a free goes the other way (release.ts), to the
 * arena that the chunk is of. Of calloc, realloc and aligned allocation only some releases take from the tcache.
 * Operations come one at a time: no thread waits for another, which would only change whose arena is shared.
 *
 * Programs that overwrite headers and links are modelled too, so functions assert only what the model
 * decides itself: requests, bin numbers, what is kept outside simulated memory. What simulated memory
 * must say on a sound heap, check.ts asserts.
 */

import { clear, copy } from "../../machine/access";
import { act, Failure, fail, look } from "../../machine/failure";
import { ADDRESS_LIMIT, pageMask } from "../../machine/layout";
import { Message, Option, Version } from "../../shared/glibc";
import { Allocator } from "../allocator";
import { trimToAlignment } from "./alignment";
import { allocate, allocateForThread, makeTcache } from "./allocate";
import * as arenas from "./arenas";
import * as bins from "./bins";
import { check } from "./check";
import {
  beforeOf,
  chunkFor,
  headOf,
  isInUse,
  MIN_CHUNK,
  MMAPPED,
  markInUse,
  ofArena,
  PREV_INUSE,
  setHead,
  setSize,
  sizeOf,
  toChunk,
  toPointer,
  withoutFlags,
} from "./chunk";
import * as fastbins from "./fastbins";
import { figuresOf } from "./figures";
import { tellFree } from "./free-chunks";
import * as heap from "./heap";
import * as heaps from "./heaps";
import * as messages from "./messages";
import * as parameters from "./parameters";
import { checkPointer, consolidate, isImpossible, release, releaseInternally } from "./release";
import { statistic } from "./statistics";
import * as tcache from "./tcache";
import * as threads from "./threads";
import * as version from "./version";

const MOST_TCACHE_COUNT: f64 = 65535;

/** Usable bytes of live blocks: what is in use, but for the tcache's struct and the chunks that wait in lists. */
let live: u64 = 0;
/** Of the enumeration of versions. */
let chosen: i32 = Version.V236;

/**
 * Makes the tcache in the first call on the heap, or leaves that to a free or a search. Measured: aligned allocation does
 * not, nor does a request that is too large for any chunk. Where there is no memory for it, the next call tries again.
 */
function ready(): void {
  if (!tcache.isReady() && !version.makesTcacheLate) makeTcache(version.tcacheBytes);
}

/** Makes the tcache for a free. */
function makeTcacheToFree(head: u64): void {
  const mayCache = tcache.binOf(withoutFlags(head)) < tcache.bins;
  if (!mayCache && version.makesTcacheLate) return;
  act();
  makeTcache(version.tcacheBytes);
}

function usable(head: u64): u64 {
  return withoutFlags(head) - (head & MMAPPED ? version.mappedOverhead : 8);
}

/** Clears a block that was cached. Measured: of one of up to 72 bytes the key is set to zero with the rest, not before. */
function clearCached(pointer: u64, bytes: u64): void {
  if (bytes <= 72) tcache.putKey(pointer);
  clear(pointer, bytes);
}

/** Bytes of the top and, in a heap of another arena than the main one, of what it gave back behind it. */
function writableTop(): u64 {
  if (arenas.isMain() || !heap.top) return heap.topSize();
  const last = heaps.heapOf(heap.top);
  return max(heap.topSize(), last + heaps.accessibleIn(last) - heap.top);
}

/** Counts a block as live. Returns its pointer; 0 for chunk 0. */
function handOut(chunk: u64): u64 {
  if (!chunk) return 0;
  live += usable(headOf(chunk));
  return toPointer(chunk);
}

/** Takes a block for a request of so many bytes, which makes a chunk of `size`. Returns its pointer, or 0. */
function take(size: u64, bytes: u64): u64 {
  const cached = tcache.takeDirectly(tcache.binOf(size));
  if (!cached) return takeAnywhere(size, bytes);
  live += size - 8;
  return cached;
}

function takeAnywhere(size: u64, bytes: u64): u64 {
  ready();
  const cached = takeCached(size);
  return cached ? cached : handOut(allocateForThread(size, bytes, bytes));
}

/** Takes a cached block whose chunk has this size. Returns its pointer; 0 when there is none. */
function takeCached(size: u64): u64 {
  const bin = tcache.binOf(size);
  const cached = bin < tcache.bins && tcache.isReady() ? tcache.take(bin) : 0;
  if (cached) live += size - 8;
  return cached;
}

/** Chunk size for a request; 0 with the reason noted. */
function requestSize(bytes: u64): u64 {
  const size = chunkFor(bytes);
  if (!size) fail(Failure.AddressSpace, bytes, ADDRESS_LIMIT);
  return size;
}

/** Aborts unless the mapping is whole pages and the block begins at 0 or at a power of two in its page. */
function checkMapped(chunk: u64, before: u64, size: u64, message: u64): void {
  const inPage = toPointer(chunk) & pageMask;
  const isWhole = !((chunk - before) & pageMask || heap.bytesOfMapping(before, size) & pageMask);
  const isSound = isWhole && !(inPage & (inPage - 1));
  if (!isSound) messages.stop(message, chunk);
}

function releaseMapped(chunk: u64, head: u64): void {
  const size = withoutFlags(head);
  if (version.checksPointerFirst) checkPointer(chunk, size);
  const before = beforeOf(chunk);
  checkMapped(chunk, before, size, Message.MunmapInvalidPointer);
  act();
  parameters.adapt(head, size);
  heap.unmapChunk(chunk, before, size);
}

/** Frees a block, wherever it goes. */
function free(chunk: u64): void {
  look();
  const head = headOf(chunk);
  const bytes = usable(head);
  if (head & MMAPPED) {
    releaseMapped(chunk, head);
  } else {
    if (!tcache.isReady()) makeTcacheToFree(head);
    release(chunk, headOf(chunk)); // the tcache may have taken the free chunk before this one
  }
  live -= bytes;
}

export class Model extends Allocator {
  configure(option: u32, value: f64): bool {
    if (option == Option.TcacheCount && value <= MOST_TCACHE_COUNT) tcache.setLimit(<u16>value);
    else if (option == Option.TcacheMax) return tcache.setLargest(<u64>value);
    else if (option == Option.TcacheUnsortedLimit) tcache.setSortingLimit(<u64>value);
    else if (option == Option.Mxfast) return fastbins.setLargest(<u64>value);
    else if (option == Option.Version && value < Version.Count) chosen = <i32>value;
    else return parameters.set(option, <u64>(<i64>value));
    return true;
  }

  start(): void {
    version.choose(chosen);
    tcache.configure();
    arenas.start();
    bins.start();
  }

  malloc(bytes: u64): u64 {
    const size = requestSize(bytes);
    return size ? take(size, bytes) : 0;
  }

  calloc(bytes: u64): u64 {
    const size = requestSize(bytes);
    if (!size) return 0;
    ready();
    if (version.callocTakesCached) {
      const cached = takeCached(size);
      if (cached) {
        clearCached(cached, size - 8);
        return cached;
      }
    }
    const isReady = arenas.enterMine(bytes);
    const oldTop = isReady ? heap.top : 0;
    const writable = isReady ? writableTop() : 0;
    const chunk = allocateForThread(size, bytes, bytes);
    if (!chunk) return 0;
    const pointer = handOut(chunk);
    const head = headOf(chunk);
    if (head & MMAPPED) {
      if (parameters.perturb) clear(pointer, bytes);
      return pointer;
    }
    // The kernel has just zeroed what is behind the old top. 8 bytes of that are cleared all the same, and so is
    // the old top, though nobody wrote to it.
    const found = withoutFlags(head);
    const isFresh = !parameters.perturb && chunk == oldTop && found > writable;
    clear(pointer, (isFresh ? writable : found) - 8);
    return pointer;
  }

  realloc(pointer: u64, bytes: u64): u64 {
    if (!pointer) return this.malloc(bytes);
    if (!bytes) {
      this.free(pointer);
      return 0;
    }
    look();
    const resized = resize(toChunk(pointer), bytes);
    act();
    return resized;
  }

  free(pointer: u64): void {
    if (!pointer) return;
    const chunk = toChunk(pointer);
    const cached = tcache.putDirectly(chunk);
    if (cached) live -= cached - 8;
    else free(chunk);
  }

  aligned(align: u64, bytes: u64): u64 {
    if (align <= 16) return this.malloc(bytes);
    align = max(align, MIN_CHUNK);
    const size = requestSize(bytes);
    const padded = size ? requestSize(size + align + MIN_CHUNK) : 0;
    if (!padded) return 0;
    const cached = version.alignedTakesCached ? takeCachedAligned(align, size) : 0;
    if (cached) return cached;
    const chunk = allocateForThread(padded, size + align + MIN_CHUNK, bytes + align + MIN_CHUNK);
    return chunk ? handOut(trimToAlignment(chunk, align, size)) : 0;
  }

  usableSize(pointer: u64): u64 {
    look();
    const chunk = toChunk(pointer);
    const bytes = usableOf(chunk, headOf(chunk));
    act();
    return bytes;
  }

  /** malloc_trim: consolidates, discards the pages inside free chunks, and trims the top. */
  trim(keep: u64): bool {
    const before = arenas.enterFirst();
    let any = false;
    do {
      if (trimArena(keep)) any = true;
    } while (arenas.enterNext());
    arenas.leave(before);
    return any;
  }

  tellsThreads(): bool {
    return true;
  }

  thread(number: u32): void {
    threads.run(number);
  }

  endThread(number: u32): void {
    threads.end(number);
  }

  check(): void {
    check(live);
  }

  inUse(): u64 {
    return live;
  }

  system(): u64 {
    return arenas.heapBytes() + heap.mappedBytes;
  }

  tellFree(): void {
    tellFree();
  }

  /** All bytes that are not in a live block. Headers and the tcache's struct are among them. */
  cached(): u64 {
    return this.system() - live;
  }

  statistic(which: u32): u64 {
    return statistic(which);
  }

  figures(part: u32): usize {
    return figuresOf(part);
  }
}

/** Only the top of the main arena is trimmed. */
function trimArena(keep: u64): bool {
  consolidate();
  const discarded = bins.discardPages();
  return (arenas.isMain() && heap.trim(keep)) || discarded;
}

/** Usable bytes; 0, without complaint, where the chunk behind says that this one is free. */
function usableOf(chunk: u64, head: u64): u64 {
  return head & MMAPPED || isInUse(chunk, withoutFlags(head)) ? usable(head) : 0;
}

// ---- realloc ----

/** Resizes a block, perhaps moving it. Looks, until nothing speaks against it. */
function resize(chunk: u64, bytes: u64): u64 {
  const head = headOf(chunk);
  const old = withoutFlags(head);
  if (version.keptSlack && isNearlyFull(chunk, head, bytes)) return toPointer(chunk);
  if (!(head & MMAPPED) && !tcache.isReady()) {
    act();
    ready();
  }
  if (chunk > 0 - old || chunk & 15) messages.stop(Message.ReallocInvalidPointer, chunk);
  const size = requestSize(bytes);
  if (!size) return 0;
  if (head & MMAPPED) return reallocMapped(chunk, old, size, bytes);
  arenas.enterOwner(chunk, head);
  if (isImpossible(head)) messages.stop(Message.ReallocInvalidOldSize, chunk);
  if (isImpossible(headOf(chunk + old))) messages.stop(Message.ReallocInvalidNextSize, chunk);
  act();
  const resized = reallocHeap(chunk, old, size);
  return resized || !arenas.areMany ? resized : moveAnywhere(chunk, old, size, bytes);
}

/** So few of its bytes would be given up that the block stays as it is. */
function isNearlyFull(chunk: u64, head: u64, bytes: u64): bool {
  return usableOf(chunk, head) - bytes < (head & MMAPPED ? version.keptMappedSlack : version.keptSlack);
}

function reallocMapped(chunk: u64, old: u64, size: u64, bytes: u64): u64 {
  checkMapped(chunk, beforeOf(chunk), old, Message.MremapInvalidPointer);
  act();
  const moved = heap.remapChunk(chunk, beforeOf(chunk), old, size);
  if (moved) {
    live += sizeOf(moved) - old;
    return toPointer(moved);
  }
  if (old - 8 >= size) return toPointer(chunk);
  const fresh = take(size, bytes);
  if (!fresh) return 0;
  const held = old - version.mappedOverhead;
  copy(fresh, toPointer(chunk), held);
  live -= held;
  heap.unmapChunk(chunk, beforeOf(chunk), old);
  return fresh;
}

/** Resizes a heap chunk in place, into the top, or into a free neighbour; else moves its block. */
function reallocHeap(chunk: u64, old: u64, size: u64): u64 {
  const next = chunk + old;
  let found = old;
  if (old < size) {
    if (next == heap.top && old + heap.topSize() >= size + MIN_CHUNK) return growIntoTop(chunk, old, size);
    const free = next == heap.top || isInUse(next, sizeOf(next)) ? 0 : sizeOf(next);
    if (old + free < size) return moveBlock(chunk, old, size);
    bins.unlink(next, free);
    found = old + free;
  }
  return shrinkTo(chunk, old, found, size);
}

function growIntoTop(chunk: u64, old: u64, size: u64): u64 {
  const left = old + heap.topSize() - size;
  setSize(chunk, size);
  heap.setTop(chunk + size, left | PREV_INUSE);
  live += size - old;
  return toPointer(chunk);
}

function moveBlock(chunk: u64, old: u64, size: u64): u64 {
  const fresh = allocate(size, size - 15); // measured: 15 bytes short of the chunk are filled
  if (!fresh) return 0;
  if (fresh == chunk + old) return shrinkTo(chunk, old, old + sizeOf(fresh), size);
  copy(toPointer(fresh), toPointer(chunk), old - 8);
  live += usable(headOf(fresh)) - (old - 8);
  releaseInternally(chunk, headOf(chunk));
  return toPointer(fresh);
}

/** Keeps `size` of the `found` bytes that the chunk now has, and frees the rest if it makes a chunk. */
function shrinkTo(chunk: u64, old: u64, found: u64, size: u64): u64 {
  const left = found - size;
  if (left < MIN_CHUNK) {
    setSize(chunk, found);
    markInUse(chunk, found);
    live += found - old;
    return toPointer(chunk);
  }
  setSize(chunk, size);
  live += size - old;
  releaseTail(chunk + size, left);
  return toPointer(chunk);
}

/** There is no room in the arena of the block: it moves wherever there is. */
function moveAnywhere(chunk: u64, old: u64, size: u64, bytes: u64): u64 {
  const fresh = take(size, bytes);
  if (!fresh) return 0;
  const head = headOf(chunk);
  copy(fresh, toPointer(chunk), old - 8);
  live -= old - 8;
  releaseInternally(chunk, head);
  return fresh;
}

/** Makes a chunk of the bytes behind a chunk in use, and frees it. */
function releaseTail(rest: u64, size: u64): void {
  setHead(rest, size | PREV_INUSE | ofArena);
  markInUse(rest, size);
  releaseInternally(rest, headOf(rest));
}

// ---- Alignment ----

/** Takes a cached block that happens to be aligned. Returns its pointer; 0 when there is none. */
function takeCachedAligned(align: u64, size: u64): u64 {
  const bin = tcache.binOf(size);
  const cached = bin < tcache.bins && tcache.isReady() ? tcache.takeAligned(bin, align) : 0;
  if (cached) live += size - 8;
  return cached;
}
