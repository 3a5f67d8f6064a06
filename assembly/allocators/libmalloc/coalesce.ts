/** Makes free blocks: out of those taken back and out of what was never used, merged with free neighbours. */
import { Blocks } from "./blocks";
import { push, remove } from "./free-list";
import { bytesOf, Magazine, Rack, regionOf } from "./rack";
import { charge } from "./region";

/** Merges a block that is no longer live with its free neighbours, and lists it. Returns where it begins now. */
export function addFree<B extends Blocks>(
  blocks: B,
  rack: Rack,
  magazine: Magazine,
  block: u64,
  quanta: u64,
): u64 {
  const region = regionOf(rack, block);
  const end = block + bytesOf(rack, quanta);
  if (isDefined(ZP_CHECK)) assert(quanta && end <= region + rack.payload, "a block lies within its region");
  if (end != region + rack.payload && end != magazine.bump) {
    const after = blocks.freeAt(rack, end);
    if (after) {
      remove(blocks, rack, magazine, end, after);
      blocks.absorb(rack, end);
      quanta += after;
    }
  }
  const before = block == region ? 0 : blocks.freeBefore(rack, block);
  if (before) {
    blocks.absorb(rack, block);
    block -= bytesOf(rack, before);
    remove(blocks, rack, magazine, block, before);
    quanta += before;
  }
  push(blocks, rack, magazine, block, quanta);
  return block;
}

/** Takes a live block back. Returns where the free block begins that it is part of now. */
export function takeBack<B extends Blocks>(
  blocks: B,
  rack: Rack,
  magazine: Magazine,
  block: u64,
  quanta: u64,
): u64 {
  charge(rack, magazine, regionOf(rack, block), -(<i64>bytesOf(rack, quanta)));
  return addFree(blocks, rack, magazine, block, quanta);
}

/** Makes what was never handed out of the newest region a free block. No region is the newest then. */
export function finishBump<B extends Blocks>(blocks: B, rack: Rack): void {
  const magazine = rack.magazine;
  const rest = magazine.bump;
  const quanta = (magazine.bumpEnd - rest) >> rack.quantumShift;
  magazine.bump = 0;
  magazine.bumpEnd = 0;
  if (quanta) addFree(blocks, rack, magazine, rest, quanta);
}

/** Really frees the block freed last, if there is one. */
export function flushLastFree<B extends Blocks>(blocks: B, rack: Rack): void {
  const magazine = rack.magazine;
  const block = magazine.lastFree;
  const quanta = magazine.lastFreeQuanta;
  magazine.lastFree = 0;
  magazine.lastFreeQuanta = 0;
  if (block) takeBack(blocks, rack, magazine, block, quanta);
}
