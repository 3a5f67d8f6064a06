/**
 * Files: what they hold, and which of it is in the page cache. They belong to no process, and no page of theirs is in any
 * resident set until it is mapped.
 *
 *      FILES    ├───┼───┼─ … ─┤    address of the File of that number; 0 for none
 *      File     length, … ──▶ 64 directories ──▶ 1,024 cells each, as in table.ts
 *
 *      state of a page      on disk                        memory (tmpfs, memfd)
 *      none                 there, zero; not cached        a hole
 *      CACHED               in the page cache, clean       –
 *      CACHED DIRTY         newer than on disk             there
 *      … CONTENT            the machine stores its bytes
 *      … UNKNOWN            nobody said what it holds
 *
 *      cachedPages == PagesCached - PagesUncached     of all files together
 *
 * A file ends when its name is gone, and nothing maps it any more (mappings.ts).
 */
import { Counter } from "../shared/counters";
import { FILE_SHIFT, FileKind, MOST_FILES } from "../shared/kernel";
import { CACHED, CONTENT, DIRTY, IN_USE, UNKNOWN } from "../shared/page-states";
import { add } from "./counters";
import { attach, detach, entryAt } from "./entries";
import * as pool from "./frames";
import {
  DIRECTORY_GROUPS,
  GROUP_MASK,
  GROUP_PAGES,
  GROUP_SHIFT,
  pageBytes,
  pageShift,
  roundToPages,
} from "./layout";
import { groupIn, isUniform, joinIfUniform, setState, split, stateIn, statesOf } from "./table";

const FILE_DIRECTORIES: u32 = 64;
/** Most pages of a file. */
export const MOST_FILE_PAGES: u64 = (<u64>FILE_DIRECTORIES * DIRECTORY_GROUPS) << GROUP_SHIFT;
const DIRECTORY_BYTES: usize = 4 * DIRECTORY_GROUPS;

@unmanaged
export class File {
  /** 1 to MOST_FILES. */
  number: u32;
  kind: FileKind;
  /** In bytes, and in pages. */
  length: u64;
  pages: u64;
  /** Whether its name is gone. */
  isRemoved: bool;
  /** Whether something maps it. Set for a while, when that matters. */
  isMapped: bool;
  /** What was read ahead last (readahead.ts): pages [windowStart, windowEnd), in folios of 2^order; the page whose reading reads on, and how many stand for it. */
  order: u32;
  windowStart: u64;
  windowEnd: u64;
  marker: u64;
  markerPages: u64;
  /** The page that was read last. */
  lastRead: u64;
}
const DIRECTORIES_AT: usize = (offsetof<File>() + 7) & ~7;

const FILES: usize = memory.data(4 * (MOST_FILES + 1), 4);
/** No file has a higher number. */
let highest: u32 = 0;
/** Files whose name is gone. Only then does anybody look whether something maps them. */
export let removed: u32 = 0;

/** Prepares the pools of files. */
export function start(): void {
  pool.setRecordBytes(pool.files, DIRECTORIES_AT + 4 * FILE_DIRECTORIES);
  pool.setRecordBytes(pool.fileDirectories, DIRECTORY_BYTES);
}

// ---- Files ----

/** Makes a file of so many bytes, of zeroes or of what nobody said. Returns its number; 0 if there are too many, or it is too long. */
export function make(kind: FileKind, bytes: u64, isUnknown: bool): u32 {
  const pages = roundToPages(bytes) >> pageShift;
  let number: u32 = 1;
  while (fileOf(number)) number++;
  if (number > <u32>MOST_FILES || pages > MOST_FILE_PAGES) return 0;
  const file = changetype<File>(pool.takeZeroed(pool.files));
  file.number = number;
  file.kind = kind;
  file.length = bytes;
  file.pages = pages;
  file.lastRead = u64.MAX_VALUE;
  file.marker = u64.MAX_VALUE;
  store<u32>(FILES + 4 * <usize>number, <u32>changetype<usize>(file));
  highest = max(highest, number);
  if (isUnknown) blurAll(file);
  return number;
}

/** Nobody says what a new file holds. */
function blurAll(file: File): void {
  const whole = file.pages & ~(<u64>GROUP_MASK);
  for (let page: u64 = 0; page < whole; page += GROUP_PAGES) store<u32>(cellAt(file, page), UNKNOWN);
  for (let page = whole; page < file.pages; page++) blur(file, page);
}

/** The file with the number, or null. */
export function fileOf(number: u32): File | null {
  if (number > <u32>MOST_FILES) return null;
  return changetype<File | null>(<usize>load<u32>(FILES + 4 * <usize>number));
}

