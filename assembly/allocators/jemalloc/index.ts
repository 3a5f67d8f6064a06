/**
 * jemalloc 5.3.0, as Debian 12 builds it, of one thread. Small blocks are regions of slabs (slabs.ts), large ones are
 * extents (large.ts); both come from the page layer (page-layer.ts), through a cache of the thread (cache.ts).
 *
 *      malloc ──▶ cache ──▶ slabs ──▶ page layer ──▶ kernel
 *                   └──────▶ large ──────┘
 *
 * calloc clears small blocks, and large ones that the cache had. Other large ones are zeroed by the kernel: their pages
 * are fresh, or given back first.
 */
import { clear, copy } from "../../machine/access";
import { fail } from "../../machine/failure";
import { ADDRESS_LIMIT, LINUX_MMAP_TOP } from "../../machine/layout";
import { Failure } from "../../shared/failure";
import { Message, Option, Statistic, Switch, Thp } from "../../shared/jemalloc";
import { Allocator, refuse } from "../allocator";
import { Arena, arenaAt, MAIN } from "./arena";
import * as cache from "./cache";
import { check as checkAll } from "./check";
import { indexOf, LARGEST, LARGEST_SMALL, PAGE, SMALL_CLASSES, SMALLEST_LARGE, sizeOf } from "./classes";
import { noteAllocated, noteFreed } from "./events";
import { Extent, State } from "./extent";
import { tellFree } from "./free-blocks";
import * as large from "./large";
import * as pages from "./page-layer";
import * as radix from "./radix";
import * as slabs from "./slabs";
import { EMERGENCY_POOL_BYTES, Settings, start, touchPool } from "./start";
import { backedBytes, statisticOf } from "./statistics";
import { tick } from "./ticker";

/** So many that their nanoseconds fit. */
const MOST_MILLISECONDS: f64 = 18446744072000;
const MOST_ARENAS: f64 = 4095;

const settings = changetype<Settings>(memory.data(offsetof<Settings>(), 8));
settings.decayMs = 10000;
settings.hasCache = true;
settings.retains = true;
/** Where the thread's state is in a process without randomisation. */
settings.seed = 0x7ffff7f91738;
settings.mapTop = LINUX_MMAP_TOP;
/** Bytes of the blocks that the program has. Blocks that are freed twice count twice. */
let held: i64 = 0;

/** The extent that a block is, or was, in. @throws a segmentation fault where there is none */
function extentOf(pointer: u64): Extent {
  const extent = radix.extentAt(pointer);
  if (!extent) refuse(Message.Segmentation, pointer);
  return changetype<Extent>(extent);
}

/** Notes that nothing is so large. */
function tooLarge(bytes: u64): u64 {
  fail(Failure.AddressSpace, bytes, ADDRESS_LIMIT);
  return 0;
}

function isClass(bytes: u64): bool {
  return bytes <= LARGEST;
}

// ---- Taking ----

/** A block of a class that nothing is known of; or of a large one, zeroed if it did not come from the cache. */
function takeBlock(index: u32, arena: Arena, isZeroed: bool): u64 {
  if (index >= SMALL_CLASSES) {
    const kept = cache.keeps(index) ? cache.takeLarge(index) : 0;
    if (!kept) return large.allocate(arena, index, 1, isZeroed);
    if (isZeroed) clear(kept, sizeOf(index));
    return kept;
  }
  const pointer = takeSmall(index);
  if (pointer && isZeroed) clear(pointer, sizeOf(index));
  return pointer;
}

function takeSmall(index: u32): u64 {
  if (cache.keeps(index)) return cache.takeSmall(index);
  const region = slabs.take(index);
  if (region) tick(arenaAt(MAIN), 1);
  return region;
}

/** A block for a request, in the arena for so many bytes. */
function allocate(bytes: u64, isZeroed: bool): u64 {
  if (!isClass(bytes)) return tooLarge(bytes);
  const index = indexOf(max(bytes, 1));
  const arena = large.arenaFor(bytes);
  return arena ? allocated(takeBlock(index, arena, isZeroed), index) : 0;
}

/** Counts a block that was allocated. Returns it. */
function allocated(pointer: u64, index: u32): u64 {
  if (!pointer) return 0;
  held += <i64>sizeOf(index);
  noteAllocated(sizeOf(index));
  return pointer;
}

// ---- Giving ----

function giveBlock(pointer: u64, extent: Extent): void {
  const index = extent.index;
  if (cache.keeps(index)) cache.keep(index, pointer);
  else if (!extent.isSlab) large.release(extent);
  else giveRegion(pointer, extent);
}

