/** What makes free blocks: taking blocks back, merged with their free neighbours. */
import { Blocks } from "./blocks";
import { push, remove } from "./free-list";
import { bytesOf, Magazine, Rack, regionOf } from "./rack";
import { charge } from "./region";

/** Puts a block, no longer live, on a list together with its free neighbours. Returns where that begins. */
export function addFree<B extends Blocks>(
  blocks: B,
  rack: Rack,
  magazine: Magazine,
  block: u64,
  quanta: u64,
): u64 {
  const region = regionOf(rack, block);
  const end = block + bytesOf(rack, quanta);
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

/** Takes a live block back. Returns where the free block begins that it is now part of. */
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

/** What was never handed out of the newest region becomes a free block, before another is the newest. */
export function finishBump<B extends Blocks>(blocks: B, rack: Rack): void {
  const magazine = rack.magazine;
  const rest = magazine.bump;
  const quanta = (magazine.bumpEnd - rest) >> rack.quantumShift;
  magazine.bump = 0;
  magazine.bumpEnd = 0;
  if (quanta) addFree(blocks, rack, magazine, rest, quanta);
}

/** The block freed last is really freed. */
export function flushLastFree<B extends Blocks>(blocks: B, rack: Rack): void {
  const magazine = rack.magazine;
  const block = magazine.lastFree;
  const quanta = magazine.lastFreeQuanta;
  magazine.lastFree = 0;
  magazine.lastFreeQuanta = 0;
  if (block) takeBack(blocks, rack, magazine, block, quanta);
}
