/**
 * Freeing a chunk. It goes into the tcache, else into a fastbin, else it is merged with its free
 * neighbours and goes into the unsorted bin, or its small one, or becomes part of the top. A large free
 * chunk leads to consolidation and trimming.
 */

import { fill } from "../../machine/access";
import { act } from "../../machine/failure";
import { enter, leave } from "../../machine/paths";
import { Message } from "../../shared/glibc";
import * as arenas from "./arenas";
import * as bins from "./bins";
import {
  beforeOf,
  headOf,
  isInUse,
  MIN_CHUNK,
  MIN_LARGE,
  PREV_INUSE,
  setBefore,
  setHead,
  sizeOf,
  toPointer,
  withoutFlags,
} from "./chunk";
import * as fastbins from "./fastbins";
import { MALLOC_CONSOLIDATE } from "./functions";
import * as heap from "./heap";
import * as heaps from "./heaps";
import * as messages from "./messages";
import * as parameters from "./parameters";
import * as tcache from "./tcache";
import * as version from "./version";

/** A free chunk of this size or more leads to consolidation. */
const CONSOLIDATION: u64 = 65536;

/** Frees a heap chunk. `head`: its size word. Aborts at misuse that glibc notices, mostly before it changes anything. */
export function release(chunk: u64, head: u64): void {
  const size = withoutFlags(head);
  if (chunk > 0 - size || chunk & 15 || size < MIN_CHUNK || size & 15) {
    refuse(chunk, size);
    if (size > tcache.LARGEST) return releaseUncached(chunk, head, size);
  }
  const bin = tcache.binOf(size);
  if (bin < tcache.bins && tcache.isReady()) {
    tcache.refuseDouble(bin, toPointer(chunk));
    if (tcache.hasRoom(bin)) {
      act();
      tcache.put(bin, toPointer(chunk));
      return;
    }
  }
  releaseUncached(chunk, head, size);
}

/** Aborts, unless the version does not mind. */
function refuse(chunk: u64, size: u64): void {
  if (version.checksPointerFirst) return refuseLate(chunk, size);
  if (chunk > 0 - size || chunk & 15) messages.stop(Message.InvalidPointer, chunk);
  messages.stop(Message.InvalidSize, chunk);
}

/** Measured: a size that is less than any is seen after a double free. */
function refuseLate(chunk: u64, size: u64): void {
  checkPointer(chunk, size);
  if (size >= MIN_CHUNK) return;
  if (tcache.isReady()) tcache.refuseDouble(0, toPointer(chunk));
  messages.stop(Message.InvalidSize, chunk);
}

/** What 2.43 checks of every block that is freed, before anything else. */
export function checkPointer(chunk: u64, size: u64): void {
  if (chunk & 15) messages.stop(Message.InvalidPointer, chunk);
  if (chunk + size < chunk) messages.stop(Message.InvalidSize, chunk);
}

/** Frees what realloc gives up, or an abandoned top. */
export function releaseInternally(chunk: u64, head: u64): void {
  if (version.cachesInternalFrees) return release(chunk, head);
  arenas.enterOwner(chunk, head);
  releaseMerging(chunk, head, withoutFlags(head));
}

/** Frees what aligned allocation cuts off before the block. */
export function releaseLead(chunk: u64, head: u64): void {
  if (version.mergesCuts) releaseMerging(chunk, head, withoutFlags(head));
  else release(chunk, head);
}

/** Frees what aligned allocation cuts off behind the block. Measured: a version that merges it does not fill it. */
export function releaseRest(chunk: u64, head: u64): void {
  if (version.mergesCuts) mergeAndTrim(chunk, head, withoutFlags(head), headOf(chunk + withoutFlags(head)));
  else release(chunk, head);
}

/** Frees a chunk past the tcache, into the arena that it is of. */
export function releaseUncached(chunk: u64, head: u64, size: u64): void {
  arenas.enterOwner(chunk, head);
  if (size <= fastbins.largest && version.hasFastbins) releaseFast(chunk, size);
  else releaseMerging(chunk, head, size);
}

