/**
 * Segments: 32 MiB each, at a multiple of that, in 512 slices of 64 KiB. The first slice has the segment's header, and the
 * others are in spans: pages, which have blocks, and what is free. A huge block has a segment of its own, which may be larger.
 *
 *      slice   0        1    2    3        11                 511
 *              ├ header ┼page┼page┼─ page ─┼───── free ─────────┤
 *
 *      header  ├ segment ┤ record 0 ┤ record 1 ┤ … ┤ record 512 ┤
 *              0        264        344                        41304
 *
 * The records of the model are its own, and it touches the real ones' pages. Of a span, the first slice's record tells
 * all; of a page all others tell where that one is.
 */
import { clear, touch } from "../../machine/access";
import { give, Pool, reserveOwn, setOwnRecordBytes, takeZeroed } from "../../machine/frames";
import { ADDRESS_LIMIT } from "../../machine/layout";
import { SLICE, SLICE_SHIFT } from "./classes";
import { SET_BYTES, SLICES, SliceSet } from "./slice-set";

/** What a span is. Free spans, and slices that were never first in one, are nothing. */
export const PAGE: u32 = 1;
/** The page is in the queue of pages without a free block. */
export const FULL: u32 = 2;
/** Blocks of the page may have been handed out from a place within them. */
export const ALIGNED: u32 = 4;

/** A span, by the record of its first slice. */
@unmanaged
export class Span {
  segment: Segment;
  /** The number of its first slice. */
  index: u32;
  slices: u32;
  /** Its neighbours in the list of free spans, or in a queue of pages. */
  next: Span | null;
  previous: Span | null;
  /** PAGE, FULL and ALIGNED. */
  state: u32;

  /** Address of its first byte. */
  get start(): u64 {
    return this.segment.start + SLICE * this.index;
  }
}

/**
 * A page. Freed blocks wait in a list of their own, until there is no other free one.
 *
 *      used + blocks in `free` + blocks in `local` == capacity <= reserved
 */
@unmanaged
export class Page extends Span {
  /** Its queue, while it is not full. */
  queue: u32;
  blockBytes: u64;
  /** Address of the first block. */
  first: u64;
  /** Address of the first free block, whose first word is that of the next; or 0. */
  free: u64;
  /** The same of the blocks freed since. */
  local: u64;
  /** Blocks that the program has. */
  used: u32;
  /** Blocks that were free once, and blocks that there is room for. */
  capacity: u32;
  reserved: u32;
  /** In how many sweeps the page is freed, if it is empty; 0: in none. */
  retire: u32;
}

@unmanaged
export class Segment {
  start: u64;
  bytes: u64;
  /** What was mapped: more, if what is aligned is not at its beginning. */
  mapping: u64;
  mapped: u64;
  /** Slices with a record; of a huge one it may have more. */
  slices: u32;
  /** Pages in use. */
  pages: u32;
  /** When what is pending is decommitted, in milliseconds; 0 for never. */
  expiry: i64;
  /** All segments, in no order. */
  next: Segment | null;
  previous: Segment | null;
}

// pending ⊆ committed

const COMMITTED: usize = 64;
const PENDING: usize = COMMITTED + SET_BYTES;
/** By slice: the record of its span, if it is a page or the slice is its last. */
const SPANS: usize = PENDING + SET_BYTES;
const RECORDS: usize = SPANS + 4 * (SLICES + 1);
const RECORD_BYTES: usize = 80;

/** Slices that may be read and written. */
export function committedOf(segment: Segment): SliceSet {
  return changetype<usize>(segment) + COMMITTED;
}

/** Slices that are free, and wait to be decommitted. */
export function pendingOf(segment: Segment): SliceSet {
  return changetype<usize>(segment) + PENDING;
}

export function recordAt(segment: Segment, index: u32): Page {
  return changetype<Page>(changetype<usize>(segment) + RECORDS + RECORD_BYTES * index);
}

// ---- Where segments are ----

const SEGMENT_SHIFT: u64 = 25;
const SEGMENT_BYTES: usize = 1 << 25;
const LEAF_BITS: u64 = 11;
const LEAF_WORDS: u64 = 1 << LEAF_BITS;
const LEAVES: u64 = ADDRESS_LIMIT >> (SEGMENT_SHIFT + LEAF_BITS);

const pool = changetype<Pool>(memory.data(offsetof<Pool>(), 8));
/** By the number of 64 GiB: a table with the segment of each 32 MiB, or 0. */
const ROOT: usize = memory.data(<i32>(4 * LEAVES), 4);
/** The table of where there are none. */
const NONE: usize = memory.data(<i32>(4 * LEAF_WORDS), 4);
export let newest: Segment | null = null;

export function startSegments(): void {
  if (isDefined(ZP_CHECK)) {
    assert(
      offsetof<Segment>() <= COMMITTED && offsetof<Page>() <= RECORD_BYTES,
      "records have room for their fields",
    );
  }
  for (let leaf: usize = 0; leaf < <usize>LEAVES; leaf++) store<usize>(ROOT + 4 * leaf, NONE);
  setOwnRecordBytes(pool, RECORDS + RECORD_BYTES * (SLICES + 1));
}

/** Where the segment of an address stands in its table. */
function entryOf(address: u64): usize {
  const number = <usize>(address >> SEGMENT_SHIFT);
  return load<usize>(ROOT + 4 * (number >> <usize>LEAF_BITS)) + 4 * (number & (<usize>LEAF_WORDS - 1));
}

