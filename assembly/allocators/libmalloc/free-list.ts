/**
 * A magazine's free lists: one for each size, last in first out. Blocks are linked both ways: a head has no
 * previous, the last block no next.
 */
import { Blocks } from "./blocks";
import { headOf, listOf, Magazine, Rack, setHead } from "./rack";

/** Marks a block as free and makes it the head of its list. */
export function push<B extends Blocks>(
  blocks: B,
  rack: Rack,
  magazine: Magazine,
  block: u64,
  quanta: u64,
): void {
  const list = listOf(rack, quanta);
  const head = headOf(magazine, list);
  blocks.markFree(rack, block, quanta);
  blocks.setLinks(rack, block, head, 0);
  if (head) blocks.setPrevious(rack, head, block);
  setHead(magazine, list, block);
}

/** Takes a free block off its list. */
export function remove<B extends Blocks>(
  blocks: B,
  rack: Rack,
  magazine: Magazine,
  block: u64,
  quanta: u64,
): void {
  const next = blocks.nextOf(rack, block);
  const previous = blocks.previousOf(rack, block);
  if (next) blocks.setPrevious(rack, next, previous);
  if (previous) blocks.setNext(rack, previous, next);
  else setHead(magazine, listOf(rack, quanta), next);
  blocks.unmark(rack, block, quanta);
}

/** Takes the first block off a list. */
export function takeHead<B extends Blocks>(
  blocks: B,
  rack: Rack,
  magazine: Magazine,
  list: u64,
  quanta: u64,
): void {
  const block = headOf(magazine, list);
  const next = blocks.nextOf(rack, block);
  if (next) blocks.setPrevious(rack, next, 0);
  setHead(magazine, list, next);
  blocks.unmark(rack, block, quanta);
}
