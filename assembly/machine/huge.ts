/**
 * Transparent huge pages: the 512 pages of a group, faulted in as one where they may be. Everything else about pages stays
 * as it is: their states are in the table, and an event happens to them as ever (events.ts). This file knows what Linux
 * knows of a group besides, and goes before and after.
 *
 * A group may be faulted in as one if nothing of it is in the tables, one area has all of it, and mode and advice say so.
 * What fork shares stays as it is: a write of a space splits its table if another space has any of the frame, copies the page
 * alone, and makes all of it its own if none has. What moves by something else than whole groups is in small pages.
 *
 *      HUGE          all pages have frames
 *      ZERO          all pages are on the zero page
 *      a bit is set  its page has a frame, or did until memory was short; some bit of a record is
 *      held pages == Σ over frames, of which no space maps all: pages that no space has
 */
import { Counter } from "../shared/counters";
import { HugePages, Kernel, RegionFlag } from "../shared/kernel";
import { CONTENT, LAZY, MAPPED, READ, SHARED, UNKNOWN, UNMAPPED } from "../shared/page-states";
import * as areas from "./areas";
import { contentOf } from "./contents";
import { add, counter } from "./counters";
import * as events from "./events";
import * as pool from "./frames";
import { GROUP_MASK, GROUP_PAGES, kernelKind, pageBytes, pageShift, readsTakeFrames } from "./layout";
import { flagsOf } from "./regions";
import { current, enter, enterNumber, numberAbove } from "./spaces";
import {
  checkFrame,
  firstOf,
  forget,
  forgetMet,
  HUGE,
  hasFrame,
  isAlone,
  isInPieces,
  isOfFrame,
  isOne,
  isShared,
  meet,
  moveSpan,
  NONE,
  pagesGone,
  pagesLeft,
  setSpan,
  sharedFrameOf,
  spanIfAny,
  spanOf,
  splitTable,
  start as startSpans,
  TABLE,
  ZERO,
} from "./spans";
import { Event, isOfFile, knownZero } from "./states";
import {
  cellIn,
  cellOf,
  directoryOf,
  groupIn,
  isEqual,
  isMissing,
  joinIfUniform,
  nextWithDirectory,
  spanIn,
  stateIn,
  stateOf,
  TABLE_PAGES,
} from "./table";
import { zeroesIn } from "./zeroes";

/** HugePages. Never where there are none. */
let mode: u32 = HugePages.Never;

/** Sets the mode, before the machine starts. */
export function set(hugePages: u32): void {
  mode = hugePages;
}

/** Prepares the pool. Huge pages are of 2 MiB: where pages are of 4 KiB. */
export function start(): void {
  startSpans();
  if (kernelKind != Kernel.Linux || pageShift != 12) mode = HugePages.Never;
  if (mode != HugePages.Never) events.afterReclaim(settleAll);
}

/** Whether they are used where MADV_HUGEPAGE says so: what programs read of the kernel. */
export function areOnRequest(): bool {
  return mode == HugePages.Madvise;
}

/** Whether there are any. */
export function areOn(): bool {
  return mode != HugePages.Never;
}

// ---- Splits ----

