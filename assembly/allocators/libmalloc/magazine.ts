/**
 * Allocation of tiny, small and medium blocks from the running thread's magazine. These are tried in order:
 *
 *      1. the block freed last, if its size is exactly right
 *      2. the free list of the size, or of the next larger one; the rest of the block is put back
 *      3. what was never handed out of the newest region
 *      4. a region from the depot
 *      5. a region from the kernel
 */
import { clear } from "../../machine/access";
import * as advice from "./advice";
import { Blocks } from "./blocks";
import { finishBump, takeBack } from "./coalesce";
import { adviseFreed, leaveSparse, recall, unmapIfSpare } from "./depot";
import { push, remove, replace } from "./free-list";
import { adviseAhead, adviseMerged } from "./medium";
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
import { charge, join, magazineOf, mapRegion, sign } from "./region";

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
    keepLastFree(magazine, 0, 0);
    return block;
  }
  const block = fromMemory(blocks, rack, quanta);
  if (block) rack.objects++;
  return block;
}

/** The block freed last is another one, or none. */
function keepLastFree(magazine: Magazine, block: u64, quanta: u64): void {
  magazine.lastFree = block;
  magazine.lastFreeQuanta = quanta;
}

function fromMemory<B extends Blocks>(blocks: B, rack: Rack, quanta: u64): u64 {
  let block = fromLists(blocks, rack, quanta);
  if (block) return block;
  block = fromBump(blocks, rack, quanta);
  if (block) return block;
  if (rack.hasDepot && recall(blocks, rack, quanta)) return fromLists(blocks, rack, quanta);
  if (!addRegion(blocks, rack)) return 0;
  isFresh = true;
  return fromBump(blocks, rack, quanta);
}

function fromLists<B extends Blocks>(blocks: B, rack: Rack, quanta: u64): u64 {
  const magazine = rack.magazine;
  const list = firstFilled(magazine, listOf(rack, quanta));
  if (list == NO_LIST) return 0;
  const block = headOf(magazine, list);
  const last = rack.lists - 1;
  const found = list < last ? list + 1 : blocks.freeAt(rack, block);
  const rest = block + bytesOf(rack, quanta);
  if (blocks.remembersAdvice()) advice.split(rack, block, found, quanta);
  if (rack.keepsPlace && list == last && found > quanta && listOf(rack, found - quanta) == last) {
    replace(blocks, rack, magazine, block, found, rest, found - quanta);
    blocks.markLive(rack, block, quanta);
  } else {
    remove(blocks, rack, magazine, block, found);
    blocks.markLive(rack, block, quanta);
    if (found > quanta) push(blocks, rack, magazine, rest, found - quanta);
  }
  charge(rack, magazine, regionOf(rack, block), bytesOf(rack, quanta));
  return block;
}

function fromBump<B extends Blocks>(blocks: B, rack: Rack, quanta: u64): u64 {
  const magazine = rack.magazine;
  const block = magazine.bump;
  if (block + bytesOf(rack, quanta) > magazine.bumpEnd) return 0;
  if (isDefined(ZP_CHECK)) assert(block != 0, "what is handed out lies in a region");
  moveBump(blocks, rack, quanta);
  charge(rack, magazine, regionOf(rack, block), bytesOf(rack, quanta));
  return block;
}

/** Takes quanta off what was never handed out. */
function moveBump<B extends Blocks>(blocks: B, rack: Rack, quanta: u64): void {
  const magazine = rack.magazine;
  const rest = (magazine.bumpEnd - magazine.bump) >> rack.quantumShift;
  blocks.markBump(rack, magazine.bump, quanta, rest - quanta);
  if (blocks.remembersAdvice()) advice.markDirty(rack, magazine.bump, quanta);
  magazine.bump += bytesOf(rack, quanta);
  if (rest == quanta) return;
  if (blocks.remembersAdvice()) advice.markClean(rack, magazine.bump, rest - quanta);
}

function addRegion<B extends Blocks>(blocks: B, rack: Rack): bool {
  const region = mapRegion(rack);
  if (!region) return false;
  const magazine = rack.magazine;
  sign(rack, region);
  finishBump(blocks, rack, magazine);
  if (isDefined(ZP_CHECK)) assert(!magazine.bumpEnd, "the region before is finished");
  blocks.begin(rack, region);
  join(rack, magazine, region, false);
  magazine.bump = heapOf(rack, region);
  magazine.bumpEnd = heapEndOf(rack, region);
  return true;
}

/** Frees a live block: it becomes the one freed last, and the one before it is really freed. */
export function free<B extends Blocks>(blocks: B, rack: Rack, block: u64, quanta: u64): void {
  if (isDefined(ZP_CHECK)) assert(block != rack.magazine.lastFree, "the block freed last is not freed again");
  if (rack.clearsOnFree) clear(block, bytesOf(rack, quanta));
  const magazine = rack.magazine;
  if (quanta >= rack.lastFreeLimit || magazineOf(rack, regionOf(rack, block)) != magazine) {
    release(blocks, rack, block, quanta);
    return;
  }
  if (blocks.remembersAdvice()) adviseAhead(rack, block, quanta);
  const displaced = magazine.lastFree;
  const displacedQuanta = magazine.lastFreeQuanta;
  keepLastFree(magazine, block, quanta);
  if (displaced) release(blocks, rack, displaced, displacedQuanta);
}

