/**
 * The events of pages. An event goes over a range by runs of equal groups, and within a split group by
 * runs of equal pages. So its cost depends on the number of runs, and not of pages.
 *
 *      residentPages <= physicalPages
 */
import { Counter } from "../shared/counters";
import { Exception } from "../shared/failure";
import { Kernel } from "../shared/kernel";
import { CONTENT, SHARED, UNKNOWN } from "../shared/page-states";
import { noteFrames } from "./areas";
import { groupAt, holdersOf, leave } from "./blocks";
import { countOwned, isCopiedOnWrite, isHeldByOthers, leaveShare, ownFrame, removeContent } from "./contents";
import { add, giveFrames, residentPages, takeFrames } from "./counters";
import { entryAt, hasEntry } from "./entries";
import { raise } from "./failure";
import {
  DIRECTORY_GROUPS,
  GROUP_MASK,
  GROUP_PAGES,
  GROUP_SHIFT,
  kernelKind,
  pageBytes,
  pageShift,
} from "./layout";
import { touchPage } from "./mapped";
import { endOfRun, equalCells, fillCells, fillStates } from "./runs";
import { current, enter, enterNumber, numberAbove } from "./spaces";
import { isInPieces, spanOf } from "./spans";
import { EACH, Event, effectsOf, isOfFile, isOfShared, STATE_MASK, transition } from "./states";
import {
  blockIn,
  cellIn,
  cellInBlock,
  cellOf,
  directoryOf,
  endOfDirectory,
  Group,
  groupIn,
  isEqual,
  isMissing,
  isUniform,
  joinIfUniform,
  makeDirectories,
  setState,
  stateIn,
  statesOf,
  TABLE_PAGES,
} from "./table";
import { drop } from "./translation";
import { zeroesIn } from "./zeroes";

let physicalPages: u64 = u64.MAX_VALUE;

/** Sets the physical memory in bytes; 0 for no limit. */
export function start(memoryBytes: u64): void {
  if (memoryBytes) physicalPages = memoryBytes >> pageShift;
}

// ---- Effects ----

const TAKES: u32 = 1 << Counter.FramesTaken;
const GIVES: u32 = 1 << Counter.FramesGiven;

/** Counts the effects of a transition of `pages` pages from `first` on. If memory is full, traps before it counts. */
function count(result: u32, first: u64, pages: u64): void {
  let effects = effectsOf(result);
  if (!effects) return;
  if (effects & TAKES) {
    requireRoom(pages);
    takeFrames(pages);
    if (kernelKind == Kernel.Linux) noteFrames(first << pageShift, pages << pageShift);
    if (isDefined(ZP_CHECK)) checkRoom();
  }
  if (effects & GIVES) giveFrames(pages);
  effects &= ~(TAKES | GIVES);
  while (effects) {
    add(ctz(effects), pages);
    effects &= effects - 1;
  }
}

/** Whether there are so many frames more, as things are. */
export function hasRoom(pages: u64): bool {
  return residentPages + pages <= physicalPages;
}

/** Frames that there are still to take. */
export function freeFrames(): u64 {
  return physicalPages - residentPages;
}

/** Ends a process and returns true, if it may (oom.ts). */
let killer: (() => bool) | null = null;

export function setKiller(kills: () => bool): void {
  killer = kills;
}

/** Makes sure that `pages` more frames can be taken. Traps if they cannot. */
function requireRoom(pages: u64): void {
  if (residentPages + pages > physicalPages) makeRoom(pages);
}

/** Told that lazy pages of any space may have been taken (splits.ts). */
let reclaimed: (() => void) | null = null;

export function afterReclaim(settles: () => void): void {
  reclaimed = settles;
}

/** Reclaims every lazy page of every space. Traps if that is not enough. */
function makeRoom(pages: u64): void {
  const space = current;
  for (let number = numberAbove(0); number; number = numberAbove(number)) {
    enterNumber(number);
    apply(Event.Reclaim, 0, TABLE_PAGES);
  }
  enter(space);
  if (isDefined(ZP_HUGE)) {
    const settle = reclaimed;
    if (settle) settle();
  }
  if (isDefined(ZP_PLACEMENT)) {
    const kill = killer;
    if (kill) while (residentPages + pages > physicalPages && kill());
  }
  if (residentPages + pages > physicalPages) raise(Exception.OutOfMemory, 0, pages << pageShift);
}

