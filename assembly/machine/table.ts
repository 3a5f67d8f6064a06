/**
 * The page table: what every page of the address space is, and where its contents are.
 *
 *      root             directory          group cell
 *      ┌───────┐        ┌───────┐          state (< 256): all 512 pages are in this state, or
 *      │   ────┼──────▶ │ cell  │ ───────▶ ┌────────────────┐
 *      │   0   │        │ cell  │          │ Group          │
 *      └───────┘        └───────┘          │ 512 states     │
 *       65,536            1,024            └───────┬────────┘
 *                                                  ▼ frames: 512 words, there while needed
 *                                          of a page with CONTENT: address of its bytes
 *                                          of a SHARED page: address of its Share
 *
 * A group of equal pages is one word; it splits when a page differs and joins again when it can.
 * Every event runs over ranges by runs of equal groups, and within a split group by runs of equal
 * pages, so its cost follows the number of runs and not of pages.
 */
import { add, Counter, giveFrames, residentPages, takeFrames } from "./counters";
import { Exception, raise } from "./failure";
import * as pool from "./frames";
import {
  DIRECTORIES,
  DIRECTORY_GROUPS,
  DIRECTORY_SHIFT,
  GROUP_MASK,
  GROUP_PAGES,
  GROUP_SHIFT,
  pageBytes,
  pageShift,
} from "./layout";
import {
  CLEARED,
  CONTENT,
  EACH,
  Event,
  effectsOf,
  isPresent,
  knownZero,
  LAZY,
  ownsFrame,
  SHARED,
  STATE_MASK,
  start as startStates,
  transition,
  UNKNOWN,
  UNMAPPED,
  WRITTEN,
} from "./states";
import { drop } from "./translation";

const ROOT: usize = memory.data(4 * DIRECTORIES, 16);
/** Stands for every directory that is not there. Never written. */
const EMPTY_DIRECTORY: usize = memory.data(4 * DIRECTORY_GROUPS, 16);
const ROOT_SHIFT: u64 = GROUP_SHIFT + DIRECTORY_SHIFT;

/** 512 pages that differ. The states follow it, a byte each. */
@unmanaged
class Group {
  /** Frame list, or 0 when no page has CONTENT or is SHARED. */
  frames: usize;
  /** Pages with CONTENT or SHARED. */
  attached: u32;
}
const STATES: usize = 16;

/** A frame that several pages share. */
@unmanaged
class Share {
  pages: u32;
  /** Its bytes, or 0 when the machine stores none. */
  content: usize;
  /** Pages the validator has met so far; 0 outside its walk. */
  met: u32;
}

let physicalPages: u64 = u64.MAX_VALUE;

/** Prepares the table; memoryBytes is the physical memory, 0 for no limit. */
export function start(memoryBytes: u64): void {
  startStates();
  if (memoryBytes) physicalPages = memoryBytes >> pageShift;
  pool.setRecordBytes(pool.contents, <usize>pageBytes);
  pool.setRecordBytes(pool.directories, 4 * DIRECTORY_GROUPS);
  pool.setRecordBytes(pool.groups, STATES + GROUP_PAGES);
  pool.setRecordBytes(pool.frameLists, 4 * GROUP_PAGES);
  pool.setRecordBytes(pool.shares, offsetof<Share>());
}

// ---- Finding ----

function directoryOf(page: u64): usize {
  const directory = <usize>load<u32>(ROOT + ((<usize>(page >> ROOT_SHIFT)) << 2));
  return directory ? directory : EMPTY_DIRECTORY;
}

function cellIn(directory: usize, page: u64): usize {
  return directory + ((<usize>(page >> GROUP_SHIFT) & (DIRECTORY_GROUPS - 1)) << 2);
}

/** Makes sure that every page of the range has a directory of its own. */
function makeDirectories(first: u64, count: u64): void {
  const last = (first + count - 1) >> ROOT_SHIFT;
  for (let index = first >> ROOT_SHIFT; index <= last; index++) {
    const at = ROOT + ((<usize>index) << 2);
    if (!load<u32>(at)) store<u32>(at, <u32>pool.takeZeroed(pool.directories));
  }
}

function isUniform(cell: u32): bool {
  return cell <= STATE_MASK;
}

/** State of one page. */
export function stateOf(page: u64): u32 {
  const cell = load<u32>(cellIn(directoryOf(page), page));
  if (isUniform(cell)) return cell;
  return load<u8>(<usize>cell + STATES + (<usize>page & GROUP_MASK));
}

