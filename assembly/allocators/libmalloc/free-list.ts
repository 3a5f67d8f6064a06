/**
 * A magazine's free lists: one for each size, last in first out, or grouped by region (region-order.ts).
 * Blocks are linked both ways: a head has no previous, the last block no next.
 */
import { Blocks } from "./blocks";
import { headOf, listOf, Magazine, Rack, setHead } from "./rack";
import * as regionOrder from "./region-order";

/** Marks a block as free and puts it on its list. */
export function push<B extends Blocks>(
  blocks: B,
  rack: Rack,
  magazine: Magazine,
  block: u64,
  quanta: u64,
): void {
  const list = listOf(rack, quanta);
  if (rack.listEnds) {
    pushInOrder(blocks, rack, magazine, block, quanta, list);
    return;
  }
  const head = headOf(magazine, list);
  blocks.markFree(rack, block, quanta);
  blocks.setLinks(rack, block, head, 0);
  if (head) blocks.setPrevious(rack, head, block);
  setHead(magazine, list, block);
}

function pushInOrder<B extends Blocks>(
  blocks: B,
  rack: Rack,
  magazine: Magazine,
  block: u64,
  quanta: u64,
  list: u64,
): void {
  const previous = regionOrder.placeOf(blocks, rack, magazine, list, block);
  const next = previous ? blocks.nextOf(rack, previous) : headOf(magazine, list);
  blocks.markFree(rack, block, quanta);
  link(blocks, rack, magazine, list, previous, block);
  link(blocks, rack, magazine, list, block, next);
  regionOrder.join(rack, list, block);
}

/** Links two blocks of a list; 0: its end on that side. */
function link<B extends Blocks>(
  blocks: B,
  rack: Rack,
  magazine: Magazine,
  list: u64,
  block: u64,
  next: u64,
): void {
  if (next) blocks.setPrevious(rack, next, block);
  if (block) blocks.setNext(rack, block, next);
  else setHead(magazine, list, next);
}

/** Takes a free block off its list, and its links out of it. It stays marked as free. */
export function unlist<B extends Blocks>(
  blocks: B,
  rack: Rack,
  magazine: Magazine,
  block: u64,
  quanta: u64,
): void {
  const list = listOf(rack, quanta);
  const next = blocks.nextOf(rack, block);
  const previous = headOf(magazine, list) == block ? 0 : blocks.previousOf(rack, block);
  link(blocks, rack, magazine, list, previous, next);
  if (rack.listEnds) regionOrder.leave(rack, list, block, previous, next);
  blocks.dropLinks(rack, block);
}

/** The same, and it is not marked any more. */
export function remove<B extends Blocks>(
  blocks: B,
  rack: Rack,
  magazine: Magazine,
  block: u64,
  quanta: u64,
): void {
  unlist(blocks, rack, magazine, block, quanta);
  blocks.unmark(rack, block, quanta);
}

/** Puts a block of the last list where another one was, of which it is a part, or which is a part of it. */
export function replace<B extends Blocks>(
  blocks: B,
  rack: Rack,
  magazine: Magazine,
  old: u64,
  oldQuanta: u64,
  block: u64,
  quanta: u64,
): void {
  const list = listOf(rack, quanta);
  if (isDefined(ZP_CHECK)) assert(list == listOf(rack, oldQuanta), "a block keeps its place on its own list");
  const next = blocks.nextOf(rack, old);
  const previous = blocks.previousOf(rack, old);
  blocks.dropLinks(rack, old);
  blocks.unmark(rack, old, oldQuanta);
  if (block < old) blocks.absorb(rack, old);
  blocks.markFree(rack, block, quanta);
  link(blocks, rack, magazine, list, previous, block);
  link(blocks, rack, magazine, list, block, next);
  if (rack.listEnds) regionOrder.replace(rack, list, old, block);
}
