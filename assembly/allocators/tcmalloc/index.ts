/**
 * tcmalloc, as gperftools 2.10 has it in Debian 12's libtcmalloc-minimal4, of one thread. Small blocks are objects of
 * classes, which a thread keeps (thread-cache.ts) and all threads share (central.ts); they are cut from spans of pages.
 * Larger blocks are spans themselves (page-heap.ts).
 *
 *      malloc ──▶ thread's cache ──▶ central lists ──▶ page heap ──▶ kernel
 *        └──────────────── larger ────────────────────────▲
 *
 * calloc clears all that may be used of a block, whatever is known of it.
 */
import { clear, copy } from "../../machine/access";
import { fail, setInner } from "../../machine/failure";
import { placeHeap } from "../../machine/kernel";
import { ADDRESS_LIMIT } from "../../machine/layout";
import { Failure } from "../../shared/failure";
import { Message, Option } from "../../shared/tcmalloc";
import { Allocator, refuse } from "../allocator";
import { check as checkAll } from "./check";
import { classOf, LARGEST, PAGE, PAGE_SHIFT, sizeOf } from "./classes";
import { tellFree } from "./free-blocks";
import * as heap from "./page-heap";
import * as pageMap from "./page-map";
import { Span, State } from "./span";
import { proceed, start } from "./start";
import { blockBytes, figures, freeBytes, statisticOf } from "./statistics";
import * as system from "./system";
import * as cache from "./thread-cache";

const MIB: u64 = 1 << 20;
const KERNEL_PAGE: u64 = 4096;
/** What all threads may keep. */
const LEAST_CACHE_BYTES: f64 = 524288;
const MOST_CACHE_BYTES: f64 = 1073741824;
const MOST_BATCH: f64 = 4096;
const MOST_MEGABYTES: f64 = 134217728;
/** What malloc_stats writes its text into. */
const TEXT_BYTES: u64 = 16384;

let releaseRate: f64 = 1;
let isAggressive: bool = false;
let skipsBrk: bool = false;
let skipsMmap: bool = false;
let keepsAll: bool = false;
let limitBytes: u64 = 0;
let batch: u64 = 32;
let cacheBytes: i64 = 32 << 20;
/** 0 for where the kernel has it. */
let heapStart: u64 = 0;
/** Bytes of blocks that the program has not asked for. */
let ownBytes: u64 = 0;

/** The span that a block is in. @throws an abort, with one of three messages, where there is none */
function spanOf(pointer: u64, message: Message): Span {
  const span = pageMap.spanAt(pointer >> PAGE_SHIFT);
  if (!span) refuse(message, pointer);
  return changetype<Span>(span);
}

/** Bytes that may be used of a block. */
function usableBytes(span: Span): u64 {
  return span.sizeClass ? sizeOf(span.sizeClass) : PAGE * span.pages;
}

/** Pages that hold so many bytes. */
function pagesFor(bytes: u64): u64 {
  return (bytes >> PAGE_SHIFT) + u64((bytes & (PAGE - 1)) != 0);
}

function allocate(bytes: u64): u64 {
  return bytes <= LARGEST ? cache.take(classOf(bytes)) : allocatePages(bytes);
}

function allocatePages(bytes: u64): u64 {
  const span = heap.take(pagesFor(bytes));
  return span ? span.first << PAGE_SHIFT : 0;
}

function freePages(span: Span, pointer: u64): void {
  if (span.state != State.InUse) refuse(Message.FreedTwice, pointer);
  heap.give(span);
}

/** Notes that nothing is so large. */
function tooLarge(bytes: u64): u64 {
  fail(Failure.AddressSpace, bytes, ADDRESS_LIMIT);
  return 0;
}

/** A block for what moves there. What grows a little grows by a quarter. */
function allocateToMove(old: u64, bytes: u64): u64 {
  const grown = old + old / 4;
  const moved = bytes > old && bytes < grown ? allocate(grown) : 0;
  return moved ? moved : allocate(bytes);
}

