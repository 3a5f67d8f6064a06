/**
 * What a thread keeps of freed blocks: a stack for each class of up to 32 KiB. All stacks are in one piece of memory,
 * each growing down from where the next one begins. The bookkeeping is in the thread's state, which is not simulated.
 *
 *      ├ junk ┤      ● ● ●├  ● ● ● ●├          ┤ … ┤ junk ┤
 *                 class 0      class 1   class 2
 *                         ▲ empty
 */
import { loadAt, peek, storeAt } from "../../machine/access";
import { enter, leave } from "../../machine/paths";
import { FreeList } from "../../shared/jemalloc";
import { tell } from "../free-blocks";
import { arenaAt, HUGE_ARENA, MAIN } from "./arena";
import { CACHED_CLASSES, indexOf, PAGE, regionsOf, SMALL_CLASSES, sizeOf } from "./classes";
import { Extent, State } from "./extent";
import { CACHE_FILL, CACHE_FLUSH_LARGE, CACHE_FLUSH_SMALL, CACHE_GC } from "./functions";
import * as large from "./large";
import * as pages from "./page-layer";
import * as radix from "./radix";
import * as slabs from "./slabs";
import { tick } from "./ticker";

const FEWEST_SLOTS: u32 = 20;
const MOST_SLOTS: u32 = 200;
const LARGE_SLOTS: u32 = 20;

@unmanaged
class Stack {
  /** Where it is empty; an item lies below. */
  empty: u64;
  count: u32;
  /** The least it held since the last look. */
  low: u32;
  slots: u32;
  /** A fill takes slots >> shift. */
  shift: u32;
  isRefilled: bool;
}

const STACK_BYTES: usize = 32;
const STACKS: usize = memory.data(<i32>(STACK_BYTES * CACHED_CLASSES), 8);
/** What a fill takes, or a flush gives: their addresses, or slabs that became empty. */
const BATCH: usize = memory.data(<i32>(8 * MOST_SLOTS), 8);
/** The class that is looked at next. */
let cursor: u32 = 0;
let isOn: bool = false;
/** Bytes of the class of the stacks' memory; 0 if there is none. */
export let stackBytes: u64 = 0;

function stackOf(index: u32): Stack {
  return changetype<Stack>(STACKS + STACK_BYTES * index);
}

/** Whether blocks of a class are kept. */
export function keeps(index: u32): bool {
  return isOn && index < CACHED_CLASSES;
}

/** Makes the stacks, in an extent of their own. */
export function start(): void {
  let bytes: u64 = 8;
  for (let index: u32 = 0; index < CACHED_CLASSES; index++) bytes += 8 * slotsFor(index);
  const index = indexOf(bytes + 8);
  const at = large.allocate(arenaAt(MAIN), index, PAGE, false);
  if (!at) return;
  stackBytes = sizeOf(index);
  storeAt<u64>(at, 0);
  storeAt<u64>(at + bytes, 0);
  let empty = at + 8;
  for (let i: u32 = 0; i < CACHED_CLASSES; i++) {
    const stack = stackOf(i);
    stack.slots = slotsFor(i);
    empty += 8 * <u64>stack.slots;
    stack.empty = empty;
    stack.shift = 1;
  }
  isOn = true;
}

function slotsFor(index: u32): u32 {
  if (index >= SMALL_CLASSES) return LARGE_SLOTS;
  return max(FEWEST_SLOTS, min(MOST_SLOTS, (2 * regionsOf(index) + 1) & ~1));
}

function itemAt(stack: Stack, depth: u32): u64 {
  return stack.empty - 8 * (<u64>depth + 1);
}

// ---- Taking ----

/** Takes the newest block of a small class, or has some brought. Returns 0 if there is no room. */
export function takeSmall(index: u32): u64 {
  const pointer = pop(stackOf(index));
  if (pointer) return pointer;
  return fill(index) ? pop(stackOf(index)) : 0;
}

/** Takes the newest block of a large class, or returns 0. */
export function takeLarge(index: u32): u64 {
  return pop(stackOf(index));
}

/** Looks at what is on top before it knows whether anything is. */
function pop(stack: Stack): u64 {
  const pointer = loadAt<u64>(stack.empty - 8 * <u64>stack.count);
  if (!stack.count) return 0;
  stack.count--;
  if (stack.count < stack.low) stack.low = stack.count;
  return pointer;
}

/** Brings regions to an empty stack; the first of them is on top. Returns whether there was one. */
function fill(index: u32): bool {
  const caller = enter(CACHE_FILL);
  const stack = stackOf(index);
  const most = stack.slots >> stack.shift;
  let count: u32 = 0;
  while (count < most) {
    const region = slabs.take(index);
    if (!region) break;
    store<u64>(BATCH + 8 * count++, region);
  }
  for (let i: u32 = 0; i < count; i++) storeAt<u64>(itemAt(stack, count - 1 - i), load<u64>(BATCH + 8 * i));
  stack.count = count;
  stack.isRefilled = true;
  tick(arenaAt(MAIN), 1);
  leave(caller);
  return count != 0;
}