function groupOf(page: u64): Group {
  return changetype<Group>(<usize>load<u32>(cellIn(directoryOf(page), page)));
}

/** Host address of the bytes of a page with CONTENT, which is in this state. */
export function contentOf(page: u64, state: u32): usize {
  const entry = frameAt(groupOf(page), <u32>page & GROUP_MASK);
  return state & SHARED ? changetype<Share>(entry).content : entry;
}

function frameAt(group: Group, index: u32): usize {
  return <usize>load<u32>(group.frames + ((<usize>index) << 2));
}

function setFrame(group: Group, index: u32, frame: usize): void {
  store<u32>(group.frames + ((<usize>index) << 2), <u32>frame);
}

function setState(group: Group, index: u32, state: u32): void {
  store<u8>(changetype<usize>(group) + STATES + index, <u8>state);
}

// ---- Splitting and joining ----

function split(cellAt: usize): Group {
  const state = load<u32>(cellAt);
  if (!isUniform(state)) return changetype<Group>(<usize>state);
  const group = changetype<Group>(pool.take(pool.groups));
  group.frames = 0;
  group.attached = 0;
  fillStates(changetype<usize>(group) + STATES, GROUP_PAGES, state);
  store<u32>(cellAt, <u32>changetype<usize>(group));
  return group;
}

/** Sets so many states. memory.fill is a call out of wasm, which costs more than this. */
function fillStates(at: usize, pages: u32, state: u32): void {
  const lanes = i8x16.splat(<i8>state);
  const end = at + pages;
  for (; at + 16 <= end; at += 16) v128.store(at, lanes);
  for (; at < end; at++) store<u8>(at, <u8>state);
}

/** Joins the group again if all its pages are equal and none has a frame entry. */
function joinIfUniform(cellAt: usize, group: Group): void {
  if (group.attached) return;
  const states = changetype<usize>(group) + STATES;
  const state = load<u8>(states);
  if (load<u8>(states + GROUP_MASK) != state) return;
  if (endOfRun(states, 0, GROUP_PAGES, state) < GROUP_PAGES) return;
  store<u32>(cellAt, state);
  pool.give(pool.groups, changetype<usize>(group));
}

/** First index from `from` on, below `to`, whose state differs; or `to`. */
function endOfRun(states: usize, from: u32, to: u32, state: u32): u32 {
  const splat = i8x16.splat(<i8>state);
  while (from + 64 <= to && areAll(states + from, splat)) from += 64;
  while (from + 16 <= to && !v128.any_true(v128.xor(v128.load(states + from), splat))) from += 16;
  while (from < to && <u32>load<u8>(states + from) == state) from++;
  return from;
}

/** All of 64 bytes are equal to the lanes. */
function areAll(at: usize, lanes: v128): bool {
  const low = v128.or(v128.xor(v128.load(at), lanes), v128.xor(v128.load(at, 16), lanes));
  const high = v128.or(v128.xor(v128.load(at, 32), lanes), v128.xor(v128.load(at, 48), lanes));
  return !v128.any_true(v128.or(low, high));
}

// ---- Effects ----

/** Counts the effects of a transition for so many pages. Traps before counting when memory is full. */
function count(result: u32, pages: u64): void {
  let effects = effectsOf(result);
  if (!effects) return;
  if (effects & TAKES) {
    if (residentPages + pages > physicalPages) makeRoom(pages);
    takeFrames(pages);
  }
  if (effects & GIVES) giveFrames(pages);
  effects &= ~(TAKES | GIVES);
  while (effects) {
    add(ctz(effects), pages);
    effects &= effects - 1;
  }
}

const TAKES: u32 = 1 << Counter.FramesTaken;
const GIVES: u32 = 1 << Counter.FramesGiven;

let reclaiming: bool = false;

/** Takes back every lazy page; traps when that is not enough. */
function makeRoom(pages: u64): void {
  reclaiming = true; // groups must not join under the event that is in progress
  apply(Event.Reclaim, 0, (<u64>DIRECTORIES) << ROOT_SHIFT);
  reclaiming = false;
  if (residentPages + pages > physicalPages) raise(Exception.OutOfMemory, 0, pages << pageShift);
}

// ---- Events ----