/** The segment of a block. What begins where a segment ends is a block of that one: a huge one, aligned to more than 16 MiB. */
export function segmentOf(pointer: u64): Segment | null {
  if (pointer > ADDRESS_LIMIT) return null;
  return load<Segment | null>(entryOf(pointer - 1));
}

/** The record of the span that a slice is in, if it is a page or the slice is its last. */
export function spanOf(segment: Segment, slice: usize): Page {
  return load<Page>(changetype<usize>(segment) + 4 * slice, SPANS);
}

function setSpan(segment: Segment, slice: u32, span: Span): void {
  store<Span>(changetype<usize>(segment) + 4 * slice, span, SPANS);
}

/** The page that a block of the segment is in. Its state says if there is none. */
export function pageIn(segment: Segment, pointer: u64): Page {
  return spanOf(segment, ((<usize>(pointer - 1) & (SEGMENT_BYTES - 1)) + 1) >> <usize>SLICE_SHIFT);
}

function list(segment: Segment, known: Segment | null): void {
  const root = ROOT + 4 * <usize>(segment.start >> (SEGMENT_SHIFT + LEAF_BITS));
  if (load<usize>(root) == NONE) store<usize>(root, reserveOwn(<usize>(4 * LEAF_WORDS)));
  store<Segment | null>(entryOf(segment.start), known);
}

/** Makes a segment of what was mapped. */
export function addSegment(start: u64, bytes: u64, mapping: u64, mapped: u64): Segment {
  const segment = changetype<Segment>(takeZeroed(pool));
  segment.start = start;
  segment.bytes = bytes;
  segment.mapping = mapping;
  segment.mapped = mapped;
  segment.slices = <u32>min(bytes >> SLICE_SHIFT, SLICES);
  for (let slice: u32 = 0; slice <= SLICES; slice++) setSpan(segment, slice, recordAt(segment, 0));
  segment.next = newest;
  if (newest) (newest as Segment).previous = segment;
  newest = segment;
  list(segment, segment);
  return segment;
}

/** A segment is unmapped. */
export function endSegment(segment: Segment): void {
  const next = segment.next;
  const previous = segment.previous;
  if (next) next.previous = previous;
  if (previous) previous.next = next;
  else newest = next;
  list(segment, null);
  give(pool, changetype<usize>(segment));
}

/** Bytes of all blocks that are in use. */
export function usedBytes(): u64 {
  let bytes: u64 = 0;
  let at = newest;
  while (at) {
    const segment = at as Segment;
    at = segment.next;
    if (segment.pages) bytes += usedIn(segment);
  }
  return bytes;
}

function usedIn(segment: Segment): u64 {
  let bytes: u64 = 0;
  for (let index: u32 = 1; index < segment.slices; ) {
    const record = recordAt(segment, index);
    // A page of which blocks were freed twice has fewer than none in use.
    if (record.state & PAGE && record.used <= record.capacity) bytes += record.blockBytes * record.used;
    index += record.slices;
  }
  return bytes;
}

// ---- Spans, and what the real header's pages cost ----

const HEADER_BYTES: u64 = 264;
const REAL_RECORD: u64 = 80;
/** Where zeroes are written when a segment is used again. */
const CLEARED_FROM: u64 = 184;
const HEADER_END: u64 = HEADER_BYTES + REAL_RECORD * (SLICES + 1);
/** Most records of a page that tell where its first one is. */
const MOST_BACK: u32 = 255;
/** The ends of the fields that are written of any record, of one of a free span, and of one of a new page. */
const OF_ANY: u64 = 32;
const OF_FREE: u64 = 72;
const OF_PAGE: u64 = 72;

function touchRecords(segment: Segment, from: u32, to: u32, end: u64): void {
  const first = HEADER_BYTES + REAL_RECORD * from;
  touch(segment.start + first, HEADER_BYTES + REAL_RECORD * to + end - first, true);
}

/** A segment that was mapped, or is used again, has a header. */
export function touchHeader(segment: Segment): void {
  touch(segment.start, HEADER_BYTES, true);
  touchRecords(segment, 0, 0, OF_ANY);
}

/** A cached segment's header is cleared before it is used again. */
export function clearHeader(segment: Segment): void {
  clear(segment.start + CLEARED_FROM, HEADER_END - CLEARED_FROM);
}

function nameSpan(segment: Segment, index: u32, slices: u32): Page {
  const record = recordAt(segment, index);
  record.segment = segment;
  record.index = index;
  record.slices = slices;
  setSpan(segment, index, record);
  return record;
}

/** Makes slices a free span, which is in no list. */
export function makeFree(segment: Segment, index: u32, slices: u32): Span {
  const span = nameSpan(segment, index, slices);
  span.state = 0;
  setSpan(segment, index + slices - 1, span);
  touchRecords(segment, index, index, OF_FREE);
  if (slices > 1) touchRecords(segment, index + slices - 1, index + slices - 1, OF_ANY);
  return span;
}

/** Makes slices a page, without blocks so far. Where the segment ends there is one record more. */
export function makePage(segment: Segment, index: u32, slices: u32): Page {
  const page = nameSpan(segment, index, slices);
  page.state = PAGE;
  const known = min(slices - 1, SLICES - index);
  for (let i: u32 = 1; i <= known; i++) setSpan(segment, index + i, page);
  const told = min(min(slices - 1, MOST_BACK), segment.slices - 1 - index);
  touchRecords(segment, index, index + told, OF_ANY);
  const end = min(index + slices - 1, segment.slices);
  touchRecords(segment, end, end, OF_ANY);
  touchRecords(segment, index, index, OF_PAGE);
  return page;
}
