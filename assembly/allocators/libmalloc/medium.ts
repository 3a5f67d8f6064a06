/**
 * What the kernel is told of medium blocks, beside what it is told of any in the depot: of large ones as soon as they
 * are freed, and of smaller ones when enough of what has merged is dirty. What it was told is remembered (advice.ts).
 */
import { loadAt, storeAt } from "../../machine/access";
import { pageMask, roundToPages } from "../../machine/layout";
import * as advice from "./advice";
import { Blocks } from "./blocks";
import { bytesOf, Magazine, Rack } from "./rack";
import { skipsMediumAdvice } from "./versions";

/** Tells the kernel of a large block that will be the one freed last. */
export function adviseAhead(rack: Rack, block: u64, quanta: u64): void {
  if (bytesOf(rack, quanta) <= advice.windowOf(rack.magazine)) return;
  advice.advise(roundToPages(block), (block + bytesOf(rack, quanta)) & ~pageMask);
  advice.markClean(rack, block, quanta);
}

/** A block was really freed, and is part of the free block that starts at `begin`. */
export function adviseMerged<B extends Blocks>(
  blocks: B,
  rack: Rack,
  magazine: Magazine,
  begin: u64,
  block: u64,
  quanta: u64,
): void {
  const whole = blocks.freeAt(rack, begin);
  const left = (block - begin) >> rack.quantumShift;
  const window = advice.windowOf(magazine);
  if (!advice.isWorthTelling(rack, block, quanta, left, whole - left - quanta, window)) return;
  const links = blocks.linkBytes(rack, begin);
  const tail = links ? advice.TAIL_BYTES : 0;
  advice.advise(roundToPages(begin + links), (begin + bytesOf(rack, whole) - tail) & ~pageMask);
  if (links) advice.markAllButLast(rack, begin, whole);
  else advice.markClean(rack, begin, whole);
}

/**
 * Lets a free block in a region that came to the depot wait, if it has pages to tell of that were not told of. Returns
 * what waits: such pages, linked through the first of each, which dirties it.
 */
export function wait(rack: Rack, block: u64, quanta: u64, waiting: u64): u64 {
  if (advice.isClean(rack, block, quanta)) return waiting;
  const from = roundToPages(block + rack.headBytes);
  const to = (block + bytesOf(rack, quanta) - advice.TAIL_BYTES) & ~pageMask;
  if (from >= to) return waiting;
  storeAt<u64>(from, waiting);
  storeAt<u64>(from + 8, to - from);
  advice.markClean(rack, block, quanta);
  return from;
}

/** Tells the kernel of all that waits. 283 loses it. */
export function adviseWaiting(waiting: u64): void {
  if (skipsMediumAdvice) return;
  while (waiting) {
    const next = loadAt<u64>(waiting);
    advice.advise(waiting, waiting + loadAt<u64>(waiting + 8));
    waiting = next;
  }
}
