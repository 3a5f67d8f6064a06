/**
 * The page table: the state of every page of the address space.
 *
 *      root             directory          group cell
 *      ┌───────┐        ┌───────┐          state (< 256): all 512 pages are in this state, or
 *      │   ────┼──────▶ │ cell  │          block | state << 1 | 1: the same, and they are in a block (blocks.ts), or
 *      │   0   │        │ cell  │ ───────▶ ┌────────────────┐
 *      └───────┘        └───────┘          │ Group          │
 *       65,536            1,024            │ 512 states     │
 *                                          └───────┬────────┘
 *                                                  ▼
 *                                          frame list, there while needed (entries.ts)
 *
 * A group of equal pages is one word. It splits when a page differs, and joins again when it can. Each address space
 * has a table of its own (spaces.ts). Functions are about that of the current one.
 */
import { UNMAPPED } from "../shared/page-states";
import * as pool from "./frames";
import {
  DIRECTORIES,
  DIRECTORY_GROUPS,
  DIRECTORY_SHIFT,
  GROUP_MASK,
  GROUP_PAGES,
  GROUP_SHIFT,
} from "./layout";
import { endOfRun, fillStates } from "./runs";
import { root } from "./spaces";
import { isLegal, isLegalInFile, STATE_MASK } from "./states";
import { zeroesIn } from "./zeroes";

/** A word for each group; where there are huge pages, another one behind (huge.ts). */
const DIRECTORY_BYTES: usize = (isDefined(ZP_HUGE) ? 8 : 4) * DIRECTORY_GROUPS;
/** Stands for every directory that is not there. Never written. */
const EMPTY_DIRECTORY: usize = memory.data(<i32>DIRECTORY_BYTES, 16);
const ROOT_SHIFT: u64 = GROUP_SHIFT + DIRECTORY_SHIFT;
/** Bytes of the root that are looked at in one step. */
const ROOT_BLOCK: usize = 64;
/** Pages the table has room for. */
export const TABLE_PAGES: u64 = (<u64>DIRECTORIES) << ROOT_SHIFT;

/** 512 pages that differ. Their states follow it, a byte each. Its fields belong to entries.ts. */
@unmanaged
export class Group {
  /** Frame list; 0 if no page has an entry. */
  frames: usize;
  /** Number of pages with an entry. */
  attached: u32;
}
/** Offset of the states in a group, aligned for a vector. */
const STATES: usize = 16;

/** Tells a cell in a block from a group's address, which is a multiple of 16. */
const IN_BLOCK: u32 = 1;
const BLOCK_STATE_SHIFT: u32 = 1;
export const BLOCK_BYTES: u32 = 4096;

/** Prepares the table. */
export function start(): void {
  pool.setRecordBytes(pool.directories, DIRECTORY_BYTES);
  pool.setRecordBytes(pool.groups, STATES + GROUP_PAGES);
}

// ---- Finding ----

/** The directory that the page's cell is in. No page beyond the address space, where overwritten links may lead, is mapped. */
export function directoryOf(page: u64): usize {
  if (page >= TABLE_PAGES) return EMPTY_DIRECTORY;
  const directory = <usize>load<u32>(placeOf(root, page));
  return directory ? directory : EMPTY_DIRECTORY;
}

/** Where the root has the page's directory. */
function placeOf(root: usize, page: u64): usize {
  return root + ((<usize>(page >> ROOT_SHIFT)) << 2);
}

/** The directory of a page that the table with this root has one for. Made if it has not. */
export function directoryFor(root: usize, page: u64): usize {
  const at = placeOf(root, page);
  const directory = <usize>load<u32>(at);
  return directory ? directory : addDirectory(at);
}

function addDirectory(at: usize): usize {
  const directory = pool.takeZeroed(pool.directories);
  store<u32>(at, <u32>directory);
  return directory;
}

/** First page after those that the page's directory covers. */
export function endOfDirectory(page: u64): u64 {
  return ((page >> ROOT_SHIFT) + 1) << ROOT_SHIFT;
}

/** Makes sure that every page of the range has a directory of its own. */
export function makeDirectories(first: u64, count: u64): void {
  const last = placeOf(root, first + count - 1);
  for (let at = placeOf(root, first); at <= last; at += 4) if (!load<u32>(at)) addDirectory(at);
}

/** Gives back the directories of a table without pages. */
export function forgetDirectories(): void {
  for (let at = root; at < root + 4 * DIRECTORIES; at += 4) {
    const directory = <usize>load<u32>(at);
    if (directory) pool.give(pool.directories, directory);
  }
  memory.fill(root, 0, 4 * DIRECTORIES);
}

/** Where the cell of the page's group is in its directory. */
export function cellIn(directory: usize, page: u64): usize {
  return directory + ((<usize>(page >> GROUP_SHIFT) & (DIRECTORY_GROUPS - 1)) << 2);
}

/** Where a directory has what huge.ts knows of the page's group: behind the cells. */
export function spanIn(directory: usize, page: u64): usize {
  return cellIn(directory, page) + 4 * DIRECTORY_GROUPS;
}

/** Where the cell of the page's group is. */
export function cellOf(page: u64): usize {
  return cellIn(directoryOf(page), page);
}

/** No page of the directory is mapped, and it is not there. */
export function isMissing(directory: usize): bool {
  return directory == EMPTY_DIRECTORY;
}

