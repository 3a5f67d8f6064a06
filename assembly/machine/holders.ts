/** How many spaces hold the frames of one: what its set sizes are made of. */
import { SHARED } from "../shared/page-states";
import { MOST_PROCESSES } from "../shared/records";
import { holdersOf } from "./blocks";
import { sharersOf } from "./contents";
import { entryOf } from "./entries";
import { GROUP_PAGES } from "./layout";
import { ownsFrame } from "./states";
import { blockIn, cellOf, isInBlock, nextWithDirectory, runOf, stateOf, TABLE_PAGES } from "./table";

/** Word n: pages of the space with a frame that n spaces hold. Word 0 is the number of words that follow. */
const PAGES: usize = memory.data(8 * (MOST_PROCESSES + 1), 8);

/** Address of the numbers of pages of the current space by how many hold them: word 0 is how many words follow. */
export function holders(): usize {
  memory.fill(PAGES, 0, 8 * (MOST_PROCESSES + 1));
  store<u64>(PAGES, MOST_PROCESSES);
  for (let page = nextWithDirectory(0); page < TABLE_PAGES; ) {
    const pages = runOf(page, TABLE_PAGES - page);
    const state = stateOf(page);
    if (ownsFrame(state)) add(1, pages);
    else if (state & SHARED) addShared(page, pages);
    page = nextWithDirectory(page + pages);
  }
  return PAGES;
}

function add(holders: u32, pages: u64): void {
  const at = PAGES + 8 * <usize>holders;
  store<u64>(at, load<u64>(at) + pages);
}

function addShared(page: u64, pages: u64): void {
  const end = page + pages;
  while (page < end) {
    const cell = load<u32>(cellOf(page));
    if (isInBlock(cell)) {
      add(holdersOf(blockIn(cell), page), GROUP_PAGES);
      page += GROUP_PAGES;
    } else {
      add(sharersOf(entryOf(page)), 1);
      page++;
    }
  }
}
