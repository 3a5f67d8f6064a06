/**
 * The depot: a magazine with much free memory leaves a sparsely used region there and tells the kernel
 * that its free pages are reusable. It takes a region back before it maps another. An empty one is
 * unmapped when the depot is crowded.
 */
import * as kernel from "../../machine/kernel";
import { pageMask, roundToPages } from "../../machine/layout";
import { advise, TAIL_BYTES } from "./advice";
import { Blocks } from "./blocks";
import { finishBump } from "./coalesce";
import { push, remove, unlist } from "./free-list";
import { adviseWaiting, wait } from "./medium";
import {
  bytesOf,
  firstFilled,
  headOf,
  heapEndOf,
  heapOf,
  listOf,
  Magazine,
  NO_LIST,
  Rack,
  regionOf,
} from "./rack";
import { bytesUsed, detach, isSuitable, join, nextRegion, previousRegion, unmapRegion } from "./region";

/** Tells the kernel of a free block, but for the pages that its head and its tail are on. */
function adviseInner(rack: Rack, block: u64, quanta: u64): void {
  const end = block + bytesOf(rack, quanta);
  advise(roundToPages(block + rack.headBytes), (end - TAIL_BYTES) & ~pageMask);
}

/** Tells the kernel of every free block in a region that came to the depot. */
function adviseRegion<B extends Blocks>(blocks: B, rack: Rack, region: u64): void {
  let waiting: u64 = 0;
  for (let block = nextFree(blocks, rack, region, heapOf(rack, region)); block; ) {
    const quanta = blocks.freeAt(rack, block);
    if (blocks.remembersAdvice()) waiting = wait(rack, block, quanta, waiting);
    else adviseInner(rack, block, quanta);
    block = nextFree(blocks, rack, region, block + bytesOf(rack, quanta));
  }
  adviseWaiting(waiting);
}

/**
 * Tells the kernel of the pages that a block freed in the depot completed, itself or with its free neighbours.
 * `begin`: where the free block begins that it is part of now. That is the head of its list then.
 */
export function adviseFreed<B extends Blocks>(
  blocks: B,
  rack: Rack,
  begin: u64,
  block: u64,
  quanta: u64,
): void {
  const whole = blocks.freeAt(rack, begin);
  const links = blocks.linkBytes(rack, begin);
  const from = roundToPages(begin + links);
  const to = (begin + bytesOf(rack, whole) - blocks.tailBytes()) & ~pageMask;
  if (from + rack.leastReusable > to) return;
  remove(blocks, rack, rack.depot, begin, whole);
  const completed = (block - blocks.tailBytes()) & ~pageMask;
  const end = roundToPages(block + bytesOf(rack, quanta) + links);
  advise(max(from, completed), min(to, end));
  push(blocks, rack, rack.depot, begin, whole);
}

/** Moves a region from one magazine to another. Its free blocks are listed anew, in order of address. */
function moveRegion<B extends Blocks>(
  blocks: B,
  rack: Rack,
  region: u64,
  from: Magazine,
  to: Magazine,
  isFirst: bool,
): void {
  if (isDefined(ZP_CHECK))
    assert(from.bumpEnd != heapEndOf(rack, region), "a region is moved when all of it was handed out");
  detach(rack, from, region);
  for (let block = nextFree(blocks, rack, region, heapOf(rack, region)); block; ) {
    const quanta = blocks.freeAt(rack, block);
    unlist(blocks, rack, from, block, quanta);
    block = nextFree(blocks, rack, region, block + bytesOf(rack, quanta));
  }
  for (let block = nextFree(blocks, rack, region, heapOf(rack, region)); block; ) {
    const quanta = blocks.freeAt(rack, block);
    push(blocks, rack, to, block, quanta);
    block = nextFree(blocks, rack, region, block + bytesOf(rack, quanta));
  }
  join(rack, to, region, isFirst);
}

/** The first free block of a region from one of its blocks, or its end, on; 0 when there is none. */
function nextFree<B extends Blocks>(blocks: B, rack: Rack, region: u64, block: u64): u64 {
  const end = heapEndOf(rack, region);
  while (block < end && blocks.isLive(rack, block)) block += bytesOf(rack, blocks.sizeOf(rack, block));
  return block < end ? block : 0;
}

/** Unmaps a region of the depot if none of it is used and the depot is crowded. */
export function unmapIfSpare<B extends Blocks>(blocks: B, rack: Rack, region: u64): void {
  const depot = rack.depot;
  if (bytesUsed(rack, region) || depot.regions < rack.crowded) return;
  // It is one free block.
  remove(blocks, rack, depot, heapOf(rack, region), rack.quanta);
  detach(rack, depot, region);
  unmapRegion(rack, region);
}

/** Leaves a sparse region in the depot, if more is free than one and a half regions and than a quarter. */
export function leaveSparse<B extends Blocks>(blocks: B, rack: Rack, magazine: Magazine): void {
  // One region has no more than itself.
  if (magazine.regions < 2) return;
  const bytes = magazine.regions * rack.payload;
  const used = magazine.bytesInObjects;
  if (2 * (bytes - used) <= 3 * rack.payload || used >= bytes - (bytes >> 2)) return;
  const region = findSuitable(rack, magazine);
  if (!region) return;
  leave(blocks, rack, magazine, region);
  unmapIfSpare(blocks, rack, region);
}

function findSuitable(rack: Rack, magazine: Magazine): u64 {
  let region = rack.leavesLast ? magazine.lastRegion : magazine.firstRegion;
  while (region && !isSuitable(rack, region)) {
    region = rack.leavesLast ? previousRegion(rack, region) : nextRegion(rack, region);
  }
  return region;
}

/** Moves a magazine's region to the depot. */
function leave<B extends Blocks>(blocks: B, rack: Rack, magazine: Magazine, region: u64): void {
  if (magazine.bumpEnd == heapEndOf(rack, region)) finishBump(blocks, rack, magazine);
  moveRegion(blocks, rack, region, magazine, rack.depot, false);
  adviseRegion(blocks, rack, region);
}

/** Takes back a region with a free block for the request. Returns whether there was one. */
export function recall<B extends Blocks>(blocks: B, rack: Rack, quanta: u64): bool {
  const depot = rack.depot;
  const list = firstFilled(depot, listOf(rack, quanta));
  if (list == NO_LIST) return false;
  const region = regionOf(rack, headOf(depot, list));
  moveRegion(blocks, rack, region, depot, rack.magazine, rack.recallsFirst);
  if (rack.tellsReuse) kernel.madvise(heapOf(rack, region), rack.payload, kernel.Syscall.MadviseFreeReuse);
  return true;
}

/** Memory pressure: every region of a magazine goes to the depot. */
export function leaveAll<B extends Blocks>(blocks: B, rack: Rack, magazine: Magazine): void {
  while (magazine.firstRegion) leave(blocks, rack, magazine, magazine.firstRegion);
}
