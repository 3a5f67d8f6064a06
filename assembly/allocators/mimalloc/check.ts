/**
 * The validator: walks all segments, span by span and page by page, and holds what it meets against what is kept of it: the
 * lists of free spans, the queues, the cache, the sums.
 */
import { peek } from "../../machine/access";
import { lostBytes, virtualBytes } from "../../machine/kernel";
import { layerBytes } from "../allocator";
import { LARGE_QUEUE, SLICE, sizeOf } from "./classes";
import * as queues from "./queues";
import { committedOf, FULL, newest, PAGE, Page, pendingOf, recordAt, Segment, segmentOf } from "./segment";
import { check as checkCache } from "./segment-cache";
import { isHuge } from "./segments";
import * as sets from "./slice-set";
import { SLICES } from "./slice-set";
import * as spans from "./spans";
import { reserved } from "./statistics";

// What a walk has met.
let pages: u32 = 0;
let freeSpans: u32 = 0;
let cached: u32 = 0;

export function check(): void {
  pages = 0;
  freeSpans = 0;
  cached = 0;
  let mapped: u64 = 0;
  let at = newest;
  while (at) {
    const segment = at as Segment;
    at = segment.next;
    assert(segmentOf(segment.start + 1) == segment, "a segment is known by its address");
    mapped += segment.mapped;
    if (segment.pages == 0) cached++;
    else walk(segment);
    checkSets(segment);
  }
  assert(mapped == virtualBytes() - lostBytes - layerBytes, "segments are all that is mapped");
  assert(mapped == reserved(), "what is mapped is counted");
  assert(pages == queues.check(), "each page is in a queue");
  assert(freeSpans == spans.check(), "each free span is in a list");
  assert(cached == checkCache(), "each segment without pages is cached");
}

function checkSets(segment: Segment): void {
  const pending = pendingOf(segment);
  for (let at = sets.firstIn(pending, 0); at < SLICES; at = sets.firstIn(pending, at + 1)) {
    assert(sets.has(committedOf(segment), at, at + 1), "what is pending is committed");
  }
}

function walk(segment: Segment): void {
  const end = <u32>(segment.bytes / SLICE);
  let met: u32 = 0;
  let wasFree = false;
  for (let index: u32 = 1; index < end; ) {
    const record = recordAt(segment, index);
    assert(
      record.slices > 0 && record.index == index && record.segment == segment,
      "spans follow each other",
    );
    const isFree = record.state == 0;
    assert(!isFree || !wasFree, "two neighbours that are free are one");
    if (isFree) freeSpans++;
    else {
      met++;
      checkPage(record);
    }
    wasFree = isFree;
    index += record.slices;
    assert(index <= end, "a span ends in its segment");
  }
  assert(met == segment.pages, "a segment counts its pages");
  assert(sets.has(committedOf(segment), 0, 1), "a header is committed");
}

function checkPage(page: Page): void {
  const segment = page.segment;
  pages++;
  assert(
    (page.state & PAGE) != 0 && (isHuge(segment) || page.blockBytes == largest(page)),
    "a page has blocks of a size",
  );
  const to = min(page.index + page.slices, SLICES);
  assert(sets.has(committedOf(segment), page.index, to), "a page is committed");
  assert(!sets.meets(pendingOf(segment), page.index, to), "nothing of a page is pending");
  const free = lengthOf(page.free, page.capacity);
  const local = lengthOf(page.local, page.capacity);
  assert(page.used + free + local == page.capacity, "what is not in use is free");
  assert(page.capacity <= page.reserved, "a page has room for its blocks");
  if (page.state & FULL)
    assert(free + local == 0 && page.capacity == page.reserved, "a full page has no free block");
}

/** The size of the blocks of a page, by its queue and slices. */
function largest(page: Page): u64 {
  return page.queue < LARGE_QUEUE ? sizeOf(page.queue) : SLICE * page.slices;
}

/** How many blocks are in a list, of which there are at most so many. */
function lengthOf(first: u64, most: u32): u32 {
  let length: u32 = 0;
  for (let block = first; block; block = peek<u64>(block))
    assert(++length <= most, "a list of blocks has an end");
  return length;
}
