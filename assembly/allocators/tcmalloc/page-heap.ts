/**
 * The page heap: where spans come from, and where they go.
 *
 *                give                   release
 *      in use ────────▶ normal ───────────────────▶ returned
 *        ▲                │                            │
 *        └────────────────┴────────────────────────────┴──── brk, mmap
 *                           take
 *
 * Normal spans join normal ones, returned ones returned ones. What is given counts down to the next release, and what
 * the heap grows by counts, too, because it is given first.
 */
import { fail } from "../../machine/failure";
import * as kernel from "../../machine/kernel";
import { Syscall } from "../../machine/kernel";
import { enter, leave } from "../../machine/paths";
import { Failure } from "../../shared/failure";
import { PAGE, PAGE_SHIFT } from "./classes";
import * as free from "./free-spans";
import { LISTED, normalPages, returnedPages } from "./free-spans";
import { DELETE, GROW_HEAP, NEW, RELEASE_AT_LEAST_N_PAGES } from "./functions";
import * as metadata from "./metadata";
import * as pageMap from "./page-map";
import { endSpan, isEmpty, newSpan, Span, State } from "./span";
import * as sets from "./span-set";
import * as system from "./system";

/** The heap grows by at least so many pages: 1 MiB. */
const LEAST_GROWTH: u64 = 128;
/** Before it passes a multiple of these, and as much of it is free as this part, all that is free is given back. */
const CHECKED_GROWTH: u64 = (128 << 20) >> PAGE_SHIFT;
const FREE_PART: u64 = 4;
/** More pages than these are not asked for. */
const MOST_PAGES: u64 = (1 << 51) - 1;
/** Pages to give until one looks again, if there was nothing to release; and the most. */
const IDLE: i64 = 1 << 18;
const MOST_WAIT: f64 = 1048576;
const LEAST_RATE: f64 = 1e-6;
const STACK_BYTES: u64 = 264;

/** Whether what is given goes back to the kernel at once. */
export let isAggressive: bool = false;
/** Pages that may be released for a thousand that are given; nothing is before the options are read. */
let releaseRate: f64 = 0;
/** Whether nothing goes back. */
let keepsAll: bool = false;
/** Most pages in use or normal, with those of metadata; 0 for any. */
let limit: u64 = 0;

/** Pages that the heap has grown by. */
export let pages: u64 = 0;
/** Pages until the next release. */
export let countdown: i64 = 0;
/** Where the last release ended: at the list of one page more, or at the set. */
let cursor: u64 = LISTED;

/** Returns whether there was room. */
export function start(aggressive: bool): bool {
  isAggressive = aggressive;
  free.start();
  return metadata.startPool(metadata.stacks, STACK_BYTES);
}

/** Sets the options that are read after the first call. */
export function configure(rate: f64, neverReleases: bool, limitBytes: u64): void {
  releaseRate = rate;
  keepsAll = neverReleases;
  limit = limitBytes >> PAGE_SHIFT;
}

// ---- Taking ----

/** A span of so many pages, in use; null if there is no room. */
export function take(count: u64): Span | null {
  const caller = enter(NEW);
  let span = search(count);
  if (!span && isFragmented(count)) {
    release(u64.MAX_VALUE);
    span = search(count);
  }
  if (!span && grow(count)) span = search(count);
  leave(caller);
  return span;
}

/** Whether much is free when the heap is about to pass a multiple of 128 MiB. */
function isFragmented(count: u64): bool {
  const isFree = normalPages && returnedPages && FREE_PART * (normalPages + returnedPages) >= pages;
  return isFree && pages / CHECKED_GROWTH != (pages + count) / CHECKED_GROWTH;
}

/** Takes the front of the shortest list that has a span, normal ones first. */
function search(count: u64): Span | null {
  for (let length = count; length <= LISTED; length++) {
    const normal = free.listOf(State.Normal, length);
    if (!isEmpty(normal)) return carve(normal.next, count);
    const returned = free.listOf(State.Returned, length);
    if (!isEmpty(returned) && isWithinLimit(count, true) && !isEmpty(returned))
      return carve(returned.next, count);
  }
  return searchSets(count);
}

/** Takes the shortest of the longer spans, the lowest of those as long. */
function searchSets(count: u64): Span | null {
  const normal = sets.atLeast(free.setOf(State.Normal), count);
  const returned = sets.atLeast(free.setOf(State.Returned), count);
  if (!returned) return normal ? carve(normal, count) : null;
  if (normal && !sets.isBefore(returned, normal)) return carve(normal, count);
  if (isWithinLimit(count, false)) return carve(returned, count);
  return isWithinLimit(count, true) ? searchSets(count) : null;
}

/** Takes the first pages of a free span. The rest stays as it is. */
function carve(span: Span, count: u64): Span {
  const state = span.state;
  free.remove(span);
  span.state = State.InUse;
  if (span.pages > count) {
    const rest = cut(span, count);
    rest.state = state;
    free.insert(rest);
  }
  return span;
}

/** Cuts a span in use after so many pages. Returns the rest, in use as it is. */
function cut(span: Span, count: u64): Span {
  if (isDefined(ZP_CHECK)) assert(count && count < span.pages, "both parts of a cut have pages");
  const rest = newSpan(span.first + count, span.pages - count);
  span.pages = count;
  pageMap.register(span);
  pageMap.register(rest);
  return rest;
}

