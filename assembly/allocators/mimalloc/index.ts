/**
 * mimalloc 2.0.9, as Debian 12 builds it, of one thread. Blocks of one size share a page, pages share a segment, and a
 * segment is mapped where a cursor says.
 *
 *      malloc ──▶ front page of the class ──▶ queues ──▶ segments ──▶ cache ──▶ kernel
 *      free   ──▶ page of the block
 *
 * calloc clears every block it hands out, whole, whether it is fresh or not.
 */
import { clear, copy } from "../../machine/access";
import { fail } from "../../machine/failure";
import { ADDRESS_LIMIT } from "../../machine/layout";
import { Failure } from "../../shared/failure";
import { Message } from "../../shared/mimalloc";
import { Allocator, refuse } from "../allocator";
import { check as checkAll } from "./check";
import { roundUp, SMALL } from "./classes";
import { tellFree } from "./free-blocks";
import * as pages from "./page";
import * as parameters from "./parameters";
import * as queues from "./queues";
import { ALIGNED, FULL, PAGE, Page, pageIn, Segment, segmentOf, startSegments, usedBytes } from "./segment";
import { giveBack } from "./segments";
import { committed, reserved, statisticOf } from "./statistics";
import * as supply from "./supply";

/** Of a larger block calloc leaves the rest as it is: fresh from the kernel. */
const MOST_CLEARED: u64 = 2 << 30;
/** The largest alignment within a segment. */
const LARGEST_ALIGNMENT: u64 = 16 << 20;
/** Aligned blocks of up to so many bytes need no room to spare, if their size is a multiple of the alignment. */
const LARGEST_MULTIPLE: u64 = 128;
/** Bytes of the link in a free block. */
const LINK: u64 = 8;
/** What a huge block is at least of. */
const LEAST_HUGE: u64 = SMALL + 1;

/** Bytes that lie before aligned blocks in theirs. */
let unused: u64 = 0;

// ---- Taking ----

function allocate(bytes: u64): u64 {
  if (bytes <= SMALL) {
    const page = queues.frontFor(bytes);
    if (page.free) return pages.take(page);
  }
  return allocateGeneric(bytes);
}

function allocateGeneric(bytes: u64): u64 {
  const page = supply.find(bytes);
  return page ? pages.take(page) : 0;
}

/** A block that reads as zero. */
function takeCleared(page: Page): u64 {
  const block = pages.take(page);
  clear(block, min(page.blockBytes, MOST_CLEARED));
  return block;
}

/** A block of a small page, if the next free one happens to be aligned; or 0. */
function takeAligned(align: u64, bytes: u64): u64 {
  const page = queues.frontFor(bytes);
  return page.free && (page.free & (align - 1)) == 0 ? pages.take(page) : 0;
}

/** Whether blocks for so many bytes are aligned anyway. */
function isNatural(align: u64, bytes: u64): bool {
  if (align > bytes) return false;
  return (bytes <= SMALL && popcnt(bytes) == 1) || (bytes <= LARGEST_MULTIPLE && (bytes & (align - 1)) == 0);
}

/** A larger block, of which what lies before the first multiple is not used. */
function allocateWithin(align: u64, bytes: u64): u64 {
  const block = allocate(bytes + align - 1);
  const aligned = roundUp(block, align);
  if (aligned != block) markAligned(block, aligned);
  return aligned;
}

function allocateHuge(align: u64, bytes: u64): u64 {
  const page = supply.findHuge(max(bytes, LEAST_HUGE), align);
  if (!page) return 0;
  const block = pages.take(page);
  const aligned = roundUp(block, align);
  if (parameters.decommits) giveBack(block + LINK, aligned);
  markAligned(block, aligned);
  return aligned;
}

function markAligned(block: u64, aligned: u64): void {
  pageOf(block).state |= ALIGNED;
  unused += aligned - block;
}

// ---- Giving ----

/** The page of a block. @throws a segmentation fault where there is no segment */
function pageOf(pointer: u64): Page {
  const segment = segmentOf(pointer);
  if (!segment) refuse(Message.Segmentation, pointer);
  return pageIn(changetype<Segment>(segment), pointer);
}

function give(page: Page, block: u64): void {
  pages.give(page, block);
  if (page.used == 0) queues.retire(page);
  else if (page.state & FULL) queues.leaveFull(page);
}

function giveSlowly(page: Page, pointer: u64): void {
  // Freed before, with its whole page. The real one says nothing either, but then counts what is none of its blocks.
  if (!(page.state & PAGE)) return;
  const shift = pages.shiftIn(page, pointer);
  unused -= shift;
  give(page, pointer - shift);
}

function usableIn(page: Page, pointer: u64): u64 {
  return page.state & PAGE ? page.blockBytes - pages.shiftIn(page, pointer) : 0;
}

export class Model extends Allocator {
  configure(option: u32, value: f64): bool {
    return parameters.set(option, value);
  }

  start(): void {
    startSegments();
    queues.start();
  }

  malloc(bytes: u64): u64 {
    return allocate(bytes);
  }

  calloc(bytes: u64): u64 {
    if (bytes <= SMALL) {
      const page = queues.frontFor(bytes);
      if (page.free) return takeCleared(page);
    }
    const page = supply.find(bytes);
    return page ? takeCleared(page) : 0;
  }

  aligned(align: u64, bytes: u64): u64 {
    if (isNatural(align, bytes)) return allocate(bytes);
    if (bytes > supply.LARGEST) {
      fail(Failure.AddressSpace, bytes, ADDRESS_LIMIT);
      return 0;
    }
    const lucky = bytes <= SMALL && align <= bytes ? takeAligned(align, bytes) : 0;
    if (lucky) return lucky;
    return align <= LARGEST_ALIGNMENT ? allocateWithin(align, bytes) : allocateHuge(align, bytes);
  }

  /** A block that is at most twice too large stays. A block of nothing is one like any other. */
  realloc(pointer: u64, bytes: u64): u64 {
    if (!pointer) return allocate(bytes);
    const usable = this.usableSize(pointer);
    if (bytes && bytes <= usable && bytes >= usable / 2) return pointer;
    const moved = allocate(bytes);
    if (!moved) return 0;
    copy(moved, pointer, min(usable, bytes));
    this.free(pointer);
    return moved;
  }

  free(pointer: u64): void {
    if (!pointer) return;
    const page = pageOf(pointer);
    if (page.state == PAGE) give(page, pointer);
    else giveSlowly(page, pointer);
  }

  usableSize(pointer: u64): u64 {
    return usableIn(pageOf(pointer), pointer);
  }

  inUse(): u64 {
    return usedBytes() - unused;
  }

  system(): u64 {
    return reserved();
  }

  tellFree(): void {
    tellFree();
  }

  /** What is mapped and committed, and in no block of the program. */
  cached(): u64 {
    return committed - this.inUse();
  }

  /** mi_collect: forced, unless something is to be kept. */
  trim(keep: u64): bool {
    return supply.collect(keep == 0);
  }

  statistic(which: u32): u64 {
    return statisticOf(which);
  }

  check(): void {
    checkAll();
  }
}
