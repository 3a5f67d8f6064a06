/**
 * The system calls that begin and end processes: each has an address space of its own. fork copies what Linux copies
 * (copy_page_range): nothing of an area that was never written, as its pages can be faulted in again; of
 * others, what the kernel's tables have. Frames become shared, and both sides' pages write-protected.
 *
 *      page of the parent       of the child
 *      reserved                 reserved
 *      zero page                zero page; reserved in an area that was never written
 *      with a frame             SHARED with it, and so is the parent's
 *      of a file                the same, in a private mapping that was ever written; else not there
 *
 * madvise can keep areas from a child, or have it get them reserved.
 *
 * Darwin's fork, which copies objects and not page tables, is not simulated.
 */
import { Counter, Fn, Syscall } from "../shared/counters";
import { Kernel, RegionFlag } from "../shared/kernel";
import { CLEARED, SHARED } from "../shared/page-states";
import { MOST_PROCESSES } from "../shared/records";
import * as areas from "./areas";
import * as blocks from "./blocks";
import { logCall } from "./call-log";
import { shareWith } from "./contents";
import { add, mapPages, unmapPages } from "./counters";
import { apply } from "./huge";
import { GROUP_MASK, GROUP_PAGES, kernelKind, pageShift } from "./layout";
import * as limits from "./limits";
import { back, letGo } from "./mappings";
import * as regions from "./regions";
import { endOfRun, fillStates } from "./runs";
import { current, end as endSpace, enter, enterNumber, make, numberAbove, Space, spaceOf } from "./spaces";
import { copyTo } from "./spans";
import { Event, isPresent, ownsFrame } from "./states";
import { enterCall, leaveCall, resumeWalk, walkedSoFar } from "./syscall";
import {
  blockIn,
  cellIn,
  directoryFor,
  directoryOf,
  forgetDirectories,
  Group,
  isEqual,
  isInBlock,
  isUniform,
  joinIfUniform,
  split,
  stateIn,
  statesOf,
  TABLE_PAGES,
} from "./table";
import { dropAll } from "./translation";

/** Number of the running process: that of its space. */
export function process(): u32 {
  return current.number;
}

/** Number of the process that forked the running one; 0 of the first. */
export function parentOfRunning(): u32 {
  return current.parent;
}

/** Whether there is a process with this number. */
export function isProcess(number: u32): bool {
  return number > 0 && spaceOf(number) != null;
}

/** The lowest number of a process above this one; 0 if there is none. */
export function processAbove(number: u32): u32 {
  return numberAbove(number);
}

/** Has another process run, which there is. Not a system call. */
export function switchTo(number: u32): void {
  const space = spaceOf(number);
  assert(space != null, "a process that runs is there");
  if (!space || space == current) return;
  enter(space);
  areas.entered();
  dropAll();
}

// ---- fork ----

/** Makes a process with this number, which is a copy of the running one. Returns 0, or -1 if the number is taken or none. */
export function fork(number: u32): i32 {
  const caller = enterCall(Fn.Fork, Syscall.Fork);
  const result = copyProcess(number);
  if (isDefined(ZP_CHECK)) logCall(Syscall.Fork, number, 0, 0, 0, result);
  leaveCall(caller, Syscall.Fork);
  return result;
}

function copyProcess(number: u32): i32 {
  if (kernelKind != Kernel.Linux || !number || number > <u32>MOST_PROCESSES || spaceOf(number)) return -1;
  if (isDefined(ZP_PLACEMENT) && limits.areSet && !limits.mayFork()) return -1;
  const child = make(number);
  child.parent = current.number;
  child.heapStart = current.heapStart;
  child.heapBreak = current.heapBreak;
  child.isProtected = current.isProtected;
  child.hasFiles = current.hasFiles;
  regions.copyTo(child);
  copyPages(child);
  mapPages(child.pages);
  dropAll();
  return 0;
}

/** The block of the groups that this fork made shared in a directory of the parent's; 0 for none yet. */
let block: usize = 0;
let blockDirectory: usize = 0;

function copyPages(child: Space): void {
  const parent = current;
  block = 0;
  for (let start = regions.startAbove(0); start; ) {
    const end = regions.endOf(start);
    if (!(regions.flagsOf(start) & RegionFlag.DontFork)) copyRegion(child, start, end);
    start = regions.startAbove(end);
  }
  enter(child);
  areas.inherit(RegionFlag.DontFork, RegionFlag.WipeOnFork);
  enter(parent);
}

/** Copies the pages of a region. Those that a child can fault in again are untouched there. */
function copyRegion(child: Space, start: u64, end: u64): void {
  const first = start >> pageShift;
  const pages = (end - start) >> pageShift;
  const isNew = (regions.flagsOf(start) & (RegionFlag.WipeOnFork | RegionFlag.Shared)) != 0;
  if (!isNew && areas.areWritten(start, end)) {
    copyRange(child, first, pages);
    return;
  }
  const parent = current;
  enter(child);
  apply(Event.Map, first, pages);
  if (isDefined(ZP_FILES)) back(start, end);
  enter(parent);
}

