/**
 * What the kernel was told of free memory, and what medium blocks remember of that: a 2-byte word for each
 * quantum, next to the words that say where blocks are. The first and the last word of a run are its length in
 * quanta, with CLEAN if the kernel was told of all of it since it was used. A live block is one run. A free
 * block is up to three: what was clean to the left, what is dirty, and what was clean to the right.
 *
 *      block    ├──────── live ────────┼───────────────── free ─────────────────┤
 *      runs     ├──────────────────────┼──── clean ────┼── dirty ──┼─── clean ──┤
 *      words     22                 22  C16         C16  12      12 C13      C13
 *
 * What must hold:
 *
 *      a free block is one to three runs side by side, each with the same word at both ends
 *      of 283: its first and last word are no longer than it, and one of them is that of all of it == both are
 */
import { loadAt, peek, storeAt } from "../../machine/access";
import * as kernel from "../../machine/kernel";
import { heapOf, Magazine, Rack, regionOf } from "./rack";
import { adviceScale, misreadsAdvice } from "./versions";

/** Bytes at the end of a free block that the kernel is not told of when its region comes to the depot. */
export const TAIL_BYTES: u64 = 2;

const CLEAN: u16 = 0x8000;
/** The kernel is told of a block of more bytes as soon as it is freed; of less where a region is in small use. */
const LEAST_WINDOW: u64 = 3 << 19;

/** Tells the kernel that whole pages may be reused; nothing if there are none. */
export function advise(from: u64, to: u64): void {
  if (from < to) kernel.madvise(from, to - from, kernel.Syscall.MadviseFreeReusable);
}

/** Bytes above which the kernel is told of a medium block as soon as it is freed. */
export function windowOf(magazine: Magazine): u64 {
  const part = magazine.bytesInObjects >> 4;
  const power = (<u64>1) << (64 - clz(part));
  return max(LEAST_WINDOW, power) * adviceScale;
}

// ---- Words ----

function wordOf(rack: Rack, block: u64): u64 {
  const region = regionOf(rack, block);
  return region + rack.advice + (((block - heapOf(rack, region)) >> rack.quantumShift) << 1);
}

function mark(word: u64, quanta: u64, clean: u16): void {
  storeAt<u16>(word, <u16>quanta | clean);
  storeAt<u16>(word + 2 * (quanta - 1), <u16>quanta | clean);
}

/** A run that was used, or may be. */
export function markDirty(rack: Rack, block: u64, quanta: u64): void {
  mark(wordOf(rack, block), quanta, 0);
}

/** A run that nothing was written to since the kernel was told of it, or mapped it. */
export function markClean(rack: Rack, block: u64, quanta: u64): void {
  mark(wordOf(rack, block), quanta, CLEAN);
}

/** Whether the kernel knows of all of a free block. */
export function isClean(rack: Rack, block: u64, quanta: u64): bool {
  return loadAt<u16>(wordOf(rack, block)) == (<u16>quanta | CLEAN);
}

/** A block is handed out of a larger free one: what is left is as clean as that one began. */
export function split(rack: Rack, block: u64, found: u64, quanta: u64): void {
  const word = wordOf(rack, block);
  const wasClean = misreadsAdvice ? seemsClean(rack, block, quanta) : (loadAt<u16>(word) & CLEAN) != 0;
  mark(word, quanta, 0);
  if (found > quanta) mark(word + 2 * quanta, found - quanta, wasClean ? CLEAN : 0);
}

/** 283 looks at the word of the quantum whose number is the block's size. Where no run ends, that is 0. */
function seemsClean(rack: Rack, block: u64, quanta: u64): bool {
  const word = loadAt<u16>(wordOf(rack, heapOf(rack, regionOf(rack, block))) + 2 * quanta);
  return !word || (word & CLEAN) != 0;
}

// ---- Blocks that were merged ----

/** How much of the neighbour that ends before a block, or begins at it, is dirty next to it. */
function dirtyNextTo(word: u64, neighbour: u64): u64 {
  if (!neighbour) return 0;
  const held = loadAt<u16>(word);
  return held & CLEAN ? 0 : held;
}

/**
 * A block was merged with free neighbours of `left` and `right` quanta. Returns whether the kernel is to be told of
 * all of it; if not, notes what of it is dirty. `window`: bytes.
 */
export function isWorthTelling(
  rack: Rack,
  block: u64,
  quanta: u64,
  left: u64,
  right: u64,
  window: u64,
): bool {
  const word = wordOf(rack, block);
  const behind = word + 2 * quanta;
  const dirtyLeft = dirtyNextTo(word - 2, left);
  // 283 never looks there.
  const dirtyRight = misreadsAdvice ? 0 : dirtyNextTo(behind, right);
  const dirty = dirtyLeft + quanta + dirtyRight;
  const votesLeft = left > 0 && !dirtyLeft && left > quanta;
  const votesRight = right > 0 && !dirtyRight && !misreadsAdvice && right - 1 > quanta;
  if ((votesLeft && votesRight) || dirty >= window >> rack.quantumShift) return true;
  if (left > dirtyLeft) mark(word - 2 * left, left - dirtyLeft, CLEAN);
  mark(word - 2 * dirtyLeft, dirty, 0);
  if (right > dirtyRight) mark(behind + 2 * dirtyRight, right - dirtyRight, CLEAN);
  return false;
}

/** The kernel was told of all of a free block but its last quantum, where its size is. */
export function markAllButLast(rack: Rack, block: u64, quanta: u64): void {
  const word = wordOf(rack, block);
  if (quanta > 1) mark(word, quanta - 1, CLEAN);
  // 283 notes that of the quantum behind.
  const last = word + 2 * (misreadsAdvice ? quanta : quanta - 1);
  if (last < wordOf(rack, heapOf(rack, regionOf(rack, block))) + 2 * rack.quanta) mark(last, 1, 0);
}

// ---- Checking ----

/** Asserts what must hold of a free block. Of 283, whose words may lie behind their run, less does. */
export function checkAdvice(rack: Rack, block: u64, quanta: u64): void {
  const word = wordOf(rack, block);
  const first = peek<u16>(word);
  const last = peek<u16>(word + 2 * (quanta - 1));
  const isRun = first & ~CLEAN && last & ~CLEAN && max(first & ~CLEAN, last & ~CLEAN) <= <u16>quanta;
  assert(isRun, "a free block begins and ends with runs that lie in it");
  assert(((first & ~CLEAN) == quanta) == ((last & ~CLEAN) == quanta), "a run has its length at both ends");
  if (!misreadsAdvice) checkRuns(word, quanta);
}

function checkRuns(word: u64, quanta: u64): void {
  let runs: u32 = 0;
  for (let at: u64 = 0; at < quanta; runs++) {
    const held = peek<u16>(word + 2 * at);
    const length = held & ~CLEAN;
    assert(
      length != 0 && at + length <= quanta && runs < 3,
      "a free block is one to three runs, side by side",
    );
    at += length;
    assert(peek<u16>(word + 2 * (at - 1)) == held, "a run begins and ends with the same word");
  }
}
