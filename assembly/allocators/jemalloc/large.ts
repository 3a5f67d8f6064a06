/**
 * Large blocks: an extent each, a page larger than the class. A block begins somewhere in the first page, at random, so
 * that blocks do not all compete for the same lines of the processor's caches.
 *
 *      extent  ├──┬────────────────────────────┬──┤
 *                 │           class            │
 *                 pointer
 */
import { touch } from "../../machine/access";
import { enter, leave } from "../../machine/paths";
import { Arena, arenaAt, HUGE_ARENA, isMade, MAIN, makeArena } from "./arena";
import { CACHE_LINE } from "./base";
import { HUGE, PAD, PAGE, PAGE_SHIFT, sizeOf } from "./classes";
import { Extent } from "./extent";
import { LARGE_DALLOC, LARGE_PALLOC, LARGE_RALLOC } from "./functions";
import * as pages from "./page-layer";
import { draw } from "./random";
import { tick } from "./ticker";

const WITH_LARGEST_STATISTICS: u64 = 1 << 30;

/** The arena for what is asked for, or of its class. Null if there is no room for the one of huge blocks. */
export function arenaFor(bytes: u64): Arena | null {
  if (bytes < HUGE) return arenaAt(MAIN);
  const arena = arenaAt(HUGE_ARENA);
  const decayMs = arenaAt(MAIN).decayMs;
  if (!isMade(HUGE_ARENA) && !makeArena(HUGE_ARENA, min(decayMs, 0), pages.FIRST_GROWTH)) return null;
  return arena;
}

/** A block of a large class, at a multiple of `align`. Returns its address, or 0. */
export function allocate(arena: Arena, index: u32, align: u64, isZeroed: bool): u64 {
  const caller = enter(LARGE_PALLOC);
  const extent = pages.allocate(arena, sizeOf(index) + PAD, max(align, PAGE), isZeroed);
  let pointer: u64 = 0;
  if (extent) {
    arena.allocated += sizeOf(index);
    setClass(arena, extent, index);
    pointer = extent.base + (align < PAGE ? offset(align) : 0);
    tick(arena, 1);
  }
  leave(caller);
  return pointer;
}

/** Says of what class a block is, and counts it. */
function setClass(arena: Arena, extent: Extent, index: u32): void {
  extent.index = index;
  if (sizeOf(index) >= WITH_LARGEST_STATISTICS) touch(arena.statistics, 1, true);
}

/** Where in the first page a block begins. */
function offset(align: u64): u64 {
  const line = PAGE_SHIFT - <u32>ctz(max(align, CACHE_LINE));
  return draw(line) << (PAGE_SHIFT - line);
}

/** Frees a block. */
export function release(extent: Extent): void {
  const arena = arenaAt(extent.arena);
  releaseUnticked(extent);
  tick(arena, 1);
}

export function releaseUnticked(extent: Extent): void {
  const caller = enter(LARGE_DALLOC);
  const arena = arenaAt(extent.arena);
  arena.allocated -= sizeOf(extent.index);
  pages.release(arena, extent);
  leave(caller);
}

/** Makes a block of another large class in place. Returns whether it could. */
export function resize(extent: Extent, index: u32): bool {
  const caller = enter(LARGE_RALLOC);
  const could = resizeExtent(extent, sizeOf(extent.index), sizeOf(index));
  if (could) {
    const arena = arenaAt(extent.arena);
    arena.allocated += sizeOf(index) - sizeOf(extent.index);
    setClass(arena, extent, index);
    tick(arena, 1);
  }
  leave(caller);
  return could;
}

function resizeExtent(extent: Extent, from: u64, to: u64): bool {
  if (to > from) return pages.expand(extent, to - from);
  return to == from || pages.shrink(extent, to + PAD);
}