function checkRoom(): void {
  assert(residentPages <= physicalPages, "no more frames are taken than there are");
}

// ---- Events ----

/** Applies an event to one page. Returns its state afterwards; UNMAPPED if nothing is mapped there. */
export function applyOne(event: u32, page: u64): u32 {
  const cellAt = cellOf(page);
  const cell = load<u32>(cellAt);
  const state = stateIn(cell, page);
  const result = transition(event, state);
  if (result & EACH) return applyEach(event, groupAt(cellAt, page), page, state);
  count(result, page, 1);
  const next = result & STATE_MASK;
  if (next == state) return state;
  const group = isEqual(cell) ? groupAt(cellAt, page) : groupIn(cell);
  setState(group, <u32>page & GROUP_MASK, next);
  joinIfUniform(cellAt, group);
  return next;
}

/** Applies an event to `count` pages from `first` on. It changes unmapped pages only if it is Map. */
export function apply(event: u32, first: u64, count: u64): void {
  if (event == Event.Map && count) makeDirectories(first, count);
  const end = first + count;
  while (first < end) {
    const directory = directoryOf(first);
    if (isMissing(directory)) {
      first = endOfDirectory(first);
      continue;
    }
    const index = <u32>first & GROUP_MASK;
    const cellAt = cellIn(directory, first);
    const cell = load<u32>(cellAt);
    if (index == 0 && end - first >= GROUP_PAGES && isEqual(cell) && !faults(event, cell)) {
      const groups = isUniform(cell)
        ? applyToGroups(event, cellAt, first, end)
        : applyToBlock(event, cellAt, first);
      first += (<u64>groups) << GROUP_SHIFT;
    } else {
      const to = <u32>min<u64>(GROUP_PAGES, index + (end - first));
      applyWithin(event, cellAt, first, to - index);
      first += to - index;
    }
  }
}

/** Whether an event takes faults of pages that show what a file has, which all pages of the cell are. */
function faults(event: u32, cell: u32): bool {
  return isDefined(ZP_FILES) && isUniform(cell) && isOfFile(cell) && (transition(event, cell) & EACH) != 0;
}

/** Applies an event to a run of equal whole groups of one directory. Returns how many there were. */
function applyToGroups(event: u32, cellAt: usize, first: u64, end: u64): u32 {
  const state = load<u32>(cellAt);
  const inDirectory = DIRECTORY_GROUPS - (<u32>(first >> GROUP_SHIFT) & (DIRECTORY_GROUPS - 1));
  const most = <u32>min<u64>(inDirectory, (end - first) >> GROUP_SHIFT);
  const groups = equalCells(cellAt, most, state);
  const result = transition(event, state);
  count(result, first, (<u64>groups) << GROUP_SHIFT);
  const next = result & STATE_MASK;
  if (isDefined(ZP_CHECK)) assert(!hasEntry(next), "a group that is one word has no page with an entry");
  if (next != state) fillCells(cellAt, groups, next);
  return groups;
}

/** Applies an event to a whole group that is in a block. Returns 1: how many groups that is. */
function applyToBlock(event: u32, cellAt: usize, first: u64): u32 {
  const cell = load<u32>(cellAt);
  const block = blockIn(cell);
  const state = stateIn(cell, first);
  const result = transition(event, state);
  if (!(result & EACH)) {
    count(result, first, GROUP_PAGES);
    store<u32>(cellAt, cellInBlock(block, result & STATE_MASK));
    return 1;
  }
  if (event == Event.Reclaim && holdersOf(block, first) > 1) return 1;
  if (leaves(event)) {
    count(result, first, GROUP_PAGES);
    if (holdersOf(block, first) == 1) giveFrames(GROUP_PAGES);
    store<u32>(cellAt, result & STATE_MASK);
  } else if (dependsOnEach(block, first)) {
    applyWithin(event, cellAt, first, GROUP_PAGES);
    return 1;
  } else {
    const owned = ownGroup(block, first, state, clears(event));
    const next = transition(onOwned(event), owned);
    count(next, first, GROUP_PAGES);
    store<u32>(cellAt, next & STATE_MASK);
  }
  leave(block, first);
  return 1;
}

/** Whether what a write does to one page depends on what it did to those before: where memory ends amid copies, too. */
function dependsOnEach(block: usize, first: u64): bool {
  if (holdersOf(block, first) > 1 && !hasRoom(GROUP_PAGES)) return true;
  return isDefined(ZP_HUGE) && isInPieces(spanOf(first));
}

