/**
 * Transparent huge pages: the 512 pages of a group, faulted in as one where they may be. Everything else about pages stays
 * as it is: their states are in the table, and an event happens to them as ever (events.ts). This file goes before and
 * after. What Linux knows of a group besides is in spans.ts, and how it comes apart in splits.ts.
 *
 * A group may be faulted in as one if nothing of it is in the tables, one area has all of it, and mode and advice say so.
 * What fork shares stays as it is: a write of a space splits its table if another space has any of the frame, copies the page
 * alone, and makes all of it its own if none has. What moves by something else than whole groups is in small pages.
 *
 *      HUGE          all pages have frames
 *      ZERO          all pages are on the zero page
 *      a bit is set  its page has a frame, or did until memory was short; some bit of a record is
 */
import { Counter } from "../shared/counters";
import { HugePages, Kernel, RegionFlag } from "../shared/kernel";
import { LAZY, MAPPED, SHARED } from "../shared/page-states";
import * as areas from "./areas";
import { add, counter } from "./counters";
import * as events from "./events";
import { GROUP_MASK, GROUP_PAGES, kernelKind, pageShift, readsTakeFrames } from "./layout";
import { flagsOf } from "./regions";
import { scatter } from "./span-walks";
import {
  firstOf,
  HUGE,
  isAlone,
  isInPieces,
  isOfFrame,
  isOne,
  isShared,
  moveSpan,
  NONE,
  setSpan,
  sharedFrameOf,
  spanIfAny,
  spanOf,
  splitTable,
  start as startSpans,
  TABLE,
  ZERO,
} from "./spans";
import { isUnmapped, settle, settleAll, settleTaken, splitFrameIn } from "./splits";
import { Event, isOfFile } from "./states";
import { cellIn, directoryOf, isMissing, nextWithDirectory, spanIn, stateIn, stateOf } from "./table";

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

/** Whether one area has all of the page's group. */
export function isOneArea(page: u64): bool {
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
export function applyQuietly(event: u32, page: u64): void {
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

// ---- Moving ----

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
