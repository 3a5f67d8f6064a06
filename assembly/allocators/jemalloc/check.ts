/**
 * The validator: walks all that is mapped, extent by extent and block of metadata by block, and holds what it meets
 * against what is kept of it: the sets, the heaps of slabs, the cache, the sums.
 */
import { lostBytes, mappedBytes, mappingAbove, virtualBytes } from "../../machine/kernel";
import { layerBytes } from "../allocator";
import { Arena, arenaAt, HUGE_ARENA, isMade, MAIN } from "./arena";
import { blockBytesAt, check as checkBase } from "./base";
import * as cache from "./cache";
import { PAD, PAGE, regionsOf, SMALL_CLASSES, sizeOf, slabBytes } from "./classes";
import { Extent, isRegionFree, State } from "./extent";
import { check as checkSet } from "./extent-set";
import { peekExtent } from "./radix";
import * as slabs from "./slabs";

/** What a walk has met of an arena. */
@unmanaged
class Met {
  extents: u64;
  activeBytes: u64;
  dirty: u64;
  dirtyBytes: u64;
  retained: u64;
  retainedBytes: u64;
  allocated: u64;
}

const MET_BYTES: usize = 56;
const MET: usize = memory.data(<i32>MET_BYTES * 2, 8);
/** By class: slabs that are to be in its heap. */
const LISTED: usize = memory.data(<i32>(4 * SMALL_CLASSES), 4);

function metOf(arena: u32): Met {
  return changetype<Met>(MET + MET_BYTES * arena);
}

/** `held`: bytes of the blocks that the program has. */
export function check(held: u64): void {
  if (!isMade(MAIN)) return;
  memory.fill(MET, 0, MET_BYTES * 2);
  memory.fill(LISTED, 0, 4 * SMALL_CLASSES);
  const extents = walkMappings();
  let blocks: u64 = 0;
  for (let number: u32 = MAIN; number <= HUGE_ARENA; number++) {
    if (isMade(number)) blocks += checkArena(arenaAt(number));
  }
  assert(
    extents + blocks + layerBytes == virtualBytes(),
    "extents, blocks of metadata and what a layer has are all that is mapped",
  );
  assert(lostBytes == 0, "munmap cuts off only what was just mapped");
  for (let index: u32 = 0; index < SMALL_CLASSES; index++) slabs.check(index, load<u32>(LISTED + 4 * index));
  const kept = cache.check();
  const allocated = metOf(MAIN).allocated + metOf(HUGE_ARENA).allocated;
  assert(held + kept <= allocated, "what the program has and what is kept is allocated");
}

/** Returns the bytes of all extents, which can go on in the next mapping. */
function walkMappings(): u64 {
  let bytes: u64 = 0;
  for (let at = mappingAbove(0); at; ) {
    const block = blockAt(at);
    const extent = block ? 0 : walkExtent(at);
    bytes += extent;
    // A page of a layer's is neither.
    at += block + extent ? block + extent : PAGE;
    if (!mappedBytes(at)) at = mappingAbove(at);
  }
  return bytes;
}

function blockAt(address: u64): u64 {
  const bytes = blockBytesAt(arenaAt(MAIN).base, address);
  return bytes || !isMade(HUGE_ARENA) ? bytes : blockBytesAt(arenaAt(HUGE_ARENA).base, address);
}

/** Returns the bytes of the extent at an address; 0 if none is there. */
function walkExtent(address: u64): u64 {
  const found = peekExtent(address);
  if (!found) return 0;
  const extent = found as Extent;
  assert(
    extent.base == address && peekExtent(extent.end - PAGE) == extent,
    "an extent is known by both ends",
  );
  const met = metOf(extent.arena);
  met.extents++;
  if (extent.state == State.Dirty) {
    met.dirty++;
    met.dirtyBytes += extent.bytes;
  } else if (extent.state == State.Retained) {
    met.retained++;
    met.retainedBytes += extent.bytes;
    checkRetained(extent);
  } else {
    met.activeBytes += extent.bytes;
    met.allocated += extent.isSlab ? walkSlab(extent) : walkLarge(extent);
  }
  return extent.bytes;
}

function checkRetained(extent: Extent): void {
  assert(extent.isZeroed, "what is retained reads as zero");
  const above = peekExtent(extent.end);
  if (!above || above.base != extent.end || above.isHead) return;
  const isApart = above.state != State.Retained || above.arena != extent.arena;
  assert(isApart, "two neighbours that are retained are one");
}

function walkLarge(extent: Extent): u64 {
  assert(extent.bytes == sizeOf(extent.index) + PAD, "a large extent is a page larger than its class");
  return sizeOf(extent.index);
}

function walkSlab(slab: Extent): u64 {
  const index = slab.index;
  const regions = regionsOf(index);
  assert(slab.bytes == slabBytes(index) && slab.arena == MAIN, "a slab is as large as its class says");
  for (let at = slab.base; at < slab.end; at += PAGE) {
    assert(peekExtent(at) == slab, "a slab is known by every page");
  }
  let free: u32 = 0;
  for (let region: u32 = 0; region < regions; region++) free += u32(isRegionFree(slab, region));
  assert(free == slab.freeRegions && free < regions, "a slab counts its free regions, and has some in use");
  if (slabs.isListed(slab)) store<u32>(LISTED + 4 * index, load<u32>(LISTED + 4 * index) + 1);
  return sizeOf(index) * (regions - free);
}

/** Returns the bytes of its blocks of metadata. */
function checkArena(arena: Arena): u64 {
  const met = metOf(arena.number);
  assert(arena.extents == met.extents && arena.extents <= arena.records, "each extent has a record");
  assert(arena.active == met.activeBytes, "the active extents of an arena add up");
  assert(arena.allocated == met.allocated, "what is allocated in an arena adds up");
  checkSet(arena.dirty, met.dirty, met.dirtyBytes);
  checkSet(arena.retained, met.retained, met.retainedBytes);
  return checkBase(arena.base);
}
