/**
 * Pages for requests, the long way: by the queue of the class, or a fresh page; huge blocks have a segment of their own.
 * If there is no room all that is empty is given back, and it tries once more.
 */
import { fail } from "../../machine/failure";
import { ADDRESS_LIMIT } from "../../machine/layout";
import { enter, leave } from "../../machine/paths";
import { Failure } from "../../shared/failure";
import {
  classOf,
  LARGEST_CLASS,
  LARGEST_LARGE,
  largeSize,
  roundForKernel,
  SLICE,
  sizeOf,
  slicesFor,
} from "./classes";
import { HEAP_COLLECT, MALLOC_GENERIC } from "./functions";
import * as pages from "./page";
import * as queues from "./queues";
import { Page } from "./segment";
import * as cache from "./segment-cache";
import * as segments from "./segments";

/** Nothing is larger. */
export const LARGEST: u64 = i64.MAX_VALUE;

// ---- Pages for blocks ----

function start(page: Page | null, blockBytes: u64): Page | null {
  if (!page) return null;
  pages.initialise(page, blockBytes);
  queues.pushFront(page);
  return page;
}

/** All of the page is one block. */
function startHuge(page: Page | null): Page | null {
  return page ? start(page, SLICE * page.slices) : null;
}

/** A page of a class with a free block. If there is no room, it looks once more. */
function pageOfClass(index: u32): Page | null {
  for (let attempt = 0; attempt < 2; attempt++) {
    const found = queues.findFree(index);
    if (found) return found;
    queues.sweep(false);
    const fresh = start(segments.takePage(slicesFor(sizeOf(index))), sizeOf(index));
    if (fresh) return fresh;
  }
  return null;
}

function pageFor(bytes: u64): Page | null {
  if (bytes <= LARGEST_CLASS) return pageOfClass(classOf(bytes));
  if (bytes > LARGEST) {
    fail(Failure.AddressSpace, bytes, ADDRESS_LIMIT);
    return null;
  }
  const size = largeSize(bytes);
  if (size > LARGEST_LARGE) return startHuge(segments.takeHuge(size));
  return start(segments.takePage(slicesFor(size)), size);
}

// ---- Blocks ----

/** The page that a request is served from, which has a free block; null if there is no room. */
export function find(bytes: u64): Page | null {
  const caller = enter(MALLOC_GENERIC);
  let page = pageFor(bytes);
  if (!page) {
    collect(true);
    page = pageFor(bytes);
  }
  leave(caller);
  return page;
}

/** A page for a huge block at a multiple of more than a segment's bytes allow; null if there is no room. */
export function findHuge(bytes: u64, align: u64): Page | null {
  const caller = enter(MALLOC_GENERIC);
  let page = hugePage(bytes, align);
  if (!page) {
    collect(true);
    page = hugePage(bytes, align);
  }
  leave(caller);
  return page;
}

function hugePage(bytes: u64, align: u64): Page | null {
  return startHuge(segments.takeHugeAligned(roundForKernel(bytes), align));
}

/** mi_collect. Returns whether anything was unmapped. */
export function collect(isForced: bool): bool {
  const caller = enter(HEAP_COLLECT);
  queues.sweep(isForced);
  queues.collectPages(isForced);
  const given = isForced && cache.unmapAll();
  if (!isForced) cache.purgeAll();
  leave(caller);
  return given;
}