export class Model extends Allocator {
  configure(option: u32, value: f64): bool {
    if (option == Option.ReleaseRate) releaseRate = value;
    else if (option == Option.AggressiveDecommit) isAggressive = value != 0;
    else if (option == Option.SkipSbrk) skipsBrk = value != 0;
    else if (option == Option.SkipMmap) skipsMmap = value != 0;
    else if (option == Option.DisableMemoryRelease) keepsAll = value != 0;
    else if (option == Option.MaxTotalThreadCacheBytes) {
      cacheBytes = <i64>min(max(value, LEAST_CACHE_BYTES), MOST_CACHE_BYTES);
    } else return configureNumber(option, value);
    return true;
  }

  start(): void {
    if (heapStart) placeHeap(heapStart);
    start(batch, cacheBytes, isAggressive);
    heap.configure(releaseRate, keepsAll, limitBytes);
    system.skip(skipsBrk, skipsMmap);
    proceed();
    ownBytes = blockBytes();
  }

  malloc(bytes: u64): u64 {
    return allocate(bytes);
  }

  calloc(bytes: u64): u64 {
    const pointer = allocate(bytes);
    if (pointer) clear(pointer, bytes <= LARGEST ? sizeOf(classOf(bytes)) : PAGE * pagesFor(bytes));
    return pointer;
  }

  aligned(align: u64, bytes: u64): u64 {
    if (align <= PAGE) {
      const rounded = (bytes + align - 1) & ~(align - 1);
      return rounded < bytes ? tooLarge(bytes) : allocate(max(rounded, align));
    }
    const size = max(bytes, 1);
    if (size + align < size) return tooLarge(bytes);
    const span = heap.takeAligned(pagesFor(size), align >> PAGE_SHIFT, pagesFor(size + align));
    return span ? span.first << PAGE_SHIFT : 0;
  }

  realloc(pointer: u64, bytes: u64): u64 {
    if (!pointer) return allocate(bytes);
    if (!bytes) {
      this.free(pointer);
      return 0;
    }
    const old = usableBytes(spanOf(pointer, Message.InvalidRealloc));
    if (bytes <= old && bytes >= old / 2) return pointer;
    const moved = allocateToMove(old, bytes);
    if (!moved) return 0;
    copy(moved, pointer, min(old, bytes));
    setInner(true);
    this.free(pointer);
    setInner(false);
    return moved;
  }

  free(pointer: u64): void {
    if (!pointer) return;
    const span = spanOf(pointer, Message.InvalidFree);
    if (span.sizeClass) cache.give(span.sizeClass, pointer);
    else freePages(span, pointer);
  }

  usableSize(pointer: u64): u64 {
    return usableBytes(spanOf(pointer, Message.InvalidSize));
  }

  inUse(): u64 {
    return blockBytes() - ownBytes;
  }

  /** All that was mapped for it, as nothing is unmapped: spans, and metadata. */
  system(): u64 {
    return system.taken;
  }

  tellFree(): void {
    tellFree();
  }

  cached(): u64 {
    return freeBytes();
  }

  statistic(which: u32): u64 {
    return statisticOf(which);
  }

  /** What malloc_stats prints, which allocates a block for its text while it looks. */
  figures(part: u32): usize {
    if (part) return 0;
    const text = this.malloc(TEXT_BYTES);
    const found = figures();
    this.free(text);
    return found;
  }

  check(): void {
    checkAll();
  }
}

function configureNumber(option: u32, value: f64): bool {
  if (option == Option.HeapLimitMb && value <= MOST_MEGABYTES) limitBytes = <u64>value * MIB;
  else if (option == Option.TransferNumObj && value >= 1 && value <= MOST_BATCH) batch = <u64>value;
  else if (option == Option.HeapStart && <u64>value % KERNEL_PAGE == 0) heapStart = <u64>value;
  else return false;
  return true;
}