// ---- Giving ----

/** Keeps a block that is freed. */
export function keep(index: u32, pointer: u64): void {
  const stack = stackOf(index);
  if (stack.count == stack.slots) flush(index, stack.slots >> 1);
  storeAt<u64>(itemAt(stack, stack.count++), pointer);
}

/** Gives back the oldest, but for so many. */
function flush(index: u32, rest: u32): void {
  const isSmall = index < SMALL_CLASSES;
  const caller = enter(isSmall ? CACHE_FLUSH_SMALL : CACHE_FLUSH_LARGE);
  const stack = stackOf(index);
  const count = stack.count - rest;
  if (isSmall) flushSmall(stack, count);
  else flushLarge(stack, count);
  for (let depth: u32 = 0; depth < rest; depth++) {
    storeAt<u64>(itemAt(stack, depth), loadAt<u64>(itemAt(stack, depth + count)));
  }
  stack.count = rest;
  stack.low = min(stack.low, rest);
  leave(caller);
}

/** The newest first of those that go. Slabs that became empty go when all are back. */
function flushSmall(stack: Stack, count: u32): void {
  const arena = arenaAt(MAIN);
  let empties: u32 = 0;
  for (let depth = count; depth--; ) {
    const pointer = loadAt<u64>(itemAt(stack, depth));
    const slab = slabs.give(radix.extentAt(pointer) as Extent, pointer);
    if (slab) store<usize>(BATCH + 8 * empties++, changetype<usize>(slab));
  }
  tick(arena, count);
  for (let i: u32 = 0; i < empties; i++) pages.release(arena, changetype<Extent>(load<usize>(BATCH + 8 * i)));
}

/** Those of one arena after those of another: a huge block that shrank in place is still where it was. */
function flushLarge(stack: Stack, count: u32): void {
  for (let i: u32 = 0; i < count; i++) {
    const extent = radix.extentAt(loadAt<u64>(itemAt(stack, count - 1 - i)));
    store<usize>(BATCH + 8 * i, changetype<usize>(extent));
  }
  const first = changetype<Extent>(load<usize>(BATCH)).arena;
  const released = releaseBatch(count, first);
  if (released < count) releaseBatch(count, first == MAIN ? HUGE_ARENA : MAIN);
}

/** Releases the extents of the batch that are in an arena. Returns how many there were. */
function releaseBatch(count: u32, arena: u32): u32 {
  let released: u32 = 0;
  for (let i: u32 = 0; i < count; i++) {
    const extent = changetype<Extent>(load<usize>(BATCH + 8 * i));
    if (!extent || extent.arena != arena) continue;
    store<usize>(BATCH + 8 * i, 0);
    if (extent.state == State.Active) large.releaseUnticked(extent);
    released++;
  }
  tick(arenaAt(arena), released);
  return released;
}

// ---- Looking ----

/** Looks at the next class: gives back three quarters of what was not needed since the last look. */
export function collect(): void {
  if (!isOn) return;
  const caller = enter(CACHE_GC);
  const stack = stackOf(cursor);
  const low = stack.low;
  const isSmall = cursor < SMALL_CLASSES;
  if (low) {
    flush(cursor, stack.count - low + (low >> 2));
    if (isSmall && stack.slots >> (stack.shift + 1) >= 1) stack.shift++;
  } else if (isSmall && stack.isRefilled) {
    if (stack.shift > 1) stack.shift--;
    stack.isRefilled = false;
  }
  stack.low = stack.count;
  cursor = cursor + 1 < CACHED_CLASSES ? cursor + 1 : 0;
  leave(caller);
}

/** Tells of what is kept. */
export function tellFree(): void {
  for (let index: u32 = 0; isOn && index < CACHED_CLASSES; index++) {
    const stack = stackOf(index);
    for (let depth: u32 = 0; depth < stack.count; depth++)
      tell(peek<u64>(itemAt(stack, depth)), sizeOf(index), FreeList.Tcache);
  }
}

/** Asserts that what is kept are blocks of the class. Returns their bytes. */
export function check(): u64 {
  let bytes: u64 = 0;
  for (let index: u32 = 0; isOn && index < CACHED_CLASSES; index++) {
    const stack = stackOf(index);
    assert(stack.count <= stack.slots && stack.low <= stack.count, "a stack has no more than its slots");
    assert(stack.shift >= 1 && stack.slots >> stack.shift, "a fill brings something");
    for (let depth: u32 = 0; depth < stack.count; depth++) checkItem(index, peek<u64>(itemAt(stack, depth)));
    bytes += sizeOf(index) * stack.count;
  }
  return bytes;
}

function checkItem(index: u32, pointer: u64): void {
  const extent = radix.peekExtent(pointer);
  assert(extent != null, "what is kept is in an extent");
  if (!extent) return;
  assert(extent.state == State.Active && extent.index == index, "what is kept is of its class");
  assert(extent.isSlab == index < SMALL_CLASSES, "what is small is in a slab");
}
