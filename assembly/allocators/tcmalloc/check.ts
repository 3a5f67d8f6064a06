/**
 * The validator: walks all pages that the page map knows, span by span, and holds what it meets against what is kept of
 * it: lists and sets of free spans, the central lists, the thread's cache, the sums.
 */
import { lostBytes, virtualBytes } from "../../machine/kernel";
import { layerBytes } from "../allocator";
import * as central from "./central";
import { classes, MOST_CLASSES, PAGE_SHIFT, pagesOf } from "./classes";
import * as free from "./free-spans";
import * as metadata from "./metadata";
import * as heap from "./page-heap";
import * as pageMap from "./page-map";
import { Span, State } from "./span";
import * as system from "./system";
import * as cache from "./thread-cache";

/** The spans of each class that a walk has met. */
const MET: usize = memory.data(<i32>(8 * MOST_CLASSES), 8);
/** All spans that it has met, those that are free, and pages by their state. */
let spans: u64 = 0;
let freeSpans: u64 = 0;
let usedPages: u64 = 0;
let normalPages: u64 = 0;
let returnedPages: u64 = 0;

export function check(): void {
  memory.fill(MET, 0, 8 * MOST_CLASSES);
  spans = 0;
  freeSpans = 0;
  usedPages = 0;
  normalPages = 0;
  returnedPages = 0;
  for (let page = pageMap.mappedFrom(0); page; page = pageMap.mappedFrom(page)) page = walk(page);
  assert(usedPages + normalPages + returnedPages == heap.pages, "spans are all that the heap has grown by");
  assert(
    normalPages == free.normalPages && returnedPages == free.returnedPages,
    "free pages are counted by their state",
  );
  assert(spans + 2 == metadata.spans.live, "each span has a record, and two have none");
  assert(free.check() == freeSpans, "each free span is in a list or a set");
  for (let index: u32 = 1; index < classes; index++) central.check(index, load<u64>(MET + 8 * index));
  cache.check();
  const mapped = virtualBytes() - lostBytes - layerBytes;
  assert(mapped == system.taken + system.gap, "all that is mapped was asked for");
  assert(
    (heap.pages << PAGE_SHIFT) + metadata.bytes <= system.taken,
    "spans and metadata are of what was asked for",
  );
}

/** Meets the span that begins at a page, if one does. Returns where the next one may. */
function walk(page: u64): u64 {
  const found = pageMap.spanAt(page);
  if (!found) return page + 1;
  const span = found as Span;
  assert(span.first == page, "a span is known by its first page");
  assert(pageMap.spanAt(span.end - 1) == span, "a span is known by its last page");
  spans++;
  if (span.state == State.InUse) usedPages += span.pages;
  else meetFree(span);
  if (span.sizeClass) meetClass(span);
  return span.end;
}

function meetFree(span: Span): void {
  freeSpans++;
  if (span.state == State.Normal) normalPages += span.pages;
  else returnedPages += span.pages;
  assert(!span.sizeClass, "what is free is of no class");
  const above = pageMap.spanAt(span.end);
  if (above) assert(above.state != span.state, "free neighbours that are alike are one");
}

function meetClass(span: Span): void {
  const at = MET + 8 * <usize>span.sizeClass;
  store<u64>(at, load<u64>(at) + 1);
  assert(
    span.state == State.InUse && span.pages == pagesOf(span.sizeClass),
    "a span is as long as its class says",
  );
  for (let page = span.first; page < span.end; page++) {
    assert(pageMap.spanAt(page) == span, "a span of a class is known by every page");
  }
  central.checkSpan(span);
}
