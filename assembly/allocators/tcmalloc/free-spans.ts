/**
 * Free spans: by length, those with their pages apart from those whose pages were given back.
 *
 *      pages          1      2     …    128     more
 *      normal        ● ●           …     ●      set
 *      returned       ●     ● ●    …            set
 */
import { PAGE } from "./classes";
import * as pageMap from "./page-map";
import { insertFirst, isEmpty, LIST_BYTES, makeList, remove as removeFromList, Span, State } from "./span";
import * as sets from "./span-set";
import { SpanSet } from "./span-set";

/** Longer spans are in a set. */
export const LISTED: u64 = 128;

const LISTS: usize = LIST_BYTES * <usize>(LISTED + 1);
/** The list of each length, and the set of longer ones, of normal spans and of returned ones. */
const NORMAL: usize = memory.data(<i32>LISTS, 8);
const RETURNED: usize = memory.data(<i32>LISTS, 8);
const NORMAL_SET: usize = memory.data(offsetof<SpanSet>(), 8);
const RETURNED_SET: usize = memory.data(offsetof<SpanSet>(), 8);

/** Pages of normal spans, and of returned ones. */
export let normalPages: u64 = 0;
export let returnedPages: u64 = 0;

export function start(): void {
  for (let at: usize = 0; at < LISTS; at += LIST_BYTES) {
    makeList(NORMAL + at);
    makeList(RETURNED + at);
  }
}

/** The list of spans of a length, of 1 to `LISTED` pages. */
export function listOf(state: u32, pages: u64): Span {
  return changetype<Span>((state == State.Normal ? NORMAL : RETURNED) + LIST_BYTES * <usize>pages);
}

/** The set of longer spans. */
export function setOf(state: u32): SpanSet {
  return changetype<SpanSet>(state == State.Normal ? NORMAL_SET : RETURNED_SET);
}

function count(state: u32, pages: u64): void {
  if (state == State.Normal) normalPages += pages;
  else returnedPages += pages;
}

/** Inserts a free span, which gets known by its first and last page. */
export function insert(span: Span): void {
  if (isDefined(ZP_CHECK)) assert(span.state != State.InUse && !span.sizeClass, "what is inserted is free");
  pageMap.register(span);
  count(span.state, span.pages);
  if (span.pages <= LISTED) insertFirst(listOf(span.state, span.pages), span);
  else sets.insert(setOf(span.state), span);
}

export function remove(span: Span): void {
  count(span.state, 0 - span.pages);
  if (span.pages <= LISTED) removeFromList(span);
  else sets.remove(setOf(span.state), span);
}

/** The oldest of the longest in the list of a length, or null. */
export function oldest(pages: u64): Span | null {
  const list = listOf(State.Normal, pages);
  return isEmpty(list) ? null : list.previous;
}

// ---- Checking ----

/** Asserts that lists and sets have spans of their length and state. Returns how many there are. */
export function check(): u64 {
  return checkAll(State.Normal, normalPages) + checkAll(State.Returned, returnedPages);
}

function checkAll(state: u32, pages: u64): u64 {
  let spans: u64 = 0;
  let inLists: u64 = 0;
  for (let length: u64 = 1; length <= LISTED; length++) {
    const list = listOf(state, length);
    for (let span = list.next; span != list; span = span.next) {
      assert(span.state == state && span.pages == length, "a list has free spans of its length and state");
      assert(span.next.previous == span, "neighbours in a list know each other");
      inLists += length;
      spans++;
    }
  }
  assert(inLists <= pages, "free pages are counted");
  assert(PAGE * pages >= pages, "free pages are bytes");
  return spans + sets.check(setOf(state), state);
}
