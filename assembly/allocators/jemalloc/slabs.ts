/**
 * Small blocks: regions of slabs. A class has a slab that it takes from, whose lowest free region is next, and a heap of
 * others that have some free. Full slabs are in no list. A slab that becomes empty is released at once.
 *
 *      current   ├●│●│ │●│ │ ┤      heap   ├●│ │●┤  ├ │●│●┤        nowhere   ├●│●│●┤
 */
import { FreeList } from "../../shared/jemalloc";
import { tell } from "../free-blocks";
import { arenaAt, MAIN } from "./arena";
import { PAGE, regionsOf, SMALL_CLASSES, sizeOf, slabBytes } from "./classes";
import { Extent, freeAllRegions, giveRegion, isRegionFree, takeRegion } from "./extent";
import * as pages from "./page-layer";
import * as heaps from "./pairing-heap";
import { Heap } from "./pairing-heap";
import * as radix from "./radix";

@unmanaged
class Bin extends Heap {
  /** The slab that regions are taken from, which may be full. */
  current: Extent | null;
}

const BIN_BYTES: usize = 16;
const BINS: usize = memory.data(<i32>(BIN_BYTES * SMALL_CLASSES), 8);

function binOf(index: u32): Bin {
  return changetype<Bin>(BINS + BIN_BYTES * index);
}

/** Takes a region of a small class. Returns its address, or 0. */
export function take(index: u32): u64 {
  const bin = binOf(index);
  let slab = bin.current;
  const isFull = slab ? slab.freeRegions == 0 : true;
  if (!slab || isFull) {
    slab = heaps.removeFirst(bin);
    if (!slab) slab = newSlab(index);
    bin.current = slab;
    if (!slab) return 0;
  }
  arenaAt(MAIN).allocated += sizeOf(index);
  return slab.base + sizeOf(index) * takeRegion(slab);
}

function newSlab(index: u32): Extent | null {
  const slab = pages.allocate(arenaAt(MAIN), slabBytes(index), PAGE, false);
  if (!slab) return null;
  slab.index = index;
  slab.isSlab = true;
  freeAllRegions(slab, regionsOf(index));
  radix.registerSlab(slab);
  return slab;
}

/** Frees a region, unless it is free. Returns its slab if that is empty now, which is to be released then. */
export function give(slab: Extent, pointer: u64): Extent | null {
  const index = slab.index;
  const regions = regionsOf(index);
  const bin = binOf(index);
  const region = <u32>((pointer - slab.base) / sizeOf(index));
  if (isRegionFree(slab, region)) return null;
  arenaAt(MAIN).allocated -= sizeOf(index);
  giveRegion(slab, region);
  if (slab.freeRegions == regions) {
    if (bin.current == slab) bin.current = null;
    else if (regions > 1) heaps.remove(bin, slab);
    return slab;
  }
  if (slab.freeRegions == 1 && bin.current != slab) list(bin, slab);
  return null;
}

/** A slab that was full has a free region. The older of it and the current one is current. */
function list(bin: Bin, slab: Extent): void {
  const current = bin.current;
  if (!current || !heaps.isBefore(slab, current)) {
    heaps.insert(bin, slab);
    return;
  }
  if (current.freeRegions) heaps.insert(bin, current);
  bin.current = slab;
}

/** Tells of the free regions of all slabs. */
export function tellFree(): void {
  for (let index: u32 = 0; index < SMALL_CLASSES; index++) {
    const bin = binOf(index);
    const current = bin.current;
    if (current) tellRegions(current);
    let slab = bin.root;
    while (slab) {
      tellRegions(slab);
      slab = heaps.after(slab);
    }
  }
}

function tellRegions(slab: Extent): void {
  const bytes = sizeOf(slab.index);
  const regions = regionsOf(slab.index);
  for (let region: u32 = 0; region < regions; region++) {
    if (isRegionFree(slab, region)) tell(slab.base + bytes * region, bytes, FreeList.Slab);
  }
}

/** Asserts that a class has as many slabs with free regions, but for the current one, in its heap as a walk has met. */
export function check(index: u32, listed: u32): void {
  const bin = binOf(index);
  const current = bin.current;
  if (current) assert(current.isSlab && current.index == index, "the current slab is of the class");
  assert(heaps.check(bin) == listed, "the heap of a class has all its slabs that are not full");
}

/** Whether a slab is to be in the heap of its class. For validators. */
export function isListed(slab: Extent): bool {
  return slab.freeRegions != 0 && binOf(slab.index).current != slab;
}
