/**
 * Huge pages that come apart. A table is split first: the frame's pages are mapped one by one, and may go one by one. What is
 * left of the frame becomes small pages where memory is short, or advice is for part of it.
 *
 *      HUGE, or a shared frame ──▶ a record ──▶ TABLE
 *                        splitTable         splitFrame, or the last page went
 */
import { CONTENT, UNKNOWN, UNMAPPED } from "../shared/page-states";
import { contentOf } from "./contents";
import * as events from "./events";
import { GROUP_MASK, GROUP_PAGES, pageBytes } from "./layout";
import { eachSpan, meetAll } from "./span-walks";
import {
  firstOf,
  forget,
  HUGE,
  hasFrame,
  isInPieces,
  isOfFrame,
  isOne,
  NONE,
  pagesGone,
  pagesLeft,
  setSpan,
  spanIfAny,
  spanOf,
  splitTable,
  TABLE,
} from "./spans";
import { Event, knownZero } from "./states";
import { cellIn, cellOf, directoryOf, groupIn, isEqual, isMissing, joinIfUniform, stateOf } from "./table";
import { zeroesIn } from "./zeroes";

// ---- Pages that go ----

/** Pages went: takes them out of what is known of their group. `isWhole`: all of it went in one call. */
export function settle(page: u64, isWhole: bool): void {
  if (isMissing(directoryOf(page)) || !spanOf(page)) return;
  if (isWhole || isUnmapped(page)) {
    setSpan(page, NONE);
    return;
  }
  splitTable(page);
  const span = spanOf(page);
  if (span == TABLE) return;
  forgetGone(page, span);
}

/** Takes pages without frames out of what is known of a frame in pieces. */
function forgetGone(page: u64, span: u32): void {
  const first = firstOf(page);
  for (let index: u32 = 0; index < GROUP_PAGES; index++) {
    if (isOfFrame(span, index) && !hasFrame(stateOf(first + index))) forget(span, index);
  }
  if (!pagesLeft(page)) setSpan(page, TABLE);
}

/** Pages of a group may have been taken: also what was mapped as one leaves a table. */
export function settleTaken(page: u64): void {
  const span = spanIfAny(page);
  if (span < HUGE || (isOne(span) ? hasFrame(stateOf(page)) : pagesLeft(page) != 0)) return;
  setSpan(page, TABLE);
  const cellAt = cellOf(page);
  const cell = load<u32>(cellAt);
  if (!isEqual(cell)) joinIfUniform(cellAt, groupIn(cell));
}

/** Memory was short: lazy pages of any space were taken, in the middle of another event. */
export function settleAll(): void {
  eachSpan((page: u64, span: u32): void => {
    if (isInPieces(span)) forgetGone(page, span);
    else if (isOne(span) && !hasFrame(stateOf(page))) setSpan(page, TABLE);
  });
}

/** The cell of the group of a page that has a directory. */
export function cellAt(page: u64): u32 {
  return load<u32>(cellIn(directoryOf(page), page));
}

/** Whether nothing is mapped in the group of such a page. */
export function isUnmapped(page: u64): bool {
  return cellAt(page) == UNMAPPED;
}

// ---- Frames that become small ones ----

/** The frame becomes small ones: what was left of it is given back, and pages that hold zeroes are on the zero page. */
function splitFrame(page: u64): void {
  splitTable(page);
  const span = spanOf(page);
  if (!isInPieces(span)) return;
  const first = firstOf(page);
  for (let index: u32 = 0; index < GROUP_PAGES; index++) {
    if (isOfFrame(span, index) && isZero(first + index)) events.applyOne(Event.Merge, first + index);
  }
  setSpan(page, TABLE);
}

/** The same if it has one of so many pages of a group. */
export function splitFrameIn(first: u64, pages: u64): void {
  const span = spanOf(first);
  const from = <u32>first & GROUP_MASK;
  for (let index = from; index < from + <u32>pages; index++) {
    if (isOfFrame(span, index)) {
      splitFrame(first);
      return;
    }
  }
}

function isZero(page: u64): bool {
  const state = stateOf(page);
  if (state & UNKNOWN) return false;
  if (!(state & CONTENT)) return knownZero(state);
  return zeroesIn(contentOf(page, state), <usize>pageBytes) == <usize>pageBytes;
}

/** Memory is short (shrinker of deferred splits): frames of which no space has some pages become small ones, in all spaces. */
export function press(): void {
  meetAll();
  eachSpan((page: u64, span: u32): void => {
    if (isInPieces(span) && pagesGone(page, span)) splitFrame(page);
  });
}
