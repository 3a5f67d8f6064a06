/**
 * Free lists grouped by region, which tiny blocks have from 283 on. A region knows its first and its last
 * block of each list, as 16-bit numbers of quanta from 1; 0: it has none.
 *
 * What must hold:
 *
 *      a region's blocks of a list follow each other there, from its first to its last
 */
import { loadAt, peek, storeAt } from "../../machine/access";
import { Blocks } from "./blocks";
import { headOf, heapOf, Magazine, Rack, regionOf } from "./rack";
import { nextRegion } from "./region";

/** How many regions are asked before a block becomes its list's head. */
const MOST_ASKED: u32 = 5;

function endsAt(rack: Rack, region: u64, list: u64): u64 {
  return region + rack.listEnds + (list << 2);
}

function blockOf(rack: Rack, region: u64, number: u64): u64 {
  return number ? heapOf(rack, region) + ((number - 1) << rack.quantumShift) : 0;
}

function numberOf(rack: Rack, block: u64): u16 {
  return block ? <u16>(((block - heapOf(rack, regionOf(rack, block))) >> rack.quantumShift) + 1) : 0;
}

function firstOf(rack: Rack, region: u64, list: u64): u64 {
  return blockOf(rack, region, loadAt<u16>(endsAt(rack, region, list)));
}

function lastOf(rack: Rack, region: u64, list: u64): u64 {
  return blockOf(rack, region, loadAt<u16>(endsAt(rack, region, list) + 2));
}

function setEnds(rack: Rack, region: u64, list: u64, first: u64, last: u64): void {
  storeAt<u16>(endsAt(rack, region, list), numberOf(rack, first));
  storeAt<u16>(endsAt(rack, region, list) + 2, numberOf(rack, last));
}

/** The block after which another one is put on a list; 0: it becomes the head. */
export function placeOf<B extends Blocks>(
  blocks: B,
  rack: Rack,
  magazine: Magazine,
  list: u64,
  block: u64,
): u64 {
  const region = regionOf(rack, block);
  const first = firstOf(rack, region, list);
  if (first) return blocks.previousOf(rack, first);
  if (magazine == rack.depot || !headOf(magazine, list)) return 0;
  let place: u64 = 0;
  let other = magazine.firstRegion;
  for (let asked: u32 = 0; asked < MOST_ASKED && other && other != region; asked++) {
    const last = lastOf(rack, other, list);
    if (last) place = last;
    other = nextRegion(rack, other);
  }
  return place;
}

/** A block was put where `placeOf` says. */
export function join(rack: Rack, list: u64, block: u64): void {
  const region = regionOf(rack, block);
  const last = lastOf(rack, region, list);
  setEnds(rack, region, list, block, last ? last : block);
}

/** A block is taken off its list, from between these two. */
export function leave(rack: Rack, list: u64, block: u64, previous: u64, next: u64): void {
  const region = regionOf(rack, block);
  const first = firstOf(rack, region, list);
  const last = lastOf(rack, region, list);
  if (first == last) setEnds(rack, region, list, 0, 0);
  else if (first == block) setEnds(rack, region, list, next, last);
  else if (last == block) setEnds(rack, region, list, first, previous);
}

/** A block took the place of another one of its region. */
export function replace(rack: Rack, list: u64, old: u64, block: u64): void {
  const region = regionOf(rack, block);
  const first = firstOf(rack, region, list);
  const last = lastOf(rack, region, list);
  setEnds(rack, region, list, first == old ? block : first, last == old ? block : last);
}

// ---- Checking ----

/** Asserts what must hold between a block of a list and those around it; 0 where there is none. */
export function checkPlace(rack: Rack, list: u64, block: u64, previous: u64, next: u64): void {
  const region = regionOf(rack, block);
  const ends = endsAt(rack, region, list);
  const isFirst = peek<u16>(ends) == numberOf(rack, block);
  const isLast = peek<u16>(ends + 2) == numberOf(rack, block);
  const isEntered = !previous || regionOf(rack, previous) != region;
  const isLeft = !next || regionOf(rack, next) != region;
  assert(isFirst == isEntered && isLast == isLeft, "a region's blocks follow each other on a list");
}