/** No chunk has this size word. Measured: 16 is impossible, but 16 with a flag is not. */
export function isImpossible(head: u64): bool {
  return head <= 16 || withoutFlags(head) >= heap.heapBytes;
}

/** Fills freed memory. Measured: not that of a chunk that goes into the tcache, and not the last 8 bytes. */
function perturb(chunk: u64, size: u64): void {
  if (parameters.perturb) fill(toPointer(chunk), parameters.perturb, size - 16);
}

function releaseFast(chunk: u64, size: u64): void {
  if (isImpossible(headOf(chunk + size))) messages.stop(Message.InvalidNextSizeFast, chunk);
  if (fastbins.first(size) == chunk) messages.stop(Message.FastDoubleFree, chunk);
  act();
  perturb(chunk, size);
  fastbins.put(chunk, size);
}

function releaseMerging(chunk: u64, head: u64, size: u64): void {
  const next = chunk + size;
  if (chunk == heap.top) messages.stop(Message.DoubleFreeTop, chunk);
  if (heap.isBeyond(next)) messages.stop(Message.DoubleFreeOut, chunk);
  const nextHead = headOf(next);
  if (!(nextHead & PREV_INUSE)) messages.stop(Message.DoubleFreePrev, chunk);
  if (isImpossible(nextHead)) messages.stop(Message.InvalidNextSize, chunk);
  act();
  perturb(chunk, size);
  mergeAndTrim(chunk, head, size, nextHead);
}

function mergeAndTrim(chunk: u64, head: u64, size: u64, nextHead: u64): void {
  const merged = merge(chunk, head, size, nextHead, false);
  if (merged < CONSOLIDATION) return;
  if (fastbins.mayHold) consolidate();
  if (!arenas.isMain()) heaps.trim();
  else if (heap.topSize() >= parameters.trimThreshold) heap.trim(parameters.topPad);
}

/** Merges a free chunk with its free neighbours. Returns its size then. `wasFast`: it was in a fastbin. */
function merge(chunk: u64, head: u64, size: u64, nextHead: u64, wasFast: bool): u64 {
  const next = chunk + size;
  if (!(head & PREV_INUSE)) {
    const before = beforeOf(chunk);
    chunk -= before;
    size += before;
    if (sizeOf(chunk) != before)
      messages.stop(wasFast ? Message.CorruptedSizeFast : Message.CorruptedSizeMerging, chunk);
    bins.unlink(chunk, before);
  }
  if (next == heap.top) {
    size += heap.topSize();
    heap.setTop(chunk, size | PREV_INUSE);
    return size;
  }
  const nextSize = withoutFlags(nextHead);
  if (isInUse(next, nextSize)) {
    setHead(next, nextHead & ~PREV_INUSE);
  } else {
    bins.unlink(next, nextSize);
    size += nextSize;
  }
  if (version.sortsSmallAtFree && size < MIN_LARGE && !wasFast) bins.addSmall(chunk, size);
  else bins.addUnsorted(chunk, size);
  setHead(chunk, size | PREV_INUSE);
  setBefore(chunk + size, size);
  return size;
}

/** Takes every chunk out of the fastbins and merges it with its free neighbours. */
export function consolidate(): void {
  const caller = enter(MALLOC_CONSOLIDATE);
  fastbins.emptied();
  for (let size: u64 = MIN_CHUNK; size <= fastbins.largest; size += 16) {
    for (let chunk = takeFast(size); chunk; chunk = takeFast(size)) {
      const head = headOf(chunk);
      const found = withoutFlags(head);
      merge(chunk, head, found, headOf(chunk + found), true);
    }
  }
  if (isDefined(ZP_CHECK)) assert(!fastbins.mayHold, "merging puts nothing into the fastbins");
  leave(caller);
}

function takeFast(size: u64): u64 {
  const chunk = fastbins.take(size, Message.ConsolidateUnaligned);
  if (chunk && !fastbins.belongs(chunk, size)) messages.stop(Message.ConsolidateInvalidSize, chunk);
  return chunk;
}