/** Counts what it takes that a whole group owns frames, of which there are enough. Returns the state of its pages as if written before. */
function ownGroup(block: usize, first: u64, state: u32, clears: bool): u32 {
  const isCopied = holdersOf(block, first) > 1;
  if (isCopied) takeFrames(GROUP_PAGES);
  return countOwned(state, GROUP_PAGES, isCopied, clears);
}

/** Whether the event makes pages leave what they share, rather than own a frame. */
function leaves(event: u32): bool {
  if (event == Event.Unmap || event == Event.Discard || event == Event.Reclaim) return true;
  return isDefined(ZP_HUGE) && event == Event.Merge;
}

/** What an event is to a page that it has made own its frame: the kernel populates what was shared by a write. */
function onOwned(event: u32): u32 {
  return event == Event.Populate ? <u32>Event.Write : event;
}

/** Whether the event is an allocator's clearing. */
function clears(event: u32): bool {
  return event == Event.ClearPart || event == Event.ClearPage;
}

/** Applies an event to pages of one group. */
function applyWithin(event: u32, cellAt: usize, first: u64, pages: u32): void {
  const cell = load<u32>(cellAt);
  if (isEqual(cell)) {
    const state = stateIn(cell, first);
    const result = transition(event, state);
    if ((result & STATE_MASK) == state && !(result & EACH)) {
      count(result, first, pages);
      return;
    }
  }
  const group = isEqual(cell) ? groupAt(cellAt, first) : groupIn(cell);
  const states = statesOf(group);
  let index = <u32>first & GROUP_MASK;
  const to = index + pages;
  while (index < to) {
    const state = <u32>load<u8>(states + index);
    const end = endOfRun(states, index, to, state);
    applyToRun(event, group, (first & ~(<u64>GROUP_MASK)) + index, end - index, state);
    if (isDefined(ZP_CHECK)) {
      assert(load<u32>(cellAt) == <u32>changetype<usize>(group), "a group stays while an event is in it");
    }
    index = end;
  }
  // Reclaim happens in the middle of another event, which still uses its group.
  if (event != Event.Reclaim) joinIfUniform(cellAt, group);
}

/** Applies an event to equal pages of a split group. */
function applyToRun(event: u32, group: Group, first: u64, pages: u32, state: u32): void {
  const result = transition(event, state);
  if (result & EACH) {
    for (let i: u32 = 0; i < pages; i++) applyEach(event, group, first + i, state);
    return;
  }
  count(result, first, pages);
  const next = result & STATE_MASK;
  if (next == state) return;
  if (isDefined(ZP_CHECK)) {
    assert(((next ^ state) & (CONTENT | SHARED)) == 0, "pages whose entries come or go are handled each");
  }
  fillStates(statesOf(group) + (<usize>first & GROUP_MASK), pages, next);
}

/** Applies an event to one page that has contents, is shared or is a file's. Returns its state afterwards. */
function applyEach(event: u32, group: Group, page: u64, state: u32): u32 {
  const index = <u32>page & GROUP_MASK;
  drop(page);
  if (isOfFile(state)) {
    if (event != Event.Read && !isOfShared(state)) requireRoom(1);
    state = touchPage(event, group, page);
    if (isOfFile(state)) return state;
    event = onOwned(event);
  }
  // Linux takes back what it was told of by the only one that has it.
  if (state & SHARED && event == Event.Reclaim && isHeldByOthers(group, page)) return state;
  if (state & SHARED && !leaves(event)) {
    if (isCopiedOnWrite(group, page)) requireRoom(1);
    state = ownFrame(group, page, state, clears(event));
    if (isDefined(ZP_CHECK)) checkRoom();
    event = onOwned(event);
  }
  const result = transition(event, state);
  const next = result & STATE_MASK;
  count(result, page, 1);
  if (state & SHARED) {
    leaveShare(group, index, next);
  } else if (state & CONTENT && !(next & CONTENT)) {
    if (event == Event.ClearPage && !(state & UNKNOWN)) {
      add(Counter.NeedlesslyZeroedBytes, zeroesIn(entryAt(group, index), <usize>pageBytes));
    }
    removeContent(group, index, next);
  } else {
    setState(group, index, next);
  }
  return next;
}
