/**
 * The depot: a magazine with much free memory leaves a sparsely used region there and tells the kernel
 * that its free pages are reusable. It takes a region back before it maps another. An empty one is
 * unmapped when the depot is crowded.
 */
import * as kernel from "../../machine/kernel";
import { pageMask, roundToPages } from "../../machine/layout";
import { Blocks } from "./blocks";
import { finishBump, flushLastFree } from "./coalesce";
import { push, remove } from "./free-list";
import { bytesOf, firstFilled, headOf, listOf, Magazine, NO_LIST, Rack, regionOf } from "./rack";
import { append, bytesUsed, detach, nextRegion, unmapRegion } from "./region";

/** Whether less than three quarters of it are used. */
function isSparse(used: u64, bytes: u64): bool {
  return 4 * used < 3 * bytes;
}

/** Tells the kernel that a free block's pages are reusable, but for those that its head and tail are on. */
export function adviseReusable<B extends Blocks>(blocks: B, rack: Rack, block: u64, quanta: u64): void {
  const from = roundToPages(block + blocks.headBytes(rack, block));
  const to = (block + bytesOf(rack, quanta) - blocks.tailBytes()) & ~pageMask;
  if (from < to) kernel.madvise(from, to - from, kernel.Syscall.MadviseFreeReusable);
}

/** Moves a region from one magazine to another. Its free blocks are listed anew, in order of address. */
function moveRegion<B extends Blocks>(
  blocks: B,
  rack: Rack,
  region: u64,
  from: Magazine,
  to: Magazine,
): void {
  const end = region + rack.payload;
  if (isDefined(ZP_CHECK)) assert(from.bumpEnd != end, "a region is moved when all of it was handed out");
  if (isDefined(ZP_CHECK))
    assert(regionOf(rack, from.lastFree) != region, "a region is moved without a block freed last");
  detach(rack, from, region);
  for (let block = region; block < end; ) {
    const free = blocks.isLive(rack, block) ? 0 : blocks.freeAt(rack, block);
    if (free) {
      remove(blocks, rack, from, block, free);
      push(blocks, rack, to, block, free);
      if (to == rack.depot) adviseReusable(blocks, rack, block, free);
    }
    block += bytesOf(rack, free ? free : blocks.sizeOf(rack, block));
  }
  append(rack, to, region);
}

/** Unmaps a region of the depot if none of it is used and the depot is crowded. */
export function unmapIfSpare<B extends Blocks>(blocks: B, rack: Rack, region: u64): void {
  const depot = rack.depot;
  if (bytesUsed(rack, region) || depot.regions < rack.crowded) return;
  // It is one free block.
  remove(blocks, rack, depot, region, rack.quanta);
  detach(rack, depot, region);
  unmapRegion(rack, region);
}

/** Leaves the first sparse region in the depot, if more is free than one and a half regions and than a quarter. */
export function leaveSparse<B extends Blocks>(blocks: B, rack: Rack): void {
  const magazine = rack.magazine;
  const bytes = magazine.regions * rack.payload;
  const used = magazine.bytesInObjects;
  if (2 * (bytes - used) <= 3 * rack.payload || !isSparse(used, bytes)) return;
  let region = magazine.firstRegion;
  while (region && !isSparse(bytesUsed(rack, region), rack.payload)) region = nextRegion(rack, region);
  if (!region) return;
  if (magazine.lastFree && regionOf(rack, magazine.lastFree) == region) flushLastFree(blocks, rack);
  if (magazine.bumpEnd == region + rack.payload) finishBump(blocks, rack);
  moveRegion(blocks, rack, region, magazine, rack.depot);
  unmapIfSpare(blocks, rack, region);
}

/** Takes back a region with a free block for the request. Returns whether there was one. */
export function recall<B extends Blocks>(blocks: B, rack: Rack, quanta: u64): bool {
  const depot = rack.depot;
  const list = firstFilled(depot, listOf(rack, quanta));
  if (list == NO_LIST) return false;
  const region = regionOf(rack, headOf(depot, list));
  moveRegion(blocks, rack, region, depot, rack.magazine);
  kernel.madvise(region, rack.payload, kernel.Syscall.MadviseFreeReuse);
  return true;
}