function giveRegion(pointer: u64, slab: Extent): void {
  const arena = arenaAt(slab.arena);
  const empty = slabs.give(slab, pointer);
  if (empty) pages.release(arena, empty);
  tick(arena, 1);
}

// ---- Resizing ----

/** A block of another class, where the old one is, if that is possible. */
function resizeInPlace(extent: Extent, index: u32): bool {
  if (extent.isSlab) {
    if (index != extent.index) return false;
    tick(arenaAt(extent.arena), 1);
    return true;
  }
  return index >= SMALL_CLASSES && large.resize(extent, index);
}

/** A block of a class, for what moves there. What was large and stays so does not come from the cache. */
function takeToMove(extent: Extent, index: u32): u64 {
  const arena = large.arenaFor(sizeOf(index));
  if (!arena) return 0;
  if (extent.isSlab || index < SMALL_CLASSES) return takeBlock(index, arena, false);
  return large.allocate(arena, index, 1, false);
}

/** Resizes a block in place or moves it. Returns where it is, or 0. */
function resize(pointer: u64, extent: Extent, index: u32): u64 {
  if (resizeInPlace(extent, index)) return pointer;
  const moved = takeToMove(extent, index);
  if (!moved) return 0;
  copy(moved, pointer, min(sizeOf(extent.index), sizeOf(index)));
  giveBlock(pointer, extent);
  return moved;
}

export class Model extends Allocator {
  configure(option: u32, value: f64): bool {
    if (option == Option.dirty_decay_ms && value <= MOST_MILLISECONDS) settings.decayMs = <i64>value;
    else if (option == Option.tcache && value < Switch.Count) settings.hasCache = value == Switch.True;
    else if (option == Option.thp && value < Thp.Count) settings.forbidsHugePages = value == Thp.Never;
    else if (option == Option.retain && value < Switch.Count) settings.retains = value == Switch.True;
    else if (option == Option.seed) settings.seed = <u64>value;
    else if (option == Option.mapTop) settings.mapTop = <u64>value;
    else return option == Option.narenas && value >= 1 && value <= MOST_ARENAS;
    return true;
  }

  start(): void {
    if (!start(settings)) return;
    touchPool(this.malloc(EMERGENCY_POOL_BYTES));
    held = 0;
  }

  malloc(bytes: u64): u64 {
    return allocate(bytes, false);
  }

  calloc(bytes: u64): u64 {
    return allocate(bytes, true);
  }

  aligned(align: u64, bytes: u64): u64 {
    if (!isClass(bytes)) return tooLarge(bytes);
    if (bytes <= LARGEST_SMALL && align <= PAGE) {
      // Of nothing, 8 bytes, however aligned: measured.
      const index = indexOf(max((bytes + align - 1) & ~(align - 1), 1));
      if (index < SMALL_CLASSES) return allocated(takeSmall(index), index);
    }
    const index = indexOf(max(bytes, SMALLEST_LARGE));
    const arena = large.arenaFor(sizeOf(index));
    return arena ? allocated(large.allocate(arena, index, align, false), index) : 0;
  }

  realloc(pointer: u64, bytes: u64): u64 {
    if (!pointer) return this.malloc(bytes);
    if (!bytes) {
      this.free(pointer);
      return 0;
    }
    const extent = extentOf(pointer);
    const old = sizeOf(extent.index);
    if (!isClass(bytes)) return tooLarge(bytes);
    const index = indexOf(bytes);
    const result = resize(pointer, extent, index);
    if (!result) return 0;
    held -= <i64>old;
    allocated(result, index);
    noteFreed(old);
    return result;
  }

  free(pointer: u64): void {
    if (!pointer) return;
    const extent = extentOf(pointer);
    // Freed before. The real one says nothing either, but then has the extent in its lists twice.
    if (extent.state != State.Active) return;
    const bytes = sizeOf(extent.index);
    giveBlock(pointer, extent);
    held -= <i64>bytes;
    noteFreed(bytes);
  }

  usableSize(pointer: u64): u64 {
    return sizeOf(extentOf(pointer).index);
  }

  inUse(): u64 {
    return max(held, 0);
  }

  /** All that is mapped: extents of any kind, and metadata. */
  system(): u64 {
    return statisticOf(Statistic.mapped) + statisticOf(Statistic.retained);
  }

  tellFree(): void {
    tellFree();
  }

  /** What is free with its pages: dirty extents, and in extents in use what no block of the program has. */
  cached(): u64 {
    return backedBytes() - this.inUse();
  }

  statistic(which: u32): u64 {
    return statisticOf(which);
  }

  check(): void {
    checkAll(this.inUse());
  }
}
