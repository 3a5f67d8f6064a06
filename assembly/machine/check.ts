/**
 * The validator: walks everything and compares it with the books. Slow; meant for tests and for the
 * end of a run. What must hold:
 *
 *      Σ region pages == mapped pages in the table == virtualPages
 *      own frames + sharings in the table == FramesTaken - FramesGiven
 *      pages with stored bytes, each stored once == live records of frames.contents
 */
import { meetShare, shareContent } from "./contents";
import { residentPages, virtualPages } from "./counters";
import { entryOf, hasEntry } from "./entries";
import * as pool from "./frames";
import { MAX_PAGE_BYTES, pageShift } from "./layout";
import * as regions from "./regions";
import { CLEARED, CONTENT, LAZY, ownsFrame, SHARED, UNMAPPED } from "./states";
import { nextWithDirectory, runOf, stateOf, TABLE_PAGES } from "./table";
import { zeroesIn } from "./zeroes";

/** What check() found broken. 0 is sound. */
export enum Broken {
  Nothing,
  RegionTree,
  RegionsAgainstTable,
  VirtualPages,
  ResidentPages,
  StoredContents,
  Sharings,
  PageState,
  ZeroFrame,
}

let mapped: u64 = 0;
let owned: u64 = 0;
let stored: usize = 0;
/** Frames met that pages share, each once. */
let shares: usize = 0;

/** Returns what is broken, or 0. */
export function check(): u32 {
  if (!regions.isSound()) return Broken.RegionTree;
  const broken = walkTable();
  if (broken) return broken;
  if (mapped != virtualPages) return Broken.VirtualPages;
  if (pool.shares.live != shares) return Broken.Sharings;
  if (owned + pool.shares.live != residentPages) return Broken.ResidentPages;
  if (stored != pool.contents.live) return Broken.StoredContents;
  if (pool.regionNodes.live != regions.count) return Broken.RegionTree;
  if (zeroesIn(pool.ZERO_FRAME, MAX_PAGE_BYTES) != MAX_PAGE_BYTES) return Broken.ZeroFrame;
  return Broken.Nothing;
}

function walkTable(): u32 {
  mapped = 0;
  owned = 0;
  stored = 0;
  shares = 0;
  for (let page = nextWithDirectory(0); page < TABLE_PAGES; ) {
    const pages = runOf(page, TABLE_PAGES - page);
    const state = stateOf(page);
    if (state != UNMAPPED) {
      if (!isLegal(state)) return Broken.PageState;
      if (!areCovered(page, pages)) return Broken.RegionsAgainstTable;
      mapped += pages;
      if (ownsFrame(state)) owned += pages;
      if (hasEntry(state)) {
        for (let i: u64 = 0; i < pages; i++) if (!walkEntry(page + i, state)) return Broken.Sharings;
      }
    }
    page = nextWithDirectory(page + pages);
  }
  return Broken.Nothing;
}

function isLegal(state: u32): bool {
  if (state & LAZY && !ownsFrame(state)) return false;
  if (state & CLEARED && !ownsFrame(state) && !(state & SHARED)) return false;
  return !(state & CONTENT) || ownsFrame(state) || (state & SHARED) != 0;
}

function walkEntry(page: u64, state: u32): bool {
  const entry = entryOf(page);
  if (!entry) return false;
  if (!(state & SHARED)) {
    stored++;
    return true;
  }
  const content = shareContent(entry);
  if ((content != 0) != ((state & CONTENT) != 0)) return false;
  if (meetShare(entry) == 0) {
    shares++;
    stored += usize(content != 0);
  }
  return true;
}

/** Regions cover all of these pages. */
function areCovered(page: u64, pages: u64): bool {
  const end = (page + pages) << pageShift;
  let address = page << pageShift;
  while (address < end) {
    const to = regions.endOf(address);
    if (!to) return false;
    address = to;
  }
  return true;
}