/** Really frees a block, which is counted. */
function release<B extends Blocks>(blocks: B, rack: Rack, block: u64, quanta: u64): void {
  if (!rack.forgetsToCount) rack.objects--;
  giveBack(blocks, rack, block, quanta);
}

/** Gives a block back to the magazine or the depot: wherever its region is. */
function giveBack<B extends Blocks>(blocks: B, rack: Rack, block: u64, quanta: u64): void {
  const region = regionOf(rack, block);
  const magazine = magazineOf(rack, region);
  const begin = takeBack(blocks, rack, magazine, block, quanta);
  if (blocks.remembersAdvice()) adviseMerged(blocks, rack, magazine, begin, block, quanta);
  if (magazine == rack.depot) {
    adviseFreed(blocks, rack, begin, block, quanta);
    unmapIfSpare(blocks, rack, region);
  } else if (rack.hasDepot) {
    leaveSparse(blocks, rack, magazine);
  }
}

/** Frees a piece that was cut off a live block. */
function freePiece<B extends Blocks>(blocks: B, rack: Rack, block: u64, quanta: u64): void {
  rack.objects++;
  if (!rack.freesPiecesAtOnce) {
    free(blocks, rack, block, quanta);
    return;
  }
  if (rack.clearsOnFree) clear(block, bytesOf(rack, quanta));
  giveBack(blocks, rack, block, quanta);
}

// ---- In place ----

/** Makes two live blocks of one. The first has so many quanta. */
function markSplit<B extends Blocks>(blocks: B, rack: Rack, block: u64, old: u64, quanta: u64): void {
  use(blocks, rack, block + bytesOf(rack, quanta), old - quanta);
  use(blocks, rack, block, quanta);
}

/** Marks a block as live. */
function use<B extends Blocks>(blocks: B, rack: Rack, block: u64, quanta: u64): void {
  blocks.markLive(rack, block, quanta);
  if (blocks.remembersAdvice()) advice.markDirty(rack, block, quanta);
}

/** Cuts a live block's tail off and frees it. */
export function shrink<B extends Blocks>(blocks: B, rack: Rack, block: u64, old: u64, quanta: u64): void {
  if (isDefined(ZP_CHECK))
    assert(quanta && quanta < old, "a block that shrinks leaves something, and frees something");
  const tail = block + bytesOf(rack, quanta);
  markSplit(blocks, rack, block, old, quanta);
  freePiece(blocks, rack, tail, old - quanta);
}

/** Grows a live block in place, unless its region is in the depot. Returns whether there was room. */
export function grow<B extends Blocks>(blocks: B, rack: Rack, block: u64, old: u64, quanta: u64): bool {
  const region = regionOf(rack, block);
  const magazine = rack.magazine;
  const end = block + bytesOf(rack, old);
  if (end == heapEndOf(rack, region) || magazineOf(rack, region) != magazine) return false;
  if (rack.growsFar) {
    if (end == magazine.lastFree) return growIntoLastFree(blocks, rack, block, old, quanta);
    if (end == magazine.bump) return growIntoBump(blocks, rack, block, old, quanta);
  }
  const after = blocks.freeAt(rack, end);
  if (old + after < quanta || !after) return false;
  if (blocks.remembersAdvice()) advice.split(rack, end, after, quanta - old);
  remove(blocks, rack, magazine, end, after);
  blocks.absorb(rack, end);
  use(blocks, rack, block, quanta);
  const left = old + after - quanta;
  if (left) push(blocks, rack, magazine, block + bytesOf(rack, quanta), left);
  charge(rack, magazine, region, bytesOf(rack, quanta - old));
  return true;
}

/** What is left of the block freed last stays that. */
function growIntoLastFree<B extends Blocks>(blocks: B, rack: Rack, block: u64, old: u64, quanta: u64): bool {
  const magazine = rack.magazine;
  if (old + magazine.lastFreeQuanta < quanta) return false;
  const left = old + magazine.lastFreeQuanta - quanta;
  const rest = block + bytesOf(rack, quanta);
  blocks.absorb(rack, magazine.lastFree);
  if (left) use(blocks, rack, rest, left);
  use(blocks, rack, block, quanta);
  keepLastFree(magazine, left ? rest : 0, left);
  if (!rack.countsTwice) return true;
  rack.countedTwice += bytesOf(rack, quanta - old);
  charge(rack, magazine, regionOf(rack, block), bytesOf(rack, quanta - old));
  return true;
}

/** Something must be left that was never handed out. */
function growIntoBump<B extends Blocks>(blocks: B, rack: Rack, block: u64, old: u64, quanta: u64): bool {
  const magazine = rack.magazine;
  if (block + bytesOf(rack, quanta) >= magazine.bumpEnd) return false;
  const end = magazine.bump;
  moveBump(blocks, rack, quanta - old);
  blocks.absorb(rack, end);
  use(blocks, rack, block, quanta);
  charge(rack, magazine, regionOf(rack, block), bytesOf(rack, quanta - old));
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
    markSplit(blocks, rack, block, old, lead);
    freePiece(blocks, rack, block, lead);
  }
  if (old - lead > quanta) shrink(blocks, rack, aligned, old - lead, quanta);
  return aligned;
}