/** Applies an event to one page. Returns its state afterwards: UNMAPPED if nothing is mapped there. */
export function applyOne(event: u32, page: u64): u32 {
  const cellAt = cellIn(directoryOf(page), page);
  const cell = load<u32>(cellAt);
  const index = <u32>page & GROUP_MASK;
  const state = isUniform(cell) ? cell : <u32>load<u8>(<usize>cell + STATES + index);
  const result = transition(event, state);
  if (result & EACH) return applyEach(event, changetype<Group>(<usize>cell), page, state);
  count(result, 1);
  const next = result & STATE_MASK;
  if (next == state) return state;
  const group = split(cellAt);
  setState(group, index, next);
  joinIfUniform(cellAt, group);
  return next;
}

/** Applies an event to count pages from first on. Unmapped pages stay what they are, but for Map. */
export function apply(event: u32, first: u64, count: u64): void {
  if (event == Event.Map && count) makeDirectories(first, count);
  const end = first + count;
  while (first < end) {
    const directory = directoryOf(first);
    if (directory == EMPTY_DIRECTORY) {
      first = ((first >> ROOT_SHIFT) + 1) << ROOT_SHIFT;
      continue;
    }
    const index = <u32>first & GROUP_MASK;
    const cellAt = cellIn(directory, first);
    if (index == 0 && end - first >= GROUP_PAGES && isUniform(load<u32>(cellAt))) {
      first += (<u64>applyToGroups(event, cellAt, first, end)) << GROUP_SHIFT;
    } else {
      const to = <u32>min<u64>(GROUP_PAGES, index + (end - first));
      applyWithin(event, cellAt, first, to - index);
      first += to - index;
    }
  }
}

/** Applies an event to a run of equal whole groups of one directory. Returns how many there were. */
function applyToGroups(event: u32, cellAt: usize, first: u64, end: u64): u32 {
  const state = load<u32>(cellAt);
  const inDirectory = DIRECTORY_GROUPS - (<u32>(first >> GROUP_SHIFT) & (DIRECTORY_GROUPS - 1));
  const most = <u32>min<u64>(inDirectory, (end - first) >> GROUP_SHIFT);
  const groups = equalCells(cellAt, most, state);
  const result = transition(event, state);
  count(result, (<u64>groups) << GROUP_SHIFT);
  const next = result & STATE_MASK;
  if (next != state) fillCells(cellAt, groups, next);
  return groups;
}

/** How many cells, of at most so many, hold the value. */
function equalCells(cellAt: usize, most: u32, value: u32): u32 {
  const lanes = i32x4.splat(value);
  let cells: u32 = 0;
  while (cells + 16 <= most && areAll(cellAt + ((<usize>cells) << 2), lanes)) cells += 16;
  while (cells < most && load<u32>(cellAt + ((<usize>cells) << 2)) == value) cells++;
  return cells;
}

function fillCells(cellAt: usize, count: u32, value: u32): void {
  const lanes = i32x4.splat(value);
  const end = cellAt + ((<usize>count) << 2);
  for (; cellAt + 16 <= end; cellAt += 16) v128.store(cellAt, lanes);
  for (; cellAt < end; cellAt += 4) store<u32>(cellAt, value);
}

/** Applies an event to pages of one group. */
function applyWithin(event: u32, cellAt: usize, first: u64, pages: u32): void {
  const cell = load<u32>(cellAt);
  if (isUniform(cell)) {
    const result = transition(event, cell);
    if ((result & STATE_MASK) == cell) {
      count(result, pages);
      return;
    }
  }
  const group = split(cellAt);
  const states = changetype<usize>(group) + STATES;
  let index = <u32>first & GROUP_MASK;
  const to = index + pages;
  while (index < to) {
    const state = <u32>load<u8>(states + index);
    const end = endOfRun(states, index, to, state);
    applyToRun(event, group, (first & ~(<u64>GROUP_MASK)) + index, end - index, state);
    index = end;
  }
  if (!reclaiming) joinIfUniform(cellAt, group);
}

/** Applies an event to equal pages of a split group. */
function applyToRun(event: u32, group: Group, first: u64, pages: u32, state: u32): void {
  const result = transition(event, state);
  if (result & EACH) {
    for (let i: u32 = 0; i < pages; i++) applyEach(event, group, first + i, state);
    return;
  }
  count(result, pages);
  const next = result & STATE_MASK;
  if (next == state) return;
  fillStates(changetype<usize>(group) + STATES + (<usize>first & GROUP_MASK), pages, next);
}

