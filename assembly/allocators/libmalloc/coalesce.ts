/** Makes free blocks: out of those taken back and out of what was never used, merged with free neighbours. */
import { Blocks } from "./blocks";
import { push, remove, replace } from "./free-list";
import { bytesOf, heapEndOf, heapOf, listOf, Magazine, Rack, regionOf } from "./rack";
import { discharge } from "./region";

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
  const heapEnd = heapEndOf(rack, region);
  if (isDefined(ZP_CHECK)) assert(quanta && end <= heapEnd, "a block lies within its region");
  const before = block == heapOf(rack, region) ? 0 : blocks.freeBefore(rack, block);
  if (before) {
    blocks.absorb(rack, block);
    block -= bytesOf(rack, before);
    remove(blocks, rack, magazine, block, before);
    quanta += before;
  }
  const after = end == heapEnd ? 0 : blocks.freeAt(rack, end);
  if (!after) push(blocks, rack, magazine, block, quanta);
  else if (rack.keepsPlace && listOf(rack, after) == rack.lists - 1) {
    replace(blocks, rack, magazine, end, after, block, quanta + after);
  } else {
    remove(blocks, rack, magazine, end, after);
    blocks.absorb(rack, end);
    push(blocks, rack, magazine, block, quanta + after);
  }
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
  discharge(rack, magazine, regionOf(rack, block), bytesOf(rack, quanta));
  return addFree(blocks, rack, magazine, block, quanta);
}

/** Makes what was never handed out of a magazine's newest region a free block. No region is the newest then. */
export function finishBump<B extends Blocks>(blocks: B, rack: Rack, magazine: Magazine): void {
  const rest = magazine.bump;
  const quanta = (magazine.bumpEnd - rest) >> rack.quantumShift;
  magazine.bump = 0;
  magazine.bumpEnd = 0;
  if (!quanta) return;
  blocks.unmarkRest(rack, rest, quanta);
  addFree(blocks, rack, magazine, rest, quanta);
}
