/**
 * The validator. It walks everything and compares it with the counts, which is slow: it is meant for tests
 * and for the end of a run. Its invariants:
 *
 *      Σ region pages == mapped pages in the table == pages of the space     of each space
 *      Σ pages of the spaces == virtualPages
 *      own frames + sharings + frames of groups in blocks == residentPages
 *      pages with stored bytes, each stored once == live records of frames.contents
 *      pages in all sharings == SHARED pages in split groups of the tables
 *      holders of all groups in blocks == cells in blocks, and a block has some
 *      a page with a frame (Linux) is in an area that was written
 *      promised bytes <= their limit
 *
 * A check build first asserts the invariants that each part of the machine has of its own data. Asserts have
 * no messages in a release build, which therefore returns what is broken.
 */
import { Counter } from "../shared/counters";
import { Broken } from "../shared/failure";
import { Kernel } from "../shared/kernel";
import { CONTENT, SHARED, UNMAPPED } from "../shared/page-states";
import * as areas from "./areas";
import { isFirstGroup, isFirstHolder } from "./blocks";
import { meetShare, shareContent, sharersOf } from "./contents";
import { residentPages, virtualPages } from "./counters";
import { checkGroups, entryOf, hasEntry } from "./entries";
import * as files from "./files";
import * as pool from "./frames";
import { check as checkHuge } from "./huge-check";
import { GROUP_PAGES, kernelKind, MAX_PAGE_BYTES, pageShift } from "./layout";
import { areKept } from "./limits";
import { areRight } from "./mappings";
import { checkTranslations } from "./page-access";
import * as paths from "./paths";
import * as regions from "./regions";
import { current, enter, enterNumber, numberAbove } from "./spaces";
import { isLegal, ownsFrame } from "./states";
import {
  blockIn,
  cellOf,
  checkEmptyDirectory,
  isInBlock,
  nextWithDirectory,
  runOf,
  stateOf,
  TABLE_PAGES,
} from "./table";
import { zeroesIn } from "./zeroes";

let mapped: u64 = 0;
let owned: u64 = 0;
let stored: usize = 0;
/** Shared frames met, each once; the pages that share them, as the sharings count them; and as the walk met them. */
let shares: usize = 0;
/** Blocks met, each once. */
let blocks: usize = 0;
let sharers: u64 = 0;
let sharing: u64 = 0;
/** Regions and spaces met. */
let nodes: usize = 0;
let spaces: usize = 0;

/** Returns what is broken, or 0. A check build also asserts, with a message. */
export function check(): u32 {
  if (isDefined(ZP_FILES)) if (!files.walk()) return Broken.Files;
  if (isDefined(ZP_CHECK)) assertSound();
  const broken = walkSpaces();
  if (broken) return broken;
  if (mapped != virtualPages) return Broken.VirtualPages;
  if (pool.blocks.live != blocks || pool.shares.live != shares || sharers != sharing) return Broken.Sharings;
  if (owned + pool.shares.live != residentPages) return Broken.ResidentPages;
  if (stored != pool.contents.live) return Broken.StoredContents;
  if (isDefined(ZP_FILES)) if (!isCacheCounted()) return Broken.Files;
  if (isDefined(ZP_PLACEMENT)) if (!areKept()) return Broken.Promises;
  if (pool.regionNodes.live != nodes) return Broken.RegionTree;
  if (pool.spaces.live != spaces || pool.roots.live != spaces) return Broken.Spaces;
  if (zeroesIn(pool.ZERO_FRAME, MAX_PAGE_BYTES) != MAX_PAGE_BYTES) return Broken.ZeroFrame;
  return Broken.Nothing;
}

function assertSound(): void {
  checkEmptyDirectory();
  checkGroups(files.groups, files.lists);
  pool.check();
  if (isDefined(ZP_HUGE)) checkHuge();
  paths.check();
  checkTranslations();
}

/** Walks all spaces. Returns what is broken in one of them, or 0. */
function walkSpaces(): u32 {
  mapped = 0;
  owned = 0;
  stored = files.stored;
  shares = 0;
  blocks = 0;
  sharers = 0;
  sharing = 0;
  nodes = 0;
  spaces = 0;
  const space = current;
  let broken: u32 = Broken.Nothing;
  for (let number = numberAbove(0); number && !broken; number = numberAbove(number)) {
    enterNumber(number);
    broken = walkSpace();
  }
  enter(space);
  return broken;
}

/** Walks the current space. */
function walkSpace(): u32 {
  if (!regions.isSound()) return Broken.RegionTree;
  if (!areas.areSound()) return Broken.Areas;
  const before = mapped;
  const broken = walkTable();
  if (broken) return broken;
  if (mapped - before != current.pages) return Broken.VirtualPages;
  if (regions.coveredBytes() >> pageShift != current.pages) return Broken.RegionsAgainstTable;
  nodes += regions.count();
  spaces++;
  return Broken.Nothing;
}

function walkTable(): u32 {
  for (let page = nextWithDirectory(0); page < TABLE_PAGES; ) {
    const pages = runOf(page, TABLE_PAGES - page);
    const state = stateOf(page);
    if (state != UNMAPPED) {
      const broken = walkRun(page, pages, state);
      if (broken) return broken;
    }
    page = nextWithDirectory(page + pages);
  }
  return Broken.Nothing;
}

function walkRun(page: u64, pages: u64, state: u32): u32 {
  if (!isLegal(state)) return Broken.PageState;
  if (!areCovered(page, pages)) return Broken.RegionsAgainstTable;
  mapped += pages;
  if (isDefined(ZP_FILES)) if (!areRight(page, pages)) return Broken.Files;
  if (ownsFrame(state)) {
    owned += pages;
    if (!areWritten(page, pages)) return Broken.Areas;
  }
  if (!hasEntry(state)) return Broken.Nothing;
  for (let at = page; at < page + pages; ) {
    const cell = load<u32>(cellOf(at));
    if (isInBlock(cell)) {
      // A run may go over several groups. Each begins where the page number says.
      const block = blockIn(cell);
      if (isFirstHolder(block, at)) {
        owned += GROUP_PAGES;
        blocks += usize(isFirstGroup(block, at));
      }
      at += GROUP_PAGES;
    } else {
      if (!walkEntry(at, state)) return Broken.Sharings;
      at++;
    }
  }
  return Broken.Nothing;
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
  sharing++;
  if (meetShare(entry) == 0) {
    shares++;
    sharers += sharersOf(entry);
    stored += usize(content != 0);
  }
  return true;
}

/** Whether what came into the page cache and has not gone is what files have there. */
function isCacheCounted(): bool {
  return paths.sum(Counter.PagesCached) - paths.sum(Counter.PagesUncached) == files.cached;
}

/** Whether areas, where the kernel keeps them, know that these pages were written. */
function areWritten(page: u64, pages: u64): bool {
  return kernelKind != Kernel.Linux || areas.areWritten(page << pageShift, (page + pages) << pageShift);
}

/** Whether regions cover all of these pages. */
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