/** Applies an event to one page with contents, or shared. Returns its state afterwards. */
function applyEach(event: u32, group: Group, page: u64, state: u32): u32 {
  const index = <u32>page & GROUP_MASK;
  drop(page);
  const leaves = event == Event.Unmap || event == Event.Discard;
  if (state & SHARED && !leaves) state = ownFrame(event, group, index, state);
  const result = transition(event, state);
  const next = result & STATE_MASK;
  count(result, 1);
  if (state & SHARED) {
    leaveShare(group, index);
  } else if (state & CONTENT && !(next & CONTENT)) {
    if (event == Event.ClearPage && !(state & UNKNOWN)) {
      add(Counter.NeedlesslyZeroedBytes, zeroesIn(frameAt(group, index), <usize>pageBytes));
    }
    detach(group, index);
  }
  setState(group, index, next);
  return next;
}

/** Bytes of [at, at + bytes) that are zero. */
export function zeroesIn(at: usize, bytes: usize): u64 {
  const end = at + bytes;
  let zeroes: u64 = 0;
  while (at + 64 <= end) {
    zeroes += zeroesInBlock(at);
    at += 64;
  }
  while (at + 8 <= end) {
    zeroes += zeroesInWord(load<u64>(at));
    at += 8;
  }
  while (at < end) zeroes += u64(!load<u8>(at++));
  return zeroes;
}

/** The same of 8 bytes: the low 7 bits of a byte carry into its top bit unless they are all zero. */
function zeroesInWord(word: u64): u64 {
  const low: u64 = 0x7f7f7f7f7f7f7f7f;
  return word ? popcnt(~(((word & low) + low) | word | low)) : 8;
}

/** The same of 64 bytes, most often all of them. */
function zeroesInBlock(at: usize): u64 {
  const a = v128.load(at);
  const b = v128.load(at, 16);
  const c = v128.load(at, 32);
  const d = v128.load(at, 48);
  if (!v128.any_true(v128.or(v128.or(a, b), v128.or(c, d)))) return 64;
  const zero = i8x16.splat(0);
  return (
    popcnt(i8x16.bitmask(i8x16.eq(a, zero))) +
    popcnt(i8x16.bitmask(i8x16.eq(b, zero))) +
    popcnt(i8x16.bitmask(i8x16.eq(c, zero))) +
    popcnt(i8x16.bitmask(i8x16.eq(d, zero)))
  );
}

// ---- Contents ----

function attachEntry(group: Group, index: u32, frame: usize): void {
  if (!group.frames) group.frames = pool.take(pool.frameLists);
  setFrame(group, index, frame);
  group.attached++;
}

function detachEntry(group: Group): void {
  group.attached--;
  if (group.attached) return;
  pool.give(pool.frameLists, group.frames);
  group.frames = 0;
}

function detach(group: Group, index: u32): void {
  pool.give(pool.contents, frameAt(group, index));
  detachEntry(group);
}

/** Gives an owned page without CONTENT a frame of zeroes to store into. Returns its host address. */
export function attach(page: u64): usize {
  const frame = pool.takeZeroed(pool.contents);
  const group = split(cellIn(directoryOf(page), page));
  const index = <u32>page & GROUP_MASK;
  attachEntry(group, index, frame);
  setState(group, index, stateOf(page) | CONTENT);
  return frame;
}

// ---- Sharing ----

/** Leaves a sharing; the frame goes with the last page. The entry is detached. */
function leaveShare(group: Group, index: u32): void {
  const share = changetype<Share>(frameAt(group, index));
  share.pages--;
  if (!share.pages) {
    if (share.content) pool.give(pool.contents, share.content);
    pool.give(pool.shares, changetype<usize>(share));
    giveFrames(1);
  }
  detachEntry(group);
}

/**
 * Copy on write: a shared page gets a frame of its own, or keeps the frame if it is the last.
 * Counts the fault and the first write. Returns its state as if written before.
 */
function ownFrame(event: u32, group: Group, index: u32, state: u32): u32 {
  const share = changetype<Share>(frameAt(group, index));
  const last = share.pages == 1;
  let content = share.content;
  if (!last) {
    if (residentPages + 1 > physicalPages) makeRoom(1);
    if (content) {
      const copied = pool.take(pool.contents);
      memory.copy(copied, content, <usize>pageBytes);
      content = copied;
    }
    share.pages--;
    takeFrames(1);
  } else {
    pool.give(pool.shares, changetype<usize>(share));
  }
  if (content) setFrame(group, index, content);
  else detachEntry(group);
  add(Counter.CopyOnWrite, 1);
  if (!(state & WRITTEN)) add(Counter.TouchedWritten, 1);
  const clears = event == Event.ClearPart || event == Event.ClearPage;
  let owned = (state & ~SHARED) | WRITTEN;
  if (clears && knownZero(state)) {
    add(Counter.ClearingFaults, 1);
    owned |= CLEARED;
  }
  setState(group, index, owned);
  return owned;
}

