/**
 * What maps files: the regions of all spaces. Nobody counts mappings; what has to know walks them, which is rare.
 *
 *      a page that is there shows one that its file has cached
 *      a page of such a region that has a frame of its own is of a private one
 */
import { FileKind, RegionFlag } from "../shared/kernel";
import { MAPPED, PRESENT, UNMAPPED } from "../shared/page-states";
import { apply } from "./events";
import * as files from "./files";
import { File } from "./files";
import { pageShift } from "./layout";
import { placeIn } from "./mapped";
import { firstEndingAbove, Region } from "./regions";
import { current, enter, enterNumber, numberAbove } from "./spaces";
import { Event, isOfFile, isOfShared } from "./states";
import { runOf, stateOf } from "./table";

// ---- Of the current space ----

/** Makes what is reserved in [start, end) pages of the files that its regions map. */
export function back(start: u64, end: u64): void {
  if (!current.hasFiles) return;
  let region = firstEndingAbove(start);
  while (region && region.start < end) {
    if (files.fileIn(region.flags)) {
      const first = max(start, region.start) >> pageShift;
      const event = region.flags & RegionFlag.Shared ? Event.BackShared : Event.BackPrivate;
      apply(event, first, (min(end, region.end) >> pageShift) - first);
    }
    region = firstEndingAbove(region.end);
  }
}

/** First address in [start, end) that a file is mapped at; `end` if there is none. */
export function firstOfFile(start: u64, end: u64): u64 {
  if (!current.hasFiles) return end;
  let region = firstEndingAbove(start);
  while (region && region.start < end) {
    if (files.fileIn(region.flags)) return max(start, region.start);
    region = firstEndingAbove(region.end);
  }
  return end;
}

/** Word 0 and 1: pages of the current space that are files' on disk, and in memory. */
const PAGES: usize = memory.data(16, 8);

/** Address of the numbers of pages that the current space maps of files on disk, and of memory that has a name. */
export function filePages(): usize {
  memory.fill(PAGES, 0, 16);
  let region = firstEndingAbove(0);
  while (region) {
    const file = files.fileIn(region.flags);
    if (file) {
      const at = PAGES + 8 * usize(file.kind == FileKind.Memory);
      store<u64>(at, load<u64>(at) + presentIn(region));
    }
    region = firstEndingAbove(region.end);
  }
  return PAGES;
}

/** Number of pages of a region that are there and show what a file has. */
function presentIn(region: Region): u64 {
  const end = region.end >> pageShift;
  let present: u64 = 0;
  for (let page = nextPresent(region.start >> pageShift, end); page < end; page = nextPresent(page, end)) {
    const pages = runOf(page, end - page);
    present += pages;
    page += pages;
  }
  return present;
}

/** The first page in [page, end) that is there and shows what a file has; `end` if there is none. */
function nextPresent(page: u64, end: u64): u64 {
  for (; page < end; page += runOf(page, end - page)) {
    const state = stateOf(page);
    if (isOfFile(state) && state & PRESENT) return page;
  }
  return end;
}

// ---- Of all spaces ----

/** Applies an event to all pages that show pages [first, end) of a file. */
export function applyToMappings(event: u32, file: File, first: u64, end: u64): void {
  const space = current;
  for (let number = numberAbove(0); number; number = numberAbove(number)) {
    enterNumber(number);
    let region = firstEndingAbove(0);
    while (region) {
      if (files.fileIn(region.flags) == file) applyWithin(event, region, first, end);
      region = firstEndingAbove(region.end);
    }
  }
  enter(space);
}

function applyWithin(event: u32, region: Region, first: u64, end: u64): void {
  const start = region.start >> pageShift;
  const place = placeIn(region, start);
  const pages = (region.end >> pageShift) - start;
  const from = max(first, place);
  const to = min(end, place + pages);
  if (from < to) apply(event, start + (from - place), to - from);
}

/** Marks the pages of a file that somebody maps. */
function markMapped(file: File): void {
  const space = current;
  for (let number = numberAbove(0); number; number = numberAbove(number)) {
    enterNumber(number);
    let region = firstEndingAbove(0);
    while (region) {
      if (files.fileIn(region.flags) == file) markWithin(region, file);
      region = firstEndingAbove(region.end);
    }
  }
  enter(space);
}

function markWithin(region: Region, file: File): void {
  const end = region.end >> pageShift;
  for (
    let page = nextPresent(region.start >> pageShift, end);
    page < end;
    page = nextPresent(page + 1, end)
  ) {
    files.mark(file, placeIn(region, page));
  }
}

/** Drops pages of a file from the cache that nobody maps, and that are as on the disk. */
export function dropPages(file: File, first: u64, end: u64): void {
  if (file.kind == FileKind.Memory) return;
  markMapped(file);
  files.drop(file, first, end);
  files.unmark(file);
}

/** Makes holes of pages of a file. What maps them shows zeroes; copies stay. */
function punch(file: File, first: u64, end: u64): void {
  applyToMappings(Event.Unback, file, first, end);
  files.forget(file, first, end);
}

/** Makes holes of what the files have that [start, start + bytes) maps, up to what is no shared mapping. Returns whether all is. */
export function punchMapped(start: u64, bytes: u64): bool {
  const end = start + bytes;
  let region = firstEndingAbove(start);
  while (region && region.start < end) {
    const file = files.fileIn(region.flags);
    if (!file || !(region.flags & RegionFlag.Shared)) return false;
    const to = min(end, region.end);
    const first = placeIn(region, max(start, region.start) >> pageShift);
    punch(file, first, first + ((to - max(start, region.start)) >> pageShift));
    region = firstEndingAbove(region.end);
  }
  return true;
}

/** Ends the files whose name is gone and that nothing maps any more. */
export function letGo(): void {
  if (!files.removed) return;
  const space = current;
  for (let number = numberAbove(0); number; number = numberAbove(number)) {
    enterNumber(number);
    let region = firstEndingAbove(0);
    while (region) {
      const file = files.fileIn(region.flags);
      if (file) file.isMapped = true;
      region = firstEndingAbove(region.end);
    }
  }
  enter(space);
  for (let number = files.fileAbove(0); number; number = files.fileAbove(number)) {
    const file = files.fileOf(number);
    if (!file) continue;
    if (file.isRemoved && !file.isMapped) files.end(file);
    else file.isMapped = false;
  }
}

// ---- Checking ----

/** Whether pages of the current space, equal ones, may be in their state where they are. */
export function areRight(page: u64, pages: u64): bool {
  const end = page + pages;
  const state = stateOf(page);
  while (page < end) {
    const region = firstEndingAbove(page << pageShift);
    if (!region) return false;
    const to = min(end, region.end >> pageShift);
    if (!mayBeIn(region, state)) return false;
    if (isOfFile(state) && state & PRESENT && !areCached(region, page, to)) return false;
    page = to;
  }
  return true;
}

function mayBeIn(region: Region, state: u32): bool {
  if (!files.fileIn(region.flags)) return !isOfFile(state);
  const isShared = (region.flags & RegionFlag.Shared) != 0;
  if (isOfFile(state)) return isShared == isOfShared(state);
  return !isShared && state != MAPPED && state != UNMAPPED;
}

function areCached(region: Region, page: u64, end: u64): bool {
  const file = files.fileIn(region.flags);
  if (!file) return false;
  for (; page < end; page++) {
    const place = placeIn(region, page);
    if (place >= file.pages || !files.isCached(file, place)) return false;
  }
  return true;
}
