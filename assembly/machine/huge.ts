/**
 * Transparent huge pages: the 512 pages of a group, faulted in as one where they may be. Everything else about pages stays
 * as it is: their states are in the table, and an event happens to them as ever (events.ts). This file knows what Linux
 * knows of a group besides, and goes before and after.
 *
 *      spanIn       what a group is, in a space
 *      0            nothing is in the kernel's tables
 *      TABLE        small pages are, or were: a fault is a small one, until one call empties all of it
 *      ZERO         the huge zero page, where the kernel maps one
 *      HUGE         one frame of 2 MiB
 *      a record     that frame's pages are mapped one by one, since part of them went or is protected differently
 *
 *      record       64 bytes: a bit for each page of the frame that is still mapped. The frame is held as a whole
 *
 * A group may be faulted in as one if nothing of it is in the tables, one area has all of it, and mode and advice say so.
 * What fork shares is in small pages from then on, and so is what moves by something else than whole groups.
 *
 *      HUGE          all pages have frames
 *      ZERO          all pages are on the zero page
 *      a bit is set  its page has a frame, or did until memory was short; some bit of a record is
 *      held pages == Σ over records: pages without a bit
 */
import { Counter } from "../shared/counters";
import { HugePages, Kernel, RegionFlag } from "../shared/kernel";
import { CONTENT, LAZY, MAPPED, READ, UNKNOWN, UNMAPPED } from "../shared/page-states";
import * as areas from "./areas";
import { add, counter } from "./counters";
import { entryOf } from "./entries";
import * as events from "./events";
import * as pool from "./frames";
import { GROUP_MASK, GROUP_PAGES, kernelKind, pageBytes, pageShift, readsTakeFrames } from "./layout";
import { flagsOf } from "./regions";
import { current, enter, enterNumber, numberAbove, Space } from "./spaces";
import { Event, isOfFile, knownZero, ownsFrame } from "./states";
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

const NONE: u32 = 0;
const TABLE: u32 = 1;
const ZERO: u32 = 2;
const HUGE: u32 = 3;
const RECORD_BYTES: usize = GROUP_PAGES / 8;

/** HugePages. Never where there are none. */
let mode: u32 = HugePages.Never;

/** Sets the mode, before the machine starts. */
export function set(hugePages: u32): void {
  mode = hugePages;
}

/** Prepares the pool. Huge pages are of 2 MiB: where pages are of 4 KiB. */
export function start(): void {
  pool.setRecordBytes(pool.remnants, RECORD_BYTES);
  if (kernelKind != Kernel.Linux || pageShift != 12) mode = HugePages.Never;
}

/** Whether they are used where MADV_HUGEPAGE says so: what programs read of the kernel. */
export function areOnRequest(): bool {
  return mode == HugePages.Madvise;
}

/** Whether there are any. */
export function areOn(): bool {
  return mode != HugePages.Never;
}

// ---- Spans ----

function setSpan(page: u64, span: u32): void {
  const at = spanIn(directoryOf(page), page);
  const old = load<u32>(at);
  if (old > HUGE && old != span) pool.give(pool.remnants, old);
  store<u32>(at, span);
}

function spanOf(page: u64): u32 {
  return load<u32>(spanIn(directoryOf(page), page));
}

function firstOf(page: u64): u64 {
  return page & ~(<u64>GROUP_MASK);
}

/** Whether the page is one of a huge frame, which is mapped as one or in pieces. */
function isOfFrame(span: u32, index: u32): bool {
  if (span <= HUGE) return span == HUGE;
  return ((load<u8>(span + (index >> 3)) >> (index & 7)) & 1) != 0;
}

/** The frame that a group is mapped by as one is mapped in pieces from now on. */
function splitTable(page: u64): void {
  const span = spanOf(page);
  if (span == ZERO) setSpan(page, TABLE);
  else if (span == HUGE) setSpan(page, newRecord());
}

function newRecord(): u32 {
  const record = pool.take(pool.remnants);
  memory.fill(record, 255, RECORD_BYTES);
  return <u32>record;
}

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
  const first = firstOf(page);
  for (let index: u32 = 0; index < GROUP_PAGES; index++) {
    if (isOfFrame(span, index) && !ownsFrame(stateOf(first + index))) forget(span, index);
  }
  if (!pagesLeft(page)) setSpan(page, TABLE);
}

/** A page of a huge frame is none of it any more. */
function forget(record: usize, index: u32): void {
  const at = record + (index >> 3);
  const bit = (<u32>1) << (index & 7);
  store<u8>(at, <u8>(load<u8>(at) & ~bit));
}

/** The frame becomes small ones: what was left of it is given back, and pages that hold zeroes are on the zero page. */
function splitFrame(page: u64): void {
  splitTable(page);
  const span = spanOf(page);
  if (span <= HUGE) return;
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
  return zeroesIn(entryOf(page), <usize>pageBytes) == <usize>pageBytes;
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
  if (span == HUGE) {
    // What is written of it is not lazy any more, and it is one.
    if (state & LAZY && writes(event)) applyQuietly(Event.Reuse, page);
    if (state != MAPPED) return false;
    // When memory was short, it was taken.
    settleTaken(page);
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
  applyQuietly(event == Event.Read ? Event.Read : Event.Populate, page);
  setSpan(page, takesFrames(event) ? HUGE : ZERO);
  add(Counter.HugeFaults, 1);
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
    if (!isWhole || !staysOne(event, first)) splitFrameIn(first, pages);
  }
  if (pages) events.apply(event, first, pages);
  if (event == Event.Reclaim) settleTaken(first);
  else if (event == Event.Unmap) settle(first, isWhole);
  // It is done area by area, and leaves the tables of what is in several.
  else if (event == Event.Discard) settle(first, isWhole && isOneArea(first));
}

