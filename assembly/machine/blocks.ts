/**
 * Groups of equal pages that spaces share after a fork, 2 MiB as one. The pages stand at the same place in each of the
 * spaces, and none of them has CONTENT. A block has what is known of the groups of one directory that one fork made
 * shared. A cell in a block (table.ts) has the state, which may differ between spaces.
 *
 *      block    0                  2,048
 *               ├──────────────────┼───────┼────────┐
 *               │ 1,024 × u16      │ cells │ unused │
 *               └──────────────────┴───────┴────────┘
 *               spaces that hold    cells of all spaces that are in the block
 *               the group
 *
 *      Σ holders == cells > 0
 *      a group with holders has GROUP_PAGES frames, and is SHARED, also if there is one holder left
 *
 * Pages that part from the others of their group make it come apart in all spaces: then each page is in a sharing of
 * contents.ts.
 */
import { SHARED } from "../shared/page-states";
import { startShare } from "./contents";
import { attachAll } from "./entries";
import * as pool from "./frames";
import { DIRECTORY_GROUPS, GROUP_PAGES, GROUP_SHIFT } from "./layout";
import { current, enter, enterNumber, numberAbove } from "./spaces";
import { BLOCK_BYTES, blockIn, cellInBlock, cellOf, Group, isInBlock, split, stateIn } from "./table";

const CELLS: usize = 2 * DIRECTORY_GROUPS;
/** Entries of a group that comes apart. */
const ENTRIES: usize = memory.data(4 * GROUP_PAGES, 16);

/** Prepares the pool of blocks. */
export function start(): void {
  pool.setRecordBytes(pool.blocks, BLOCK_BYTES);
}

/** A block without groups. It needs one at once. */
export function make(): usize {
  return pool.takeZeroed(pool.blocks);
}

/** How many spaces hold the page's group, which is in this block. */
export function holdersOf(block: usize, page: u64): u32 {
  return load<u16>(holdersAt(block, page));
}

function holdersAt(block: usize, page: u64): usize {
  return block + 2 * (<usize>(page >> GROUP_SHIFT) & (DIRECTORY_GROUPS - 1));
}

/** One more space holds the page's group. Returns its cell there, of pages in this state. */
export function hold(block: usize, page: u64, state: u32): u32 {
  if (isDefined(ZP_CHECK)) assert((state & SHARED) != 0, "pages in a block are shared");
  const at = holdersAt(block, page);
  store<u16>(at, load<u16>(at) + 1);
  store<u32>(block + CELLS, load<u32>(block + CELLS) + 1);
  return cellInBlock(block, state);
}

/** One space less holds the page's group. Whoever calls sets its cell. */
export function leave(block: usize, page: u64): void {
  const at = holdersAt(block, page);
  if (isDefined(ZP_CHECK)) assert(load<u16>(at) > 0, "a block that a group leaves has it");
  store<u16>(at, load<u16>(at) - 1);
  const cells = load<u32>(block + CELLS) - 1;
  store<u32>(block + CELLS, cells);
  if (!cells) pool.give(pool.blocks, block);
}

/** The group of a page, whose cell is there, made if there is none. If it is in a block, it comes apart in all spaces that hold it. */
export function groupAt(cellAt: usize, page: u64): Group {
  const cell = load<u32>(cellAt);
  if (isInBlock(cell)) takeApart(blockIn(cell), page);
  return split(cellAt);
}

function takeApart(block: usize, page: u64): void {
  const holders = holdersOf(block, page);
  for (let i: u32 = 0; i < GROUP_PAGES; i++) store<u32>(ENTRIES + 4 * <usize>i, <u32>startShare(holders, 0));
  const space = current;
  for (let number = numberAbove(0); number; number = numberAbove(number)) {
    enterNumber(number);
    const cellAt = cellOf(page);
    const cell = load<u32>(cellAt);
    if (!isInBlock(cell) || blockIn(cell) != block) continue;
    store<u32>(cellAt, stateIn(cell, page));
    attachAll(split(cellAt), ENTRIES);
    leave(block, page);
  }
  enter(space);
}

// ---- Checking ----

/** Whether no group before the page's is in the block: so each block that has any is met once. */
export function isFirstGroup(block: usize, page: u64): bool {
  for (let at = block; at < holdersAt(block, page); at += 2) if (load<u16>(at)) return false;
  return true;
}

/** Asserts of a group in a block that those who hold it are counted. Returns whether the current space is the first of them. */
export function isFirstHolder(block: usize, page: u64): bool {
  const space = current;
  let holders: u32 = 0;
  let first: u32 = 0;
  for (let number = numberAbove(0); number; number = numberAbove(number)) {
    enterNumber(number);
    const cell = load<u32>(cellOf(page));
    if (!isInBlock(cell) || blockIn(cell) != block) continue;
    if (!first) first = number;
    holders++;
  }
  enter(space);
  assert(holders == holdersOf(block, page), "a block counts the spaces that hold a group");
  return first == space.number;
}
