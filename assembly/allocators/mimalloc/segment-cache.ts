/**
 * The cache of segments that nothing is in: 1,024 slots, of which the lowest is used first. A cached segment keeps its
 * pages for a while. There is no list of when: each time a segment is cached, some slots are looked at, from one that the
 * clock says at random.
 */
import { munmap } from "../../machine/kernel";
import { enter, leave } from "../../machine/paths";
import { committedIn, decommitAll, now } from "./commit";
import { SEGMENT_CACHE_PURGE } from "./functions";
import { decommits, segmentDelay } from "./parameters";
import { committedOf, endSegment, Segment } from "./segment";
import * as sets from "./slice-set";
import { SLICES } from "./slice-set";
import { noteUnmapped } from "./statistics";

const SLOTS: u32 = 1024;
const LOOKED_AT: u32 = 16;
const MOST_PURGED: u32 = 5;
/** By slot: the segment, or 0. */
const CACHED: usize = memory.data(<i32>(4 * SLOTS), 4);
/** No slot below is free; none from the other on is taken. */
let lowestFree: u32 = 0;
let end: u32 = 0;

function slot(index: u32): Segment | null {
  return load<Segment | null>(CACHED + 4 * index);
}

function setSlot(index: u32, segment: Segment | null): void {
  store<Segment | null>(CACHED + 4 * index, segment);
}

/** Takes the segment of the lowest slot. Nothing of it is pending any longer at a certain time. Null if there is none. */
export function take(): Segment | null {
  for (let index: u32 = 0; index < end; index++) {
    const segment = slot(index);
    if (!segment) continue;
    setSlot(index, null);
    lowestFree = min(lowestFree, index);
    segment.expiry = 0;
    return segment;
  }
  return null;
}

/** Keeps a segment that nothing is in; or unmaps it, if there is no slot. */
export function keep(segment: Segment): void {
  purge(nextStart(), LOOKED_AT, MOST_PURGED);
  while (lowestFree < SLOTS && slot(lowestFree)) lowestFree++;
  if (lowestFree == SLOTS) {
    unmapSegment(segment);
    return;
  }
  setSlot(lowestFree, segment);
  end = max(end, lowestFree + 1);
  segment.expiry = 0;
  if (!decommits || sets.isEmpty(committedOf(segment))) return;
  if (segmentDelay) segment.expiry = now() + segmentDelay;
  else decommitAll(segment);
}

/** The slot to begin with: a number drawn by the time (splitmix64's finalizer, Steele et al. 2014). */
function nextStart(): u32 {
  let mixed = <u64>now();
  if (mixed == 0) mixed = 17;
  mixed = (mixed ^ (mixed >> 30)) * 0xbf58476d1ce4e5b9;
  mixed = (mixed ^ (mixed >> 27)) * 0x94d049bb133111eb;
  return <u32>((mixed ^ (mixed >> 31)) % SLOTS);
}

/** Gives back the pages of what is due in so many slots, until it was done so often. */
function purge(from: u32, slots: u32, most: u32): void {
  if (!decommits) return;
  const caller = enter(SEGMENT_CACHE_PURGE);
  const time = now();
  let purged: u32 = 0;
  for (let i: u32 = 0; i < slots && purged < most; i++) {
    const segment = slot((from + i) & (SLOTS - 1));
    if (!segment || segment.expiry == 0 || segment.expiry > time) continue;
    segment.expiry = 0;
    decommitAll(segment);
    purged++;
  }
  leave(caller);
}

/** Gives back the pages of all that is due. */
export function purgeAll(): void {
  purge(0, SLOTS, SLOTS);
}

/** Unmaps all. Returns whether there was any. */
export function unmapAll(): bool {
  let found = false;
  for (let index: u32 = 0; index < end; index++) {
    const segment = slot(index);
    if (!segment) continue;
    setSlot(index, null);
    unmapSegment(segment);
    found = true;
  }
  lowestFree = 0;
  end = 0;
  return found;
}

/** Ends a segment, and its mapping. */
export function unmapSegment(segment: Segment): void {
  const committed = committedIn(segment, 0, SLICES);
  munmap(segment.mapping, segment.mapped);
  noteUnmapped(segment.mapped, committed, committed);
  endSegment(segment);
}

/** How many segments are cached. For validators: asserts that nothing is in them. */
export function check(): u32 {
  let count: u32 = 0;
  for (let index: u32 = 0; index < SLOTS; index++) {
    const segment = slot(index);
    if (!segment) continue;
    assert(index < end && segment.pages == 0, "a cached segment has no pages, and its slot is looked at");
    count++;
  }
  return count;
}
