/**
 * Allocation of tiny, small and medium blocks from the thread's magazine. These are tried in order:
 *
 *      1. the block freed last, if its size is exactly right
 *      2. the free list of the size, or of the next larger one; the rest of the block is put back
 *      3. what was never handed out of the newest region
 *      4. a region from the depot
 *      5. a region from the kernel
 */
import { clear } from "../../machine/access";
import { Blocks } from "./blocks";
import { finishBump, takeBack } from "./coalesce";
import { adviseReusable, leaveSparse, recall, unmapIfSpare } from "./depot";
import { push, remove, takeHead } from "./free-list";
import { bytesOf, firstFilled, headOf, listOf, NO_LIST, Rack, regionOf } from "./rack";
import { append, charge, magazineOf, mapRegion } from "./region";

/** Whether the block handed out last was the first of a region just mapped. */
export let isFresh: bool = false;

/** Takes a block. Returns 0 when the kernel gives no region. */
export function allocate<B extends Blocks>(blocks: B, rack: Rack, quanta: u64): u64 {
  if (isDefined(ZP_CHECK))
    assert(quanta && quanta <= rack.lists, "any block of the last list is large enough");
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
  if (isDefined(ZP_CHECK)) assert(block != 0, "what is handed out lies in a region");
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
  if (isDefined(ZP_CHECK)) assert(!magazine.bumpEnd, "the region before is finished");
  append(rack, magazine, region);
  blocks.begin(rack, region);
  magazine.bump = region;
  magazine.bumpEnd = region + rack.payload;
  return true;
}

/** Frees a live block: it becomes the one freed last, and the one before it is really freed. */
export function free<B extends Blocks>(blocks: B, rack: Rack, block: u64, quanta: u64): void {
  if (isDefined(ZP_CHECK)) assert(block != rack.magazine.lastFree, "the block freed last is not freed again");
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

/** Really frees a block, in the magazine or the depot: wherever its region is. */
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
  if (isDefined(ZP_CHECK))
    assert(quanta && quanta < old, "a block that shrinks leaves something, and frees something");
  blocks.markLive(rack, block, quanta);
  release(blocks, rack, block + bytesOf(rack, quanta), old - quanta);
}

/** Grows a live block into the free one behind it. Returns whether there was one, and large enough. */
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

/** Cuts a live block of `old` quanta down to one of `quanta` on the alignment. It must fit. Returns where it is. */
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
  if (isDefined(ZP_CHECK)) assert(lead + quanta <= old, "the aligned block lies within the whole one");
  if (lead) {
    blocks.markLive(rack, aligned, old - lead);
    blocks.markLive(rack, block, lead);
    release(blocks, rack, block, lead);
  }
  if (old - lead > quanta) shrink(blocks, rack, aligned, old - lead, quanta);
  return aligned;
}
