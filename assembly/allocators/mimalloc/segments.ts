/**
 * Where pages come from, and where they go. A page is cut from the front of a free span, which may be that of a new
 * segment; when it is freed it joins its free neighbours, and a segment without pages is cached.
 */
import { madvise, munmap, Place, Syscall } from "../../machine/kernel";
import { enter, leave } from "../../machine/paths";
import { Row } from "../../shared/mimalloc";
import { OS_PAGE, roundForKernel, roundUp, SLICE, SLICE_SHIFT } from "./classes";
import { commitSlices, ensure, ensureHeader, flushDue, release } from "./commit";
import { SEGMENT_ALLOC, SEGMENT_FREE, SEGMENT_PAGE_ALLOC } from "./functions";
import { map, SEGMENT } from "./mapping";
import { isEager, resets } from "./parameters";
import * as records from "./segment";
import { committedOf, Page, Segment, Span } from "./segment";
import * as cache from "./segment-cache";
import * as sets from "./slice-set";
import { SLICES } from "./slice-set";
import * as spans from "./spans";
import { note, noteGiven, noteUnmapped } from "./statistics";

/** Slices of the header. */
const HEADER_SLICES: u32 = 1;

// ---- Taking ----

/** A page of so many slices, without blocks; null if there is no room. */
export function takePage(slices: u32): Page | null {
  const caller = enter(SEGMENT_PAGE_ALLOC);
  let span = spans.find(slices);
  if (!span) span = newSegment();
  const page = span ? cutPage(span, slices) : null;
  leave(caller);
  return page;
}

/** Makes the first slices of a free span a page. */
function cutPage(span: Span, slices: u32): Page {
  const segment = span.segment;
  const index = span.index;
  spans.remove(span);
  if (span.slices > slices) spans.insert(records.makeFree(segment, index + slices, span.slices - slices));
  ensure(segment, index, index + slices);
  const page = records.makePage(segment, index, slices);
  segment.pages++;
  flushDue(segment);
  return page;
}

/** A segment from the cache, or a new one. Returns the span of its slices, which is listed; null if there is no room. */
function newSegment(): Span | null {
  const caller = enter(SEGMENT_ALLOC);
  let segment = cache.take();
  const isFresh = !segment;
  if (!segment) segment = mapSegment();
  if (segment) prepare(segment, isFresh);
  leave(caller);
  if (!segment) return null;
  const span = records.makeFree(segment, HEADER_SLICES, SLICES - HEADER_SLICES);
  spans.insert(span);
  return span;
}

function mapSegment(): Segment | null {
  const start = map(SEGMENT, SEGMENT, isEager ? Place.Unbacked : Place.Reserved);
  if (!start) return null;
  const segment = records.addSegment(start, SEGMENT, start, SEGMENT);
  if (isEager) sets.fill(committedOf(segment));
  return segment;
}

/** What was ever used, or is not yet to be read and written, has its header committed and cleared. */
function prepare(segment: Segment, isFresh: bool): void {
  if (!sets.has(committedOf(segment), 0, HEADER_SLICES)) commitSlices(segment, 0, HEADER_SLICES);
  if (!isFresh || !isEager) records.clearHeader(segment);
  note(Row.segments, 1);
  note(Row.touched, <i64>SLICE);
  ensureHeader(segment);
  records.touchHeader(segment);
}

// ---- Giving ----

/** Frees a page that no block is in. */
export function givePage(page: Page): void {
  const segment = page.segment;
  if (resets) reset(page);
  note(Row.touched, -(<i64>(page.blockBytes * page.capacity)));
  note(Row.pages, -1);
  page.state = 0;
  if (isHuge(segment)) {
    unmapHuge(segment);
    return;
  }
  const span = join(page);
  release(segment, span.index, span.index + span.slices);
  spans.insert(span);
  segment.pages--;
  if (segment.pages == 0) giveSegment(segment, span);
}

/** Tells the kernel that it may take the whole pages of it that blocks may be in. */
function reset(page: Page): void {
  const from = roundUp(page.first, OS_PAGE);
  const bytes = page.start + SLICE * page.slices - from;
  madvise(from, bytes, Syscall.MadviseFree);
  note(Row.reset, <i64>bytes);
}

/** Makes a page, and its free neighbours, one free span, which is in no list. */
function join(page: Page): Span {
  const segment = page.segment;
  let from = page.index;
  let to = from + page.slices;
  if (to < SLICES) {
    const above = records.recordAt(segment, to);
    if (above.state == 0) {
      spans.remove(above);
      to += above.slices;
    }
  }
  if (from > HEADER_SLICES) {
    const below = records.spanOf(segment, from - 1);
    if (below.state == 0) {
      spans.remove(below);
      from = below.index;
    }
  }
  return records.makeFree(segment, from, to - from);
}

/** Caches a segment without pages. */
function giveSegment(segment: Segment, span: Span): void {
  const caller = enter(SEGMENT_FREE);
  spans.remove(span);
  note(Row.segments, -1);
  note(Row.touched, -(<i64>SLICE));
  cache.keep(segment);
  leave(caller);
}

// ---- Huge blocks ----

/** A page for one huge block, in a segment of its own; null if there is no room. */
export function takeHuge(bytes: u64): Page | null {
  const length = roundUp(bytes + SLICE, SLICE);
  const mapped = roundForKernel(length);
  const mapping = map(mapped, SEGMENT, Place.Unbacked);
  return mapping ? hugePage(mapping, length, mapping, mapped) : null;
}

/**
 * A page for one huge block at a multiple of more than a segment's bytes, which is where a segment would end that begins
 * before it.
 *
 *      mapping      segment        segment + 32 MiB = n · align
 *      ├── lead ────┼── header ─┬───┼──────── block ──────┤
 */
export function takeHugeAligned(bytes: u64, align: u64): Page | null {
  const length = roundUp(bytes + SEGMENT, SLICE);
  const lead = align - SEGMENT;
  const mapped = roundForKernel(length + lead);
  const mapping = map(mapped, align, Place.Unbacked);
  if (!mapping) return null;
  const start = mapping + lead;
  if (lead) giveBack(mapping, start);
  return hugePage(start, length, mapping, mapped);
}

/** Gives back the whole pages of what lies before a huge block. */
export function giveBack(from: u64, to: u64): void {
  const address = roundUp(from, OS_PAGE);
  madvise(address, to - address, Syscall.MadviseDontneed);
  noteGiven(to - from);
}

function hugePage(start: u64, length: u64, mapping: u64, mapped: u64): Page {
  const segment = records.addSegment(start, length, mapping, mapped);
  sets.fill(committedOf(segment));
  note(Row.segments, 1);
  note(Row.touched, <i64>SLICE);
  records.touchHeader(segment);
  segment.pages = 1;
  return records.makePage(segment, HEADER_SLICES, <u32>(length >> SLICE_SHIFT) - HEADER_SLICES);
}

export function isHuge(segment: Segment): bool {
  return segment.bytes != SEGMENT;
}

function unmapHuge(segment: Segment): void {
  const caller = enter(SEGMENT_FREE);
  note(Row.segments, -1);
  note(Row.touched, -(<i64>SLICE));
  munmap(segment.mapping, segment.mapped);
  noteUnmapped(segment.mapped, segment.mapped, segment.bytes);
  records.endSegment(segment);
  leave(caller);
}