/** The file that a region with these flags maps, or null. */
export function fileIn(flags: u32): File | null {
  return fileOf(flags >> FILE_SHIFT);
}

/** The lowest number above this one that a file has; 0 if there is none. */
export function fileAbove(number: u32): u32 {
  while (number < highest) if (fileOf(++number)) return number;
  return 0;
}

/** Takes a file's name away. */
export function takeName(file: File): void {
  file.isRemoved = true;
  removed++;
}

/** Ends a file whose name is gone, and that nothing maps. */
export function end(file: File): void {
  forget(file, 0, file.pages);
  for (let at = directoryAt(file, 0); at < directoryAt(file, MOST_FILE_PAGES); at += 4) {
    const directory = <usize>load<u32>(at);
    if (directory) pool.give(pool.fileDirectories, directory);
  }
  store<u32>(FILES + 4 * <usize>file.number, 0);
  pool.give(pool.files, changetype<usize>(file));
  removed--;
}

/** Makes a file longer, by zeroes. */
export function lengthen(file: File, bytes: u64): void {
  file.length = max(file.length, bytes);
  file.pages = roundToPages(file.length) >> pageShift;
}

// ---- Pages ----

function directoryAt(file: File, page: u64): usize {
  return changetype<usize>(file) + DIRECTORIES_AT + ((<usize>(page >> GROUP_SHIFT) / DIRECTORY_GROUPS) << 2);
}

/** Where the cell of the page's group is. Its directory is made if there is none. */
function cellAt(file: File, page: u64): usize {
  const at = directoryAt(file, page);
  let directory = <usize>load<u32>(at);
  if (!directory) {
    directory = pool.takeZeroed(pool.fileDirectories);
    store<u32>(at, <u32>directory);
  }
  return directory + ((<usize>(page >> GROUP_SHIFT) & (DIRECTORY_GROUPS - 1)) << 2);
}

/** State of a page. Beyond the end there are holes. */
export function stateOf(file: File, page: u64): u32 {
  return page < MOST_FILE_PAGES ? stateIn(load<u32>(cellAt(file, page)), page) : 0;
}

/** Clears and sets bits of a page's state, other than CONTENT. */
function change(file: File, page: u64, cleared: u32, set: u32): void {
  const state = stateOf(file, page);
  const next = (state & ~cleared) | set;
  if (next == state) return;
  const at = cellAt(file, page);
  const group = split(at);
  setState(group, <u32>page & GROUP_MASK, next);
  joinIfUniform(at, group);
}

export function isCached(file: File, page: u64): bool {
  return (stateOf(file, page) & CACHED) != 0;
}

/** Puts a page into the cache, which has it not: from the disk, unless it `isNew`. Memory has no disk. */
export function cache(file: File, page: u64, isNew: bool): void {
  if (isDefined(ZP_CHECK)) assert(!isCached(file, page), "what comes into the cache was not there");
  change(file, page, 0, file.kind == FileKind.Memory ? CACHED | DIRTY : CACHED);
  add(Counter.PagesCached, 1);
  if (!isNew) add(Counter.DiskReadPages, 1);
}

/** Reads pages that are not cached from the disk, as far as the file goes. */
export function fetch(file: File, first: u64, end: u64): void {
  for (let page = first; page < min(end, file.pages); page++)
    if (!isCached(file, page)) cache(file, page, false);
}

/** Gives memory a page that it has not: a frame, which is zeroed unless all of it is written at once. */
export function fill(file: File, page: u64, isZeroed: bool): void {
  cache(file, page, true);
  if (isZeroed) add(Counter.KernelZeroedPages, 1);
}

/** A cached page is newer than on the disk. */
export function soil(file: File, page: u64): void {
  change(file, page, 0, DIRTY);
}

/** Writes what is newer to the disk. Memory has none. */
export function clean(file: File): void {
  if (file.kind == FileKind.Memory) return;
  for (let page: u64 = 0; page < file.pages; page++) {
    if (!(stateOf(file, page) & DIRTY)) continue;
    change(file, page, DIRTY, 0);
    add(Counter.DiskWrittenPages, 1);
  }
}

/** Somebody maps a page. */
export function mark(file: File, page: u64): void {
  change(file, page, 0, IN_USE);
}

/** Takes pages out of the cache that are as on the disk, and that nobody maps: what is mapped is marked. */
export function drop(file: File, first: u64, end: u64): void {
  for (let page = first; page < min(end, file.pages); page++) {
    if ((stateOf(file, page) & (CACHED | DIRTY | IN_USE)) != CACHED) continue;
    change(file, page, CACHED, 0);
    add(Counter.PagesUncached, 1);
  }
}