/** Copies pages to a child's table, group by group. */
function copyRange(child: Space, first: u64, count: u64): void {
  const end = first + count;
  while (first < end) {
    const cellAt = cellIn(directoryOf(first), first);
    const childAt = cellIn(directoryFor(child.root, first), first);
    const pages = <u32>min<u64>(GROUP_PAGES - (<u32>first & GROUP_MASK), end - first);
    if (pages == GROUP_PAGES && isEqual(load<u32>(cellAt))) store<u32>(childAt, shareCell(cellAt, first));
    else copyWithin(cellAt, childAt, first, pages);
    if (isDefined(ZP_HUGE)) copyTo(child, first, pages);
    first += pages;
  }
}

/** The child's cell for a whole group of equal pages. */
function shareCell(cellAt: usize, first: u64): u32 {
  const cell = load<u32>(cellAt);
  const state = stateIn(cell, first);
  if (isPresent(state)) add(Counter.ForkedPages, GROUP_PAGES);
  if (isInBlock(cell)) return blocks.hold(blockIn(cell), first, state & ~CLEARED);
  if (!ownsFrame(state)) return state;
  const directory = directoryOf(first);
  if (!block || blockDirectory != directory) {
    block = blocks.make();
    blockDirectory = directory;
  }
  store<u32>(cellAt, blocks.hold(block, first, state | SHARED));
  return blocks.hold(block, first, (state | SHARED) & ~CLEARED);
}

/** Copies pages of one group. */
function copyWithin(cellAt: usize, childAt: usize, first: u64, pages: u32): void {
  const cell = load<u32>(cellAt);
  const child = split(childAt);
  const index = <u32>first & GROUP_MASK;
  if (isUniform(cell) && !ownsFrame(cell)) {
    if (isPresent(cell)) add(Counter.ForkedPages, pages);
    fillStates(statesOf(child) + index, pages, cell);
  } else {
    const group = blocks.groupAt(cellAt, first);
    copyStates(group, child, first, pages);
    joinIfUniform(cellAt, group);
  }
  joinIfUniform(childAt, child);
}

function copyStates(group: Group, child: Group, first: u64, pages: u32): void {
  const states = statesOf(group);
  const from = <u32>first & GROUP_MASK;
  const to = from + pages;
  for (let index = from; index < to; ) {
    const state = <u32>load<u8>(states + index);
    const end = endOfRun(states, index, to, state);
    if (isPresent(state)) add(Counter.ForkedPages, end - index);
    if (ownsFrame(state) || state & SHARED) {
      for (let i = index; i < end; i++) shareWith(child, first - from + i, state);
    } else {
      fillStates(statesOf(child) + index, end - index, state);
    }
    index = end;
  }
}

// ---- exit ----

/**
 * Ends the running process, and all it has mapped. The one that forked it runs on, or the first that there is. Returns
 * its number; 0 if there is no other process, which changes nothing.
 */
export function exit(): u32 {
  const caller = enterCall(Fn.Exit, Syscall.Exit);
  const left = endProcess();
  if (isDefined(ZP_CHECK)) logCall(Syscall.Exit, 0, 0, 0, 0, left);
  leaveCall(caller, Syscall.Exit);
  return left;
}

function endProcess(): u32 {
  const ending = current;
  const heir = heirOf(ending);
  if (!heir) return 0;
  unmapAll();
  switchTo(heir.number);
  endSpace(ending);
  return heir.number;
}

/**
 * Ends a process that does not run, in the middle of what the running one does. Counted as its exit. Groups that it shares
 * stay whole, as whoever runs may be in one of them.
 */
export function kill(number: u32): void {
  const running = current;
  const walked = walkedSoFar();
  const caller = enterCall(Fn.Exit, Syscall.Exit);
  enterNumber(number);
  const ending = current;
  areas.entered();
  unmapAll();
  enter(running);
  areas.entered();
  endSpace(ending);
  leaveCall(caller, Syscall.Exit);
  resumeWalk(walked);
}

/** Who runs on after a process. */
function heirOf(space: Space): Space | null {
  const parent = spaceOf(space.parent);
  if (parent && space.parent) return parent;
  const first = numberAbove(0);
  return spaceOf(first != space.number ? first : numberAbove(first));
}

function unmapAll(): void {
  // By whole groups, whatever regions they are of.
  apply(Event.Unmap, 0, TABLE_PAGES);
  for (let start = regions.startAbove(0); start; start = regions.startAbove(0)) {
    const end = regions.endOf(start);
    areas.unmap(start, end);
  }
  unmapPages(current.pages);
  current.pages = 0;
  if (isDefined(ZP_FILES)) letGo();
  forgetDirectories();
}