/** Whether the frame of a group is not split: all of it may become lazy, and if all is lazy it goes as one. */
function staysOne(event: u32, page: u64): bool {
  // Without swap, Linux splits what it cannot take.
  return isInOne(page) && (event == Event.Free || areLazy(page));
}

/** Whether all of a huge frame is mapped in one area: as one, or page by page. */
function isInOne(page: u64): bool {
  const span = spanIfAny(page);
  if (span <= HUGE) return span == HUGE;
  for (let index: u32 = 0; index < GROUP_PAGES; index++) if (!isOfFrame(span, index)) return false;
  return isOneArea(page);
}

/** Whether all pages of a group are lazy, of which all have frames. */
function areLazy(page: u64): bool {
  const first = firstOf(page);
  for (let index: u32 = 0; index < GROUP_PAGES; index++) if (!(stateOf(first + index) & LAZY)) return false;
  return true;
}

/** Pages of a group may have been taken: what was mapped as one leaves no tables. */
function settleTaken(page: u64): void {
  const span = spanIfAny(page);
  if (span < HUGE || (span == HUGE ? ownsFrame(stateOf(page)) : pagesLeft(page) != 0)) return;
  setSpan(page, span == HUGE ? NONE : TABLE);
  const cellAt = cellOf(page);
  const cell = load<u32>(cellAt);
  if (!isEqual(cell)) joinIfUniform(cellAt, groupIn(cell));
}

function spanIfAny(page: u64): u32 {
  return isMissing(directoryOf(page)) ? NONE : spanOf(page);
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
    if (spanIfAny(page) < HUGE || (isWhole && isInOne(page))) continue;
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
    if (span == HUGE || span == ZERO) continue;
    if (!span || !events.hasRoom(GROUP_PAGES)) return false;
    applyQuietly(Event.Populate, page);
    setSpan(page, HUGE);
  }
  return true;
}

/** Memory is short (shrinker of deferred splits): frames of which parts went become small ones, in all spaces. */
export function press(): void {
  const space = current;
  for (let number = numberAbove(0); number; number = numberAbove(number)) {
    enterNumber(number);
    for (let page = nextWithDirectory(0); page < TABLE_PAGES; page = nextWithDirectory(page + GROUP_PAGES)) {
      if (spanOf(page) > HUGE) splitFrame(page);
    }
  }
  enter(space);
}

// ---- Moving and forking ----

/** Pages moved. A huge page stays one if all of it moved, to a place that is aligned like it. */
export function moved(from: u64, to: u64, count: u64): void {
  if (mode == HugePages.Never) return;
  const end = from + count;
  while (from < end) {
    const pages = min(firstOf(from) + GROUP_PAGES, end) - from;
    const span = spanIfAny(from);
    const isWhole = pages == GROUP_PAGES && !(to & GROUP_MASK);
    if (isWhole && span) {
      store<u32>(spanIn(directoryOf(from), from), NONE);
      setSpan(to, span);
    } else if (span) {
      setSpan(from, isUnmapped(from) ? NONE : TABLE);
      setSpan(to, TABLE);
      setSpan(to + pages - 1, TABLE);
    }
    from += pages;
    to += pages;
  }
}

/** What the current space and its child share is in small pages from now on. */
export function forked(child: Space): void {
  if (mode == HugePages.Never) return;
  const parent = current;
  for (let page = nextWithDirectory(0); page < TABLE_PAGES; page = nextWithDirectory(page + GROUP_PAGES)) {
    if (!spanOf(page)) continue;
    setSpan(page, TABLE);
    enter(child);
    if (!isMissing(directoryOf(page)) && !isUntouched(page)) setSpan(page, TABLE);
    enter(parent);
  }
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
    groups += u64(spanOf(page) == HUGE && ownsFrame(stateOf(page)));
  }
  return groups;
}

/** Pages of huge frames that no process of the machine has any more, and the kernel still holds. */
export function heldPages(): u64 {
  const space = current;
  let pages: u64 = 0;
  for (let number = numberAbove(0); number; number = numberAbove(number)) {
    enterNumber(number);
    for (let page = nextWithDirectory(0); page < TABLE_PAGES; page = nextWithDirectory(page + GROUP_PAGES)) {
      const there = spanOf(page) > HUGE ? pagesLeft(page) : 0;
      if (there) pages += GROUP_PAGES - there;
    }
  }
  enter(space);
  return pages;
}

/** How many pages are mapped of the huge frame of a group, which is mapped in pieces. */
function pagesLeft(page: u64): u32 {
  const span = spanOf(page);
  const first = firstOf(page);
  let pages: u32 = 0;
  for (let index: u32 = 0; index < GROUP_PAGES; index++) {
    pages += u32(isOfFrame(span, index) && ownsFrame(stateOf(first + index)));
  }
  return pages;
}

// ---- Checking ----

/** Asserts what holds of all spaces. */
export function check(): void {
  if (mode == HugePages.Never) return;
  const space = current;
  let records: usize = 0;
  for (let number = numberAbove(0); number; number = numberAbove(number)) {
    enterNumber(number);
    for (let page = nextWithDirectory(0); page < TABLE_PAGES; page = nextWithDirectory(page + GROUP_PAGES)) {
      records += usize(spanOf(page) > HUGE);
      checkSpan(page, spanOf(page));
    }
  }
  enter(space);
  assert(records == pool.remnants.live, "every record of a huge frame is a group's");
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
    if (isOfFrame(span, index)) assert(ownsFrame(state) || events.wasShort, "a page of a huge frame has it");
  }
  if (span == HUGE || span == ZERO) assert(isOneArea(page), "a huge page is in one area");
  if (span > HUGE) assert(left > 0, "a record is of a frame that somebody has");
}
