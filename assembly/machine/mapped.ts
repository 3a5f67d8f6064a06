/**
 * Pages of mappings of files: what an access finds, and the faults that it takes.
 *
 *      region   flags ──▶ File        address + moved = offset in the file
 *
 *      access     mapping   page                         fault
 *      read       any       not there                    FileMap; it and what is cached around it are mapped
 *      write      shared    not there                    FileMap
 *      write      shared    there, not to be written     MakeWritable; of memory there is none
 *      write      private   either                       FileCopy: a frame of the process's own, MAPPED WRITTEN
 *      any        any       beyond the file's end        SIGBUS
 *
 * What is read around is the aligned window of 16 pages by address, as far as the area and the file go; it is in one group.
 */
import { Counter } from "../shared/counters";
import { FileKind, RegionFlag } from "../shared/kernel";
import { CONTENT, MAPPED, MAPS_WRITABLE, PRESENT, UNKNOWN, WRITTEN } from "../shared/page-states";
import { endOf, noteFrames, startOf } from "./areas";
import { add, takeFrames } from "./counters";
import { attach } from "./entries";
import { Exception, raise } from "./failure";
import * as files from "./files";
import { File } from "./files";
import * as pool from "./frames";
import { GROUP_MASK, pageBytes, pageShift } from "./layout";
import { prepareMapped } from "./readahead";
import { firstEndingAbove, Region } from "./regions";
import { current } from "./spaces";
import { Event, isOfFile, isOfShared, isWritable } from "./states";
import { Group, setState, statesOf } from "./table";
import { zeroesIn } from "./zeroes";

/** Pages that a fault of a read maps at most. */
const AROUND: u64 = 16;

let region: Region = changetype<Region>(0);
let file: File = changetype<File>(0);

/** Looks up what maps a page of a file. Returns the page's place in the file. */
function find(page: u64): u64 {
  const found = firstEndingAbove(page << pageShift);
  assert(found != null, "a page of a mapping is in a region");
  region = changetype<Region>(found);
  const mapped = files.fileIn(region.flags);
  assert(mapped != null, "a region of a file has one");
  file = changetype<File>(mapped);
  return placeIn(region, page);
}

/** Place in the file of a page in a region that maps one. */
export function placeIn(region: Region, page: u64): u64 {
  return ((page << pageShift) + region.moved) >> pageShift;
}

// ---- Faults ----

/**
 * An access, which `event` tells, to a page of a mapping that it may not just do. Returns the page's state then: one of a
 * file's that lets it, or that of the process's copy. There must be room for a frame.
 */
export function touchPage(event: u32, group: Group, page: u64): u32 {
  const index = <u32>page & GROUP_MASK;
  const state = load<u8>(statesOf(group) + index);
  const place = find(page);
  if (place >= file.pages) raise(Exception.BusError, u64(event != Event.Read), page << pageShift);
  if (event == Event.Read) return (state & PRESENT) != 0 ? state : mapAround(group, page, place);
  if (!isOfShared(state)) return copyPage(group, page, place);
  const next = isWritable(state) ? state : makeWritable(group, index, place, state);
  changeBytes(event, place);
  return next;
}

/** Has the page that faults cached. */
function prepare(place: u64): void {
  if (files.isCached(file, place)) return;
  if (file.kind == FileKind.Memory) return files.fill(file, place, true);
  add(Counter.MajorFaults, 1);
  prepareMapped(file, place, (region.flags & RegionFlag.Random) != 0);
}

function mapAround(group: Group, page: u64, place: u64): u32 {
  prepare(place);
  add(Counter.FileMapFaults, 1);
  const window = page & ~(AROUND - 1);
  const address = page << pageShift;
  const from = max(window, startOf(address) >> pageShift);
  const to = min(window + AROUND, endOf(address) >> pageShift);
  let mapped: u64 = 0;
  for (let at = from; at < to; at++) mapped += u64(mapCached(group, at, placeIn(region, at)));
  add(Counter.MappedAround, mapped - 1);
  return load<u8>(statesOf(group) + (<u32>page & GROUP_MASK));
}

/** Maps a page, if it is cached and shows what the file has. Returns whether it was not there. */
function mapCached(group: Group, page: u64, place: u64): bool {
  const index = <u32>page & GROUP_MASK;
  const state = load<u8>(statesOf(group) + index);
  if (!isOfFile(state) || state & PRESENT || place >= file.pages || !files.isCached(file, place))
    return false;
  // Memory is never written to a disk, so nobody wants to know of the first write.
  const next = file.kind == FileKind.Memory && isOfShared(state) ? MAPS_WRITABLE : state;
  setState(group, index, next | PRESENT);
  return true;
}

function makeWritable(group: Group, index: u32, place: u64, state: u32): u32 {
  prepare(place);
  add(state & PRESENT ? Counter.MakeWritableFaults : Counter.FileMapFaults, 1);
  files.soil(file, place);
  setState(group, index, MAPS_WRITABLE | PRESENT);
  return MAPS_WRITABLE | PRESENT;
}

function copyPage(group: Group, page: u64, place: u64): u32 {
  prepare(place);
  add(Counter.FileCopyFaults, 1);
  add(Counter.TouchedWritten, 1);
  takeFrames(1);
  noteFrames(page << pageShift, pageBytes);
  const index = <u32>page & GROUP_MASK;
  const own = MAPPED | WRITTEN | (files.stateOf(file, place) & UNKNOWN);
  const content = files.contentOf(file, place);
  if (!content) {
    setState(group, index, own);
    return own;
  }
  const copied = pool.take(pool.contents);
  memory.copy(copied, content, <usize>pageBytes);
  attach(group, index, copied, own | CONTENT);
  return own | CONTENT;
}

/** What a write that stores no data itself does to the bytes of a shared page. */
function changeBytes(event: u32, place: u64): void {
  if (event == Event.Touch) files.blur(file, place);
  if (event != Event.Zero && event != Event.ClearPage) return;
  if (event == Event.ClearPage && !(files.stateOf(file, place) & UNKNOWN)) {
    const content = files.contentOf(file, place);
    add(Counter.NeedlesslyZeroedBytes, content ? zeroesIn(content, <usize>pageBytes) : pageBytes);
  }
  files.zero(file, place, 0, pageBytes);
}

// ---- Bytes ----

/** What is known of the bytes of a page of a mapping: CONTENT, UNKNOWN. */
export function bytesState(page: u64): u32 {
  const place = find(page);
  return files.stateOf(file, place) & (CONTENT | UNKNOWN);
}

/** Host address of the bytes of such a page; 0 if the machine stores none. */
export function contentOf(page: u64): usize {
  const place = find(page);
  return files.contentOf(file, place);
}

/** The same, of one that may be written; given zeroes if it has none. */
export function contentFor(page: u64): usize {
  const place = find(page);
  return files.contentFor(file, place);
}

/** First address in [start, end), all of it mapped, that is beyond the end of a file; `end` if there is none. */
export function firstBeyond(start: u64, end: u64): u64 {
  if (!current.hasFiles) return end;
  let region = firstEndingAbove(start);
  while (region && region.start < end) {
    const mapped = files.fileIn(region.flags);
    if (mapped) {
      const place = placeIn(region, region.start >> pageShift);
      const pages = mapped.pages - min(mapped.pages, place);
      const beyond = max(start, region.start + (pages << pageShift));
      if (beyond < min(end, region.end)) return beyond;
    }
    region = firstEndingAbove(region.end);
  }
  return end;
}