/** A span of so many pages that begins at a multiple of `align` of them; null if there is no room. */
export function takeAligned(count: u64, align: u64, more: u64): Span | null {
  const taken = take(more);
  if (!taken) return null;
  let span = taken as Span;
  const skipped = (align - (span.first & (align - 1))) & (align - 1);
  if (skipped) {
    const rest = cut(span, skipped);
    give(span);
    span = rest;
  }
  if (span.pages > count) give(cut(span, count));
  return span;
}

// ---- Growing ----

/** Grows the heap by at least so many pages. Returns whether there was room. */
function grow(count: u64): bool {
  if (count > MOST_PAGES) {
    fail(Failure.AddressSpace, count << PAGE_SHIFT, MOST_PAGES << PAGE_SHIFT);
    return false;
  }
  const caller = enter(GROW_HEAP);
  const has = growBy(max(count, LEAST_GROWTH)) || (count < LEAST_GROWTH && growBy(count));
  leave(caller);
  return has;
}

function growBy(count: u64): bool {
  if (!isWithinLimit(count, true)) {
    fail(Failure.Memory, count << PAGE_SHIFT, 0);
    return false;
  }
  const start = system.get(count << PAGE_SHIFT, PAGE);
  if (!start) return false;
  metadata.takeRecord(metadata.stacks);
  if (!pageMap.ensure(start >> PAGE_SHIFT, count)) return false;
  pages += count;
  giveSpan(newSpan(start >> PAGE_SHIFT, count));
  return true;
}

/** Whether so many pages more are allowed, if need be after a release. */
function isWithinLimit(count: u64, releases: bool): bool {
  if (!limit) return true;
  let taken = (system.taken >> PAGE_SHIFT) - returnedPages;
  if (releases && taken + count > limit) taken -= release(taken + count - limit);
  return taken + count <= limit;
}

// ---- Giving ----

/** Frees a span that is in use. */
export function give(span: Span): void {
  const caller = enter(DELETE);
  pageMap.forget(span);
  span.sizeClass = 0;
  giveSpan(span);
  leave(caller);
}

/** Frees a span that is known by no page. */
function giveSpan(span: Span): void {
  const count = span.pages;
  span.state = isAggressive && giveBack(span) ? State.Returned : State.Normal;
  join(span);
  countdown -= <i64>count;
  if (countdown < 0) releaseSome();
}

/** Joins a free span with its neighbours, and inserts what comes of it. */
function join(span: Span): void {
  const below = pageMap.spanAt(span.first - 1);
  if (below && mayJoin(span, below)) {
    span.first = below.first;
    span.pages += below.pages;
    endSpan(below);
  }
  const above = pageMap.spanAt(span.end);
  if (above && mayJoin(span, above)) {
    span.pages += above.pages;
    endSpan(above);
  }
  free.insert(span);
}

/** Takes a neighbour that is free likewise, or that may be made so, out of where it is. Returns whether it did. */
function mayJoin(span: Span, neighbour: Span): bool {
  if (neighbour.state == State.InUse) return false;
  if (
    neighbour.state != span.state &&
    !(isAggressive && neighbour.state == State.Normal && giveBack(neighbour))
  ) {
    return false;
  }
  free.remove(neighbour);
  pageMap.forget(neighbour);
  return true;
}

// ---- Releasing ----

/** Gives the pages of a span back to the kernel, unless nothing goes back. Returns whether it did. */
function giveBack(span: Span): bool {
  if (keepsAll) return false;
  kernel.madvise(span.first << PAGE_SHIFT, span.pages << PAGE_SHIFT, Syscall.MadviseDontneed);
  return true;
}

/** So much was given that a span goes back. */
function releaseSome(): void {
  const released = releaseRate <= LEAST_RATE ? 0 : release(1);
  countdown = released ? <i64>min((<f64>released * 1000) / releaseRate, MOST_WAIT) : IDLE;
}

/**
 * Gives at least so many pages back, if there are, by whole spans: the oldest of each length in turn, and the shortest
 * of the longer ones. Rounds are whole, unless it has given enough. Returns how many.
 */
export function release(count: u64): u64 {
  const caller = enter(RELEASE_AT_LEAST_N_PAGES);
  let released: u64 = 0;
  let isStuck = false;
  while (released < count && normalPages && !isStuck) {
    for (let turn: u64 = 0; turn <= LISTED && released < count && !isStuck; turn++) {
      const span = nextToRelease();
      const some = span ? releaseSpan(span) : 0;
      released += some;
      isStuck = span != null && !some;
      if (!isStuck) cursor++;
    }
  }
  leave(caller);
  return released;
}

function nextToRelease(): Span | null {
  if (cursor > LISTED) cursor = 0;
  return cursor == LISTED ? sets.first(free.setOf(State.Normal)) : free.oldest(cursor + 1);
}

function releaseSpan(span: Span): u64 {
  const count = span.pages;
  if (!giveBack(span)) return 0;
  free.remove(span);
  pageMap.forget(span);
  span.state = State.Returned;
  join(span);
  return count;
}