/** Whether the cell holds a state, which all its pages are in. */
export function isUniform(cell: u32): bool {
  return cell <= STATE_MASK;
}

/** Whether the pages of the cell are in a block. All are in one state, too. */
export function isInBlock(cell: u32): bool {
  return (cell & IN_BLOCK) != 0 && cell > STATE_MASK;
}

/** The cell of pages in a block, a record at a multiple of BLOCK_BYTES. */
export function cellInBlock(block: usize, state: u32): u32 {
  return <u32>block | (state << BLOCK_STATE_SHIFT) | IN_BLOCK;
}

export function blockIn(cell: u32): usize {
  return <usize>(cell & ~(BLOCK_BYTES - 1));
}

/** State of the pages of a cell in a block. */
function stateInBlock(cell: u32): u32 {
  return (cell >> BLOCK_STATE_SHIFT) & STATE_MASK;
}

/** Whether all pages of the cell are in one state, which `stateIn` tells of any of them. */
export function isEqual(cell: u32): bool {
  return isUniform(cell) || isInBlock(cell);
}

/** The group of a cell whose pages need not be equal. */
export function groupIn(cell: u32): Group {
  if (isDefined(ZP_CHECK)) assert(!isEqual(cell), "a page that is asked for its group is in one");
  return changetype<Group>(<usize>cell);
}

/** Where the states of a group are. */
export function statesOf(group: Group): usize {
  return changetype<usize>(group) + STATES;
}

/** State of one page, from its cell. */
export function stateIn(cell: u32, page: u64): u32 {
  if (isUniform(cell)) return cell;
  if (cell & IN_BLOCK) return stateInBlock(cell);
  return load<u8>(<usize>cell + STATES + (<usize>page & GROUP_MASK));
}

/** State of one page. */
export function stateOf(page: u64): u32 {
  return stateIn(load<u32>(cellOf(page)), page);
}

/** Sets the state of a page. Its entry, or that it has none, stays the same. */
export function setState(group: Group, index: u32, state: u32): void {
  if (isDefined(ZP_CHECK)) {
    const isOfFile = isDefined(ZP_FILES) && isLegalInFile(state);
    assert(isLegal(state) || isOfFile, "a page is in a state that can be");
  }
  store<u8>(statesOf(group) + index, <u8>state);
}

// ---- Splitting and joining ----

/** The group of a cell, which is in no block. Made if its pages were equal so far. */
export function split(cellAt: usize): Group {
  const state = load<u32>(cellAt);
  if (!isUniform(state)) return groupIn(state);
  const group = changetype<Group>(pool.take(pool.groups));
  group.frames = 0;
  group.attached = 0;
  fillStates(statesOf(group), GROUP_PAGES, state);
  store<u32>(cellAt, <u32>changetype<usize>(group));
  return group;
}

/** Joins the group if all its pages are equal and none has an entry. */
export function joinIfUniform(cellAt: usize, group: Group): void {
  if (group.attached) return;
  const states = statesOf(group);
  const state = load<u8>(states);
  if (load<u8>(states + GROUP_MASK) != state) return;
  if (endOfRun(states, 0, GROUP_PAGES, state) < GROUP_PAGES) return;
  store<u32>(cellAt, state);
  pool.give(pool.groups, changetype<usize>(group));
}

// ---- Reading out ----

/** Number of pages from `first` on, at most `limit`, that are in the same state as it. At least 1. */
export function runOf(first: u64, limit: u64): u64 {
  const state = stateOf(first);
  const end = first + limit;
  let page = first;
  while (page < end) {
    const directory = directoryOf(page);
    if (isMissing(directory)) {
      if (state != UNMAPPED) return page - first;
      page = firstWithDirectory(page, end);
      continue;
    }
    const cell = load<u32>(cellIn(directory, page));
    const index = <u32>page & GROUP_MASK;
    if (isEqual(cell)) {
      if (stateIn(cell, page) != state) return page - first;
      page += GROUP_PAGES - index;
    } else {
      const same = endOfRun(statesOf(groupIn(cell)), index, GROUP_PAGES, state);
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

/** First page from this one on that has a directory, or TABLE_PAGES. */
export function nextWithDirectory(page: u64): u64 {
  return page < TABLE_PAGES ? firstWithDirectory(page, TABLE_PAGES) : page;
}

/** First page of the range that has a directory, or its end. Nearly all of a root is empty: whole blocks are passed over. */
function firstWithDirectory(page: u64, end: u64): u64 {
  if (!isMissing(directoryOf(page))) return page;
  const last = placeOf(root, min(end, TABLE_PAGES) - 1);
  let at = placeOf(root, page) + 4;
  while (at <= last && !load<u32>(at)) at += isEmptyBlock(at) ? ROOT_BLOCK : 4;
  return min((<u64>((at - root) >> 2)) << ROOT_SHIFT, end);
}

/** Whether a block of the root begins here in which no directory is. */
function isEmptyBlock(at: usize): bool {
  return !((at - root) & (ROOT_BLOCK - 1)) && zeroesIn(at, ROOT_BLOCK) == ROOT_BLOCK;
}

// ---- Checking ----

/** Asserts that the directory which stands for all that are not there has no page. */
export function checkEmptyDirectory(): void {
  const bytes = DIRECTORY_BYTES;
  assert(zeroesIn(EMPTY_DIRECTORY, bytes) == bytes, "nothing is mapped where no directory is");
}
