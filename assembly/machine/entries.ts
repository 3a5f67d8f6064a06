/**
 * The frame lists of groups: an entry for every page that stores something.
 *
 *      group.frames ──▶ 512 words    of a page with CONTENT: address of its bytes
 *                                    of a SHARED page: address of its Share (contents.ts)
 *                                    of any other: unspecified
 *
 *      group.attached == states of the group with CONTENT or SHARED
 *      group.frames != 0 while group.attached > 0, and only then
 *
 * The entry of a page and its state change together, here.
 */
import { CONTENT, SHARED } from "../shared/page-states";
import * as pool from "./frames";
import { DIRECTORY_GROUPS, GROUP_MASK, GROUP_PAGES } from "./layout";
import { current, enter, enterNumber, numberAbove } from "./spaces";
import {
  cellOf,
  Group,
  groupIn,
  isInBlock,
  isUniform,
  nextWithDirectory,
  setState,
  statesOf,
  TABLE_PAGES,
} from "./table";

/** Prepares the lists. */
export function start(): void {
  pool.setRecordBytes(pool.frameLists, 4 * GROUP_PAGES);
}

/** Whether a page in this state has an entry. */
export function hasEntry(state: u32): bool {
  return (state & (CONTENT | SHARED)) != 0;
}

/** Entry of a page with CONTENT or SHARED. */
export function entryOf(page: u64): usize {
  return entryAt(groupIn(load<u32>(cellOf(page))), <u32>page & GROUP_MASK);
}

export function entryAt(group: Group, index: u32): usize {
  if (isDefined(ZP_CHECK)) {
    assert(hasEntry(load<u8>(statesOf(group) + index)), "a page that is asked for its entry has one");
    assert(group.frames != 0, "a group with an entry has a frame list");
  }
  return <usize>load<u32>(group.frames + ((<usize>index) << 2));
}

function setEntry(group: Group, index: u32, entry: usize): void {
  if (isDefined(ZP_CHECK)) assert(entry != 0, "an entry is an address");
  store<u32>(group.frames + ((<usize>index) << 2), <u32>entry);
}

/** Gives an entry to a page that has none, and sets its state. */
export function attach(group: Group, index: u32, entry: usize, state: u32): void {
  if (!group.frames) group.frames = pool.take(pool.frameLists);
  setEntry(group, index, entry);
  group.attached++;
  setState(group, index, state);
  if (isDefined(ZP_CHECK)) checkGroup(group);
}

/** Gives an entry to each page of a group whose states have one already, from a list. */
export function attachAll(group: Group, list: usize): void {
  group.frames = pool.take(pool.frameLists);
  memory.copy(group.frames, list, 4 * GROUP_PAGES);
  group.attached = GROUP_PAGES;
  if (isDefined(ZP_CHECK)) checkGroup(group);
}

/** Replaces the entry of a page. */
export function replace(group: Group, index: u32, entry: usize, state: u32): void {
  setEntry(group, index, entry);
  setState(group, index, state);
  if (isDefined(ZP_CHECK)) checkGroup(group);
}

/** Removes the entry of a page. */
export function detach(group: Group, index: u32, state: u32): void {
  group.attached--;
  if (!group.attached) {
    pool.give(pool.frameLists, group.frames);
    group.frames = 0;
  }
  setState(group, index, state);
  if (isDefined(ZP_CHECK)) checkGroup(group);
}

// ---- Checking ----

/** Asserts the invariants of every group, and that the live records are exactly those in the tables, and so many of files. */
export function checkGroups(groupsOfFiles: usize, listsOfFiles: usize): void {
  cells = 0;
  groups = groupsOfFiles;
  lists = listsOfFiles;
  const space = current;
  for (let number = numberAbove(0); number; number = numberAbove(number)) {
    enterNumber(number);
    checkTable();
  }
  enter(space);
  assert(cells == <usize>DIRECTORY_GROUPS * pool.directories.live, "every live directory is in a table");
  assert(groups == pool.groups.live, "every live group is in a table");
  assert(lists == pool.frameLists.live, "every live frame list is a group's");
}

let cells: usize = 0;
let groups: usize = 0;
let lists: usize = 0;

function checkTable(): void {
  for (let page = nextWithDirectory(0); page < TABLE_PAGES; page = nextWithDirectory(page + GROUP_PAGES)) {
    const cell = load<u32>(cellOf(page));
    cells++;
    if (isUniform(cell)) {
      assert(!hasEntry(cell), "a group that is one word has no page with an entry");
    } else if (!isInBlock(cell)) {
      checkGroup(groupIn(cell));
      groups++;
      lists += usize(groupIn(cell).frames != 0);
    }
  }
}

/** Asserts what a group states about its entries. */
function checkGroup(group: Group): void {
  assert(group.attached == entriesIn(group), "a group counts the pages that have an entry");
  assert((group.frames != 0) == (group.attached != 0), "a group has a frame list while a page has an entry");
}

/** Number of pages of a group whose state has an entry. */
function entriesIn(group: Group): u32 {
  const mask = i8x16.splat(<i8>(CONTENT | SHARED));
  const none = i8x16.splat(0);
  const states = statesOf(group);
  let without: u32 = 0;
  for (let index: u32 = 0; index < GROUP_PAGES; index += 16) {
    without += popcnt(i8x16.bitmask(i8x16.eq(v128.and(v128.load(states + index), mask), none)));
  }
  return GROUP_PAGES - without;
}