/** Pages went: takes them out of what is known of their group. `isWhole`: all of it went in one call. */
function settle(page: u64, isWhole: bool): void {
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

/** Memory was short: lazy pages of any space were taken, in the middle of another event. */
function settleAll(): void {
  eachSpan((page: u64, span: u32): void => {
    if (isInPieces(span)) forgetGone(page, span);
    else if (isOne(span) && !hasFrame(stateOf(page))) setSpan(page, TABLE);
  });
}

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
function splitFrameIn(first: u64, pages: u64): void {
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

// ---- Faults ----

function writes(event: u32): bool {
  return (event >= <u32>Event.Write && event <= <u32>Event.ClearPage) || event == Event.Populate;
}

/** Whether the event may be a fault. */
function isFault(event: u32): bool {
  return event == Event.Read || writes(event);
}

/** Whether a fault of the event takes frames. */
function takesFrames(event: u32): bool {
  return event != Event.Read || readsTakeFrames;
}

/** Whether the event, which comes to a page of its group first, faults in all of the group. Notes what else it does to it. */
function isHugeFault(event: u32, page: u64): bool {
  const directory = directoryOf(page);
  if (isMissing(directory) || !isFault(event)) return false;
  const span = load<u32>(spanIn(directory, page));
  const cellAt = cellIn(directory, page);
  const state = stateIn(load<u32>(cellAt), page);
  if (isOne(span)) {
    if (state & SHARED) return writes(event) && isOwnFault(page, span);
    // What is written of it is not lazy any more, and it is one.
    if (state & LAZY && writes(event)) applyQuietly(Event.Reuse, page);
    return false;
  } else if (span == ZERO) {
    if (!writes(event)) return false;
    if (events.hasRoom(GROUP_PAGES)) return true;
    setSpan(page, TABLE);
    return false;
  } else if (span || state != MAPPED) {
    return false;
  }
  if (load<u32>(cellAt) == MAPPED && mayBeHuge(page) && (!takesFrames(event) || events.hasRoom(GROUP_PAGES)))
    return true;
  setSpan(page, TABLE);
  return false;
}

/** Whether a write to a huge frame that fork shared makes all of it the space's own. If not, its table is split. */
function isOwnFault(page: u64, span: u32): bool {
  if (isAlone(span)) return true;
  splitTable(page);
  return false;
}

/** Whether one area has all of the page's group, and the kernel was told to use huge pages there. */
function mayBeHuge(page: u64): bool {
  const start = firstOf(page) << pageShift;
  const flags = flagsOf(start);
  if (flags & RegionFlag.SmallPages) return false;
  if (mode == HugePages.Madvise && !(flags & RegionFlag.HugePages)) return false;
  return isOneArea(page);
}

function isOneArea(page: u64): bool {
  const start = firstOf(page) << pageShift;
  return areas.isOne(start, start + ((<u64>GROUP_PAGES) << pageShift));
}

/** Faults in the rest of the page's group, whose fault is counted. */
function fill(event: u32, page: u64): void {
  if (isOne(spanOf(page))) {
    ownRest(page);
    return;
  }
  applyQuietly(event == Event.Read ? Event.Read : Event.Populate, page);
  setSpan(page, takesFrames(event) ? HUGE : ZERO);
  add(Counter.HugeFaults, 1);
}

/** A frame that others had too is the space's own: the pages besides the one whose fault is counted. */
function ownRest(page: u64): void {
  const reuses = counter(Counter.ReuseFaults);
  applyQuietly(Event.Populate, page);
  add(Counter.ReuseFaults, reuses - counter(Counter.ReuseFaults));
}

/** Applies an event to the group of a page, without faults and walks: the kernel does all of it in one. */
function applyQuietly(event: u32, page: u64): void {
  const maps = counter(Counter.ZeroMap);
  const fills = counter(Counter.ZeroFill);
  const copies = counter(Counter.CopyOnWrite);
  const walked = counter(Counter.PagesWalked);
  events.apply(event, firstOf(page), GROUP_PAGES);
  add(Counter.ZeroMap, maps - counter(Counter.ZeroMap));
  add(Counter.ZeroFill, fills - counter(Counter.ZeroFill));
  add(Counter.CopyOnWrite, copies - counter(Counter.CopyOnWrite));
  add(Counter.PagesWalked, walked - counter(Counter.PagesWalked));
}

// ---- Events ----

/** Applies an event to one page. Returns its state afterwards; UNMAPPED if nothing is mapped there. */
export function applyOne(event: u32, page: u64): u32 {
  if (!isDefined(ZP_HUGE) || mode == HugePages.Never || !isHugeFault(event, page)) {
    return events.applyOne(event, page);
  }
  const state = events.applyOne(event, page);
  fill(event, page);
  return state;
}

/** Applies an event to `count` pages from `first` on. It changes unmapped pages only if it is Map. */
export function apply(event: u32, first: u64, count: u64): void {
  if (!isDefined(ZP_HUGE) || mode == HugePages.Never || event == Event.Map || event == Event.Walk) {
    events.apply(event, first, count);
    return;
  }
  const end = first + count;
  while (first < end) {
    const to = min(firstOf(first) + GROUP_PAGES, end);
    applyInGroup(event, first, to - first);
    first = to;
    if (first < end) first = min(max(first, nextWithDirectory(first)), end);
  }
}

function applyInGroup(event: u32, first: u64, pages: u64): void {
  const isWhole = pages == GROUP_PAGES;
  if (isFault(event)) {
    // Pages of files say nothing of those behind them.
    for (; pages && isOfFile(stateOf(first)); pages--) events.applyOne(event, first++);
    if (!pages) return;
  }
  if (isHugeFault(event, first)) {
    events.applyOne(event, first++);
    fill(event, first - 1);
    pages--;
  } else if (event == Event.Free || event == Event.Reclaim) {
    if (isShared(spanIfAny(first))) {
      applyBeside(event, first, pages);
      return;
    }
    if (!isWhole || !staysOne(event, first)) splitFrameIn(first, pages);
    // Pages that others had too are nobody else's any more, and go with the rest.
    else if (event == Event.Reclaim) applyQuietly(Event.Discard, first);
  }
  if (pages) events.apply(event, first, pages);
  if (event == Event.Reclaim) settleTaken(first);
  else if (event == Event.Unmap) settle(first, isWhole);
  // It is done area by area, and leaves the tables of what is in several.
  else if (event == Event.Discard) settle(first, isWhole && isOneArea(first));
}

/** Applies an event to pages of a group that are not of a huge frame. To those, which other spaces have too, it does nothing. */
function applyBeside(event: u32, first: u64, pages: u64): void {
  const span = spanOf(first);
  for (let page = first; page < first + pages; page++) {
    if (!isOfFrame(span, <u32>page & GROUP_MASK)) events.apply(event, page, 1);
    else if (event == Event.Free) events.apply(Event.Walk, page, 1);
  }
}

/** Whether the frame of a group is not split: all of it may become lazy, and if all is lazy it goes as one. */
function staysOne(event: u32, page: u64): bool {
  // Without swap, Linux splits what it cannot take.
  return isInOne(page) && (event == Event.Free || areLazy(page));
}

/** Whether all of a huge frame is mapped in one area: as one, or page by page. */
function isInOne(page: u64): bool {
  const span = spanIfAny(page);
  if (!isInPieces(span)) return isOne(span);
  for (let index: u32 = 0; index < GROUP_PAGES; index++) if (!isOfFrame(span, index)) return false;
  return isOneArea(page);
}

/** Whether all pages of a group are lazy, of which all have frames. */
function areLazy(page: u64): bool {
  const first = firstOf(page);
  for (let index: u32 = 0; index < GROUP_PAGES; index++) if (!(stateOf(first + index) & LAZY)) return false;
  return true;
}

/** Pages of a group may have been taken: also what was mapped as one leaves a table. */
function settleTaken(page: u64): void {
  const span = spanIfAny(page);
  if (span < HUGE || (isOne(span) ? hasFrame(stateOf(page)) : pagesLeft(page) != 0)) return;
  setSpan(page, TABLE);
  const cellAt = cellOf(page);
  const cell = load<u32>(cellAt);
  if (!isEqual(cell)) joinIfUniform(cellAt, groupIn(cell));
}

/** Whatever happens at an address now happens to one side of it: a huge page across it is mapped in pieces. */
export function cutAt(address: u64): void {
  const page = address >> pageShift;
  if (mode != HugePages.Never && page & GROUP_MASK && !isMissing(directoryOf(page))) splitTable(page);
}

/** Applies advice by which frames that reach beyond a range are split: COLD. */
export function cool(first: u64, count: u64): void {
  for (let page = first; page < first + count; page = firstOf(page) + GROUP_PAGES) {
    const isWhole = page == firstOf(page) && page + GROUP_PAGES <= first + count;
    const span = spanIfAny(page);
    if (span < HUGE || isShared(span) || (isWhole && isInOne(page))) continue;
    splitFrameIn(page, min(firstOf(page) + GROUP_PAGES, first + count) - page);
  }
}

/**
 * Makes whole groups in a range, which is mapped, huge (MADV_COLLAPSE). Returns whether all could be. Linux ends with the
 * first that cannot be, as it has no pages.
 */
export function collapse(first: u64, count: u64): bool {
  const end = first + count;
  while (first < end) {
    const to = areas.endOf(first << pageShift) >> pageShift;
    if (!mayCollapse(first, to, min(to, end)) || !collapseIn(first, min(to, end))) return false;
    first = to;
  }
  return true;
}

/**
 * Whether an area, that ends at a page, may have huge pages from `first` to `end`: it was touched, has room for one, and
 * there is a multiple of 2 MiB in the range, ends included. Neither mode nor advice to use them matters.
 */
function mayCollapse(first: u64, areaEnd: u64, end: u64): bool {
  if (firstOf(first + GROUP_MASK) > end) return false;
  if (flagsOf(first << pageShift) & RegionFlag.SmallPages) return false;
  if (!areas.areWritten(first << pageShift, end << pageShift)) return false;
  return firstOf(areaEnd) >= GROUP_PAGES + (areas.startOf(first << pageShift) >> pageShift);
}

function collapseIn(first: u64, end: u64): bool {
  for (let page = firstOf(first + GROUP_MASK); page + GROUP_PAGES <= end; page += GROUP_PAGES) {
    const span = spanIfAny(page);
    if (isOne(span) || span == ZERO) continue;
    if (!span || !events.hasRoom(GROUP_PAGES)) return false;
    applyQuietly(Event.Populate, page);
    setSpan(page, HUGE);
  }
  return true;
}

/** Memory is short (shrinker of deferred splits): frames of which no space has some pages become small ones, in all spaces. */
export function press(): void {
  meetAll();
  eachSpan((page: u64, span: u32): void => {
    if (isInPieces(span) && pagesGone(page, span)) splitFrame(page);
  });
}

// ---- Moving and forking ----

/**
 * Pages moved. A huge page stays one if all of it moved, to a place that is aligned like it. Of another frame that fork
 * shared nobody knows any more which pages are where: it becomes small ones.
 */
export function moved(from: u64, to: u64, count: u64): void {
  if (mode == HugePages.Never) return;
  const end = from + count;
  while (from < end) {
    const pages = min(firstOf(from) + GROUP_PAGES, end) - from;
    const span = spanIfAny(from);
    const isWhole = pages == GROUP_PAGES && !(to & GROUP_MASK);
    if (isWhole && span) {
      moveSpan(from, to);
    } else if (span) {
      if (sharedFrameOf(span)) scatter(sharedFrameOf(span));
      setSpan(from, isUnmapped(from) ? NONE : TABLE);
      setSpan(to, TABLE);
      setSpan(to + pages - 1, TABLE);
    }
    from += pages;
    to += pages;
  }
}

let scattered: u32 = 0;

/** A frame that fork shared is small ones, in all spaces. */
function scatter(frame: u32): void {
  scattered = frame;
  eachSpan((page: u64, span: u32): void => {
    if (sharedFrameOf(span) == scattered) setSpan(page, TABLE);
  });
}

function cellAt(page: u64): u32 {
  return load<u32>(cellIn(directoryOf(page), page));
}

function isUnmapped(page: u64): bool {
  return cellAt(page) == UNMAPPED;
}

/** Whether nothing of a group is in the kernel's tables, but for pages of files. */
function isUntouched(page: u64): bool {
  const cell = cellAt(page);
  if (cell == MAPPED || cell == UNMAPPED) return true;
  for (let index: u32 = 0; index < GROUP_PAGES; index++) {
    const state = stateIn(cell, page + index);
    if (state != MAPPED && state != UNMAPPED && !isOfFile(state)) return false;
  }
  return true;
}

// ---- Reading out ----

/** Groups of the current space that are mapped as one, of frames. */
export function hugeGroups(): u64 {
  let groups: u64 = 0;
  for (let page = nextWithDirectory(0); page < TABLE_PAGES; page = nextWithDirectory(page + GROUP_PAGES)) {
    groups += u64(isOne(spanOf(page)) && hasFrame(stateOf(page)));
  }
  return groups;
}

let held: u64 = 0;

/** Pages of huge frames that no process of the machine has any more, and the kernel still holds. */
export function heldPages(): u64 {
  held = 0;
  meetAll();
  eachSpan((page: u64, span: u32): void => {
    if (isInPieces(span)) held += pagesGone(page, span);
    // Once for all who have some of it.
    forgetMet(span);
  });
  return held;
}

/** Meets the pages of all spaces that are of frames which fork shared. */
function meetAll(): void {
  eachSpan((page: u64, span: u32): void => forgetMet(span));
  eachSpan((page: u64, span: u32): void => meet(page, span));
}

/** Calls back for each group of every space, which is the current one meanwhile, with its span. */
function eachSpan(seen: (page: u64, span: u32) => void): void {
  const space = current;
  for (let number = numberAbove(0); number; number = numberAbove(number)) {
    enterNumber(number);
    for (let page = nextWithDirectory(0); page < TABLE_PAGES; page = nextWithDirectory(page + GROUP_PAGES)) {
      seen(page, spanOf(page));
    }
  }
  enter(space);
}

// ---- Checking ----

let records: usize = 0;
let frames: usize = 0;

/** Asserts what holds of all spaces. */
export function check(): void {
  if (mode == HugePages.Never) return;
  records = 0;
  frames = 0;
  eachSpan((page: u64, span: u32): void => forgetMet(span));
  eachSpan((page: u64, span: u32): void => {
    records += usize(isInPieces(span));
    frames += usize(checkFrame(span));
  });
  assert(records == pool.remnants.live, "every record of a huge frame is a group's");
  assert(frames == pool.hugeFrames.live, "every frame that was shared is mapped as it counts");
  eachSpan(checkSpan);
}

function checkSpan(page: u64, span: u32): void {
  const cell = cellAt(page);
  assert(!isUnmapped(page) || !span, "where nothing is mapped, nothing is known");
  // A private copy of a file's page is not looked at.
  if (!span && !current.hasFiles) assert(isUntouched(page), "a group with touched pages has a table");
  let left: u32 = 0;
  for (let index: u32 = 0; index < GROUP_PAGES; index++) {
    const state = stateIn(cell, page + index);
    left += u32(isOfFrame(span, index));
    if (span == ZERO) assert(state == (MAPPED | READ), "the huge zero page is all of a group");
    if (isOfFrame(span, index)) assert(hasFrame(state), "a page of a huge frame has it");
  }
  if (isOne(span) || span == ZERO) assert(isOneArea(page), "a huge page is in one area");
  if (isInPieces(span)) assert(left > 0, "a record is of a frame that somebody has");
}