/**
 * Makes the destination page share the source's frame, copied on the first write to either. The
 * destination is reserved before. A source without a frame leaves it so.
 */
export function share(source: u64, destination: u64): void {
  let state = stateOf(source);
  if (isPresent(state)) add(Counter.PagesWalked, 1);
  if (!ownsFrame(state) && !(state & SHARED)) return;
  const from = split(cellIn(directoryOf(source), source));
  const index = <u32>source & GROUP_MASK;
  if (!(state & SHARED)) {
    const made = changetype<Share>(pool.take(pool.shares));
    made.pages = 1;
    made.met = 0;
    made.content = state & CONTENT ? frameAt(from, index) : 0;
    if (state & CONTENT) setFrame(from, index, changetype<usize>(made));
    else attachEntry(from, index, changetype<usize>(made));
    state = (state | SHARED) & ~LAZY;
    setState(from, index, state);
    drop(source);
  }
  const shared = changetype<Share>(frameAt(from, index));
  shared.pages++;
  const to = split(cellIn(directoryOf(destination), destination));
  attachEntry(to, <u32>destination & GROUP_MASK, changetype<usize>(shared));
  const reserved = stateOf(destination);
  setState(to, <u32>destination & GROUP_MASK, reserved | SHARED | (state & (CONTENT | UNKNOWN)));
}

// ---- Moving and reading out ----

/** Moves one page, with all it is, to a page that is reserved; leaves the source unmapped. */
export function move(source: u64, destination: u64): void {
  const state = stateOf(source);
  if (isPresent(state)) add(Counter.PagesWalked, 1);
  const fromAt = cellIn(directoryOf(source), source);
  const toAt = cellIn(directoryOf(destination), destination);
  const from = split(fromAt);
  const to = split(toAt);
  if (state & (CONTENT | SHARED)) {
    attachEntry(to, <u32>destination & GROUP_MASK, frameAt(from, <u32>source & GROUP_MASK));
    detachEntry(from);
    drop(source);
  }
  setState(to, <u32>destination & GROUP_MASK, state);
  setState(from, <u32>source & GROUP_MASK, UNMAPPED);
  joinIfUniform(fromAt, from);
  joinIfUniform(toAt, to);
}

/** Pages from first on, at most limit, that are in the same state as first. At least 1. */
export function runOf(first: u64, limit: u64): u64 {
  const state = stateOf(first);
  const end = first + limit;
  let page = first;
  while (page < end) {
    const directory = directoryOf(page);
    if (directory == EMPTY_DIRECTORY) {
      if (state != UNMAPPED) return page - first;
      page = ((page >> ROOT_SHIFT) + 1) << ROOT_SHIFT;
      continue;
    }
    const cell = load<u32>(cellIn(directory, page));
    const index = <u32>page & GROUP_MASK;
    if (isUniform(cell)) {
      if (cell != state) return page - first;
      page += GROUP_PAGES - index;
    } else {
      const same = endOfRun(<usize>cell + STATES, index, GROUP_PAGES, state);
      page += same - index;
      if (same < GROUP_PAGES) break;
    }
  }
  return min(page, end) - first;
}

/** First unmapped page of the range, or its end. */
export function firstUnmapped(first: u64, count: u64): u64 {
  const end = first + count;
  while (first < end && stateOf(first) != UNMAPPED) first += runOf(first, end - first);
  return first;
}

// ---- Checking ----

/** Frame list entry of a page with CONTENT or SHARED. */
export function entryOf(page: u64): usize {
  return frameAt(groupOf(page), <u32>page & GROUP_MASK);
}

/** Host address of the bytes of a frame that is shared, by frame list entry; 0 when none are stored. */
export function shareContent(entry: usize): usize {
  return changetype<Share>(entry).content;
}

/** Meets a sharing page on a walk. Returns how many pages of its frame were met before; starts again after the last. */
export function meetShare(entry: usize): u32 {
  const share = changetype<Share>(entry);
  const before = share.met++;
  if (share.met == share.pages) share.met = 0;
  return before;
}

/** The page table has no directory for this page or the pages after it up to the next boundary. */
export function nextWithDirectory(page: u64): u64 {
  const end = (<u64>DIRECTORIES) << ROOT_SHIFT;
  while (page < end && directoryOf(page) == EMPTY_DIRECTORY) page = ((page >> ROOT_SHIFT) + 1) << ROOT_SHIFT;
  return page;
}