/** Takes all marks away. */
export function unmark(file: File): void {
  for (let page: u64 = 0; page < file.pages; page++) change(file, page, IN_USE, 0);
}

/** Makes holes of pages. Nobody maps them. */
export function forget(file: File, first: u64, end: u64): void {
  for (let page = first; page < min(end, file.pages); page++) {
    const state = stateOf(file, page);
    if (state & CONTENT) removeContent(file, page);
    if (state & CACHED) add(Counter.PagesUncached, 1);
    change(file, page, CACHED | DIRTY | UNKNOWN, 0);
  }
}

// ---- Bytes ----

/** Host address of the bytes of a page; 0 if the machine stores none. */
export function contentOf(file: File, page: u64): usize {
  const cell = load<u32>(cellAt(file, page));
  if (isUniform(cell) || !(stateIn(cell, page) & CONTENT)) return 0;
  return entryAt(groupIn(cell), <u32>page & GROUP_MASK);
}

/** The same; given zeroes if it has none. */
export function contentFor(file: File, page: u64): usize {
  const content = contentOf(file, page);
  if (content) return content;
  const bytes = pool.takeZeroed(pool.contents);
  attach(split(cellAt(file, page)), <u32>page & GROUP_MASK, bytes, stateOf(file, page) | CONTENT);
  return bytes;
}

function removeContent(file: File, page: u64): void {
  const at = cellAt(file, page);
  const group = groupIn(load<u32>(at));
  const index = <u32>page & GROUP_MASK;
  pool.give(pool.contents, entryAt(group, index));
  detach(group, index, load<u8>(statesOf(group) + index) & ~CONTENT);
  joinIfUniform(at, group);
}

/** Zeroes part of a page. */
export function zero(file: File, page: u64, offset: usize, bytes: u64): void {
  const content = contentOf(file, page);
  if (bytes < pageBytes) {
    if (content) memory.fill(content + offset, 0, <usize>bytes);
  } else {
    if (content) removeContent(file, page);
    change(file, page, UNKNOWN, 0);
  }
}

/** Nobody knows what part of a page holds any more. */
export function blur(file: File, page: u64): void {
  change(file, page, 0, UNKNOWN);
}

/** All of a page is known. */
export function know(file: File, page: u64): void {
  change(file, page, UNKNOWN, 0);
}

// ---- Checking ----

/** What the files have together: groups that are not equal, frame lists, pages with bytes, pages in the cache. */
export let groups: usize = 0;
export let lists: usize = 0;
export let stored: usize = 0;
export let cached: u64 = 0;
let directories: usize = 0;
let files: usize = 0;
let nameless: u32 = 0;

/** Walks all files. Returns whether they are in order, and leaves what they have together. */
export function walk(): bool {
  groups = 0;
  lists = 0;
  stored = 0;
  cached = 0;
  directories = 0;
  files = 0;
  nameless = 0;
  for (let number = fileAbove(0); number; number = fileAbove(number)) {
    const file = fileOf(number);
    if (!file || file.number != number || !walkFile(file)) return false;
  }
  return files == pool.files.live && directories == pool.fileDirectories.live && nameless == removed;
}

function walkFile(file: File): bool {
  files++;
  nameless += u32(file.isRemoved);
  if (file.isMapped || file.pages != roundToPages(file.length) >> pageShift) return false;
  for (let page: u64 = 0; page < MOST_FILE_PAGES; page += GROUP_PAGES) {
    const directory = <usize>load<u32>(directoryAt(file, page));
    if (!directory) {
      page += (<u64>(DIRECTORY_GROUPS - 1)) << GROUP_SHIFT;
      continue;
    }
    directories += usize((page >> GROUP_SHIFT) % DIRECTORY_GROUPS == 0);
    const cell = load<u32>(cellAt(file, page));
    if (!isUniform(cell)) {
      groups++;
      lists += usize(groupIn(cell).frames != 0);
    }
    if (cell && !walkGroup(file, page)) return false;
  }
  return true;
}

function walkGroup(file: File, first: u64): bool {
  for (let page = first; page < first + GROUP_PAGES; page++) {
    const state = stateOf(file, page);
    if (state & IN_USE) return false;
    if (page >= file.pages && state & ~(<u32>UNKNOWN)) return false;
    if (file.kind == FileKind.Memory && state & CACHED && !(state & DIRTY)) return false;
    stored += usize((state & CONTENT) != 0);
    cached += u64((state & CACHED) != 0);
  }
  return true;
}
