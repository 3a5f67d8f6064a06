/**
 * Allocation of tiny, small and medium blocks from the thread's magazine: the block freed last if its
 * size is exactly right; else the free list of the size, or of the next larger with the rest put back;
 * else what was never used of the newest region; else a region from the depot, else from the kernel.
 */
import { clear } from "../../machine/access";
import { Blocks } from "./blocks";
import { finishBump, takeBack } from "./coalesce";
import { adviseReusable, leaveSparse, recall, unmapIfSpare } from "./depot";
import { push, remove, takeHead } from "./free-list";
import { bytesOf, firstFilled, headOf, listOf, NO_LIST, Rack, regionOf } from "./rack";
import { append, charge, magazineOf, mapRegion } from "./region";

/** The block handed out last is the first of a region just mapped. */
export let isFresh: bool = false;

/** Takes a block. Returns 0 when the kernel gives no region. */
export function allocate<B extends Blocks>(blocks: B, rack: Rack, quanta: u64): u64 {
  const magazine = rack.magazine;
  isFresh = false;
  if (magazine.lastFreeQuanta == quanta) {
    const block = magazine.lastFree;
    magazine.lastFree = 0;
    magazine.lastFreeQuanta = 0;
    return block;
  }
  let block = fromLists(blocks, rack, quanta);
  if (block) return block;
  block = fromBump(blocks, rack, quanta);
  if (block) return block;
  if (rack.hasDepot && recall(blocks, rack, quanta)) return fromLists(blocks, rack, quanta);
  if (!addRegion(blocks, rack)) return 0;
  block = fromBump(blocks, rack, quanta);
  isFresh = true;
  return block;
}

function fromLists<B extends Blocks>(blocks: B, rack: Rack, quanta: u64): u64 {
  const magazine = rack.magazine;
  const list = firstFilled(magazine, listOf(rack, quanta));
  if (list == NO_LIST) return 0;
  const block = headOf(magazine, list);
  const found = list + 1 < rack.lists ? list + 1 : blocks.freeAt(rack, block);
  takeHead(blocks, rack, magazine, list, found);
  blocks.markLive(rack, block, quanta);
  if (found > quanta) push(blocks, rack, magazine, block + bytesOf(rack, quanta), found - quanta);
  charge(rack, magazine, regionOf(rack, block), bytesOf(rack, quanta));
  return block;
}

function fromBump<B extends Blocks>(blocks: B, rack: Rack, quanta: u64): u64 {
  const magazine = rack.magazine;
  const block = magazine.bump;
  const bytes = bytesOf(rack, quanta);
  if (block + bytes > magazine.bumpEnd) return 0;
  magazine.bump = block + bytes;
  blocks.markLive(rack, block, quanta);
  charge(rack, magazine, regionOf(rack, block), bytes);
  return block;
}

function addRegion<B extends Blocks>(blocks: B, rack: Rack): bool {
  const region = mapRegion(rack);
  if (!region) return false;
  finishBump(blocks, rack);
  const magazine = rack.magazine;
  append(rack, magazine, region);
  blocks.begin(rack, region);
  magazine.bump = region;
  magazine.bumpEnd = region + rack.payload;
  return true;
}

/** Frees a live block: it becomes the one freed last, and the one that was so before is really freed. */
export function free<B extends Blocks>(blocks: B, rack: Rack, block: u64, quanta: u64): void {
  if (rack.clearsOnFree) clear(block, bytesOf(rack, quanta));
  const magazine = rack.magazine;
  if (quanta >= rack.lastFreeLimit || magazineOf(rack, regionOf(rack, block)) != magazine)
    return release(blocks, rack, block, quanta);
  const displaced = magazine.lastFree;
  const displacedQuanta = magazine.lastFreeQuanta;
  magazine.lastFree = block;
  magazine.lastFreeQuanta = quanta;
  if (displaced) release(blocks, rack, displaced, displacedQuanta);
}

/** Really frees a block, where its region is. */
export function release<B extends Blocks>(blocks: B, rack: Rack, block: u64, quanta: u64): void {
  const region = regionOf(rack, block);
  const magazine = magazineOf(rack, region);
  const begin = takeBack(blocks, rack, magazine, block, quanta);
  if (magazine == rack.depot) {
    adviseReusable(blocks, rack, begin, blocks.freeAt(rack, begin));
    unmapIfSpare(blocks, rack, region);
  } else if (rack.hasDepot) {
    leaveSparse(blocks, rack);
  }
}

// ---- In place ----

/** Cuts a live block's tail off and frees it. */
export function shrink<B extends Blocks>(blocks: B, rack: Rack, block: u64, old: u64, quanta: u64): void {
  blocks.markLive(rack, block, quanta);
  release(blocks, rack, block + bytesOf(rack, quanta), old - quanta);
}

/** Grows a live block into the free one behind it. Returns whether that was there, and large enough. */
export function grow<B extends Blocks>(blocks: B, rack: Rack, block: u64, old: u64, quanta: u64): bool {
  const region = regionOf(rack, block);
  const magazine = magazineOf(rack, region);
  const end = block + bytesOf(rack, old);
  if (end == region + rack.payload || end == magazine.bump) return false;
  const after = blocks.freeAt(rack, end);
  if (old + after < quanta || !after) return false;
  remove(blocks, rack, magazine, end, after);
  blocks.absorb(rack, end);
  blocks.markLive(rack, block, quanta);
  const left = old + after - quanta;
  if (left) push(blocks, rack, magazine, block + bytesOf(rack, quanta), left);
  charge(rack, magazine, region, bytesOf(rack, quanta - old));
  return true;
}

/** Cuts a live block of `old` quanta to one of `quanta` that begins on the alignment, which must fit. */
export function carve<B extends Blocks>(
  blocks: B,
  rack: Rack,
  block: u64,
  old: u64,
  quanta: u64,
  align: u64,
): u64 {
  const aligned = (block + align - 1) & ~(align - 1);
  const lead = (aligned - block) >> rack.quantumShift;
  if (lead) {
    blocks.markLive(rack, aligned, old - lead);
    blocks.markLive(rack, block, lead);
    release(blocks, rack, block, lead);
  }
  if (old - lead > quanta) shrink(blocks, rack, aligned, old - lead, quanta);
  return aligned;
}
