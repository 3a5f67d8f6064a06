/**
 * Tells of the free chunks, in which list each is. The bytes of a chunk that are free are its size word, which another chunk may
 * take in, and all up to the next one:
 *
 *      p          8                                          p + size   8
 *      ├──────────┼──────────────────────────────────────────┼──────────┼──────
 *      │ of the   │ free                                                │ next
 *      │ one before                                                     │ one
 */
import { FreeList } from "../../shared/glibc";
import { linkAt, tell } from "../free-blocks";
import * as arenas from "./arenas";
import * as bins from "./bins";
import { MIN_CHUNK, MIN_LARGE, toChunk, toPointer, withoutFlags } from "./chunk";
import * as fastbins from "./fastbins";
import * as heap from "./heap";
import * as heaps from "./heaps";
import * as tcache from "./tcache";
import * as threads from "./threads";
import * as version from "./version";

export function tellFree(): void {
  const before = arenas.enterFirst();
  do tellArena();
  while (arenas.enterNext());
  arenas.leave(before);
  for (let number: u32 = 1; number <= threads.highest; number++) {
    const struct = threads.hasRun(number) ? threads.tcacheOf(number) : 0;
    if (struct) tellTcache(struct);
  }
}

function sizeAt(chunk: u64): u64 {
  return withoutFlags(linkAt(chunk + 8));
}

function tellArena(): void {
  if (heap.top) tellTop();
  for (let number: u32 = 1; number < bins.BINS; number++) tellBin(number);
  for (let size: u64 = MIN_CHUNK; fastbins.mayHold && size <= fastbins.largest; size += 16) {
    for (let chunk = fastbins.first(size); chunk; chunk = mixedLinkAt(toPointer(chunk))) {
      if (!tell(chunk + 8, size, FreeList.Fastbin)) return;
    }
  }
}

function tellTop(): void {
  const end = heap.top + sizeAt(heap.top);
  tell(heap.top + 8, end - heap.top - 8, FreeList.Top);
  if (arenas.isMain()) return;
  const start = heaps.heapOf(heap.top);
  tell(end, start + linkAt(start + heaps.ACCESSIBLE) - end, FreeList.Heap);
}

function tellBin(number: u32): void {
  const bin = bins.binAt(number);
  for (let chunk = bins.nextOf(bin); chunk && chunk != bin; chunk = linkAt(chunk + 16)) {
    const size = sizeAt(chunk);
    const sized = size < MIN_LARGE ? FreeList.Small : FreeList.Large;
    if (!tell(chunk + 8, size, bin == bins.unsorted ? FreeList.Unsorted : sized)) return;
  }
}

function tellTcache(struct: u64): void {
  for (let bin: u64 = 0; bin < tcache.BINS; bin++) {
    const size = MIN_CHUNK + 16 * bin;
    let pointer = linkAt(struct + version.tcachePointers + 8 * bin);
    for (; pointer; pointer = mixedLinkAt(pointer)) {
      if (!tell(toChunk(pointer) + 8, size, FreeList.Tcache)) return;
    }
  }
}

/** The link at an address, which it is mixed with. */
function mixedLinkAt(address: u64): u64 {
  return linkAt(address) ^ (address >> 12);
}
