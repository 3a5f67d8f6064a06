/**
 * What the kernel knows of 2 MiB of a space besides the states of their pages: their span, a word of the page table. What
 * happens to spans is in huge.ts and splits.ts.
 *
 *      span         what the group of a page is, in a space
 *      0            nothing is in the kernel's tables
 *      TABLE        small pages are, or were: a fault is a small one, until one call empties all of it
 *      ZERO         the huge zero page, where the kernel maps one
 *      HUGE         one frame of 2 MiB, which no other space ever had
 *      a frame | 1  one that fork shared, also if it is not any more
 *      a record     a frame's pages, mapped one by one: part of them went, is protected differently, or was copied
 *
 *      record    0                      64
 *                ├──────────────────────┼───────┐
 *                │ a bit for each page  │ frame │    bit: the space still maps that page of the frame; frame: 0 if no other
 *                │ of the frame         │       │    space ever had it
 *                └──────────────────────┴───────┘
 *
 * Of a frame that fork shared, Linux counts who maps it, and of two spaces how much of that is theirs (MM owner tracking). A
 * page of it that is written is the writer's own if all is mapped by one of the two, and else copied. A third space has no
 * place, or gets one late and for a part, and then copies what nobody else has any more.
 *
 *      mapped == spaces that map it as one + bits in records
 *      a place's count <= what its space maps
 *      isShared: when something was last mapped, or a place became free, no place's count was all there is
 */
import { Counter } from "../shared/counters";
import { SHARED } from "../shared/page-states";
import { add } from "./counters";
import * as pool from "./frames";
import { GROUP_MASK, GROUP_PAGES } from "./layout";
import { current, Space } from "./spaces";
import { ownsFrame } from "./states";
import { directoryFor, directoryOf, isMissing, spanIn, stateOf } from "./table";

export const NONE: u32 = 0;
export const TABLE: u32 = 1;
export const ZERO: u32 = 2;
export const HUGE: u32 = 3;
const AS_ONE: u32 = 1;
const BITS_BYTES: usize = GROUP_PAGES / 8;
const FRAME: usize = BITS_BYTES;
const RECORD_BYTES: usize = BITS_BYTES + 8;

/** A frame of 2 MiB that fork shared. Pages that some space maps follow while somebody looks at all, a bit each. */
@unmanaged
class Frame {
  mapped: u32;
  isShared: u32;
  /** The two places: the number of a space, 0 for none, and its count. */
  space0: u32;
  count0: u32;
  space1: u32;
  count1: u32;
}
const MET: usize = offsetof<Frame>();

/** Prepares the pools. */
export function start(): void {
  pool.setRecordBytes(pool.remnants, RECORD_BYTES);
  pool.setRecordBytes(pool.hugeFrames, MET + BITS_BYTES);
}

// ---- Spans ----

export function firstOf(page: u64): u64 {
  return page & ~(<u64>GROUP_MASK);
}

/** The span of a page that has a directory. */
export function spanOf(page: u64): u32 {
  return load<u32>(spanIn(directoryOf(page), page));
}

export function spanIfAny(page: u64): u32 {
  return isMissing(directoryOf(page)) ? NONE : spanOf(page);
}

/** Whether a frame of 2 MiB is mapped as one; page by page. */
export function isOne(span: u32): bool {
  return span == HUGE || (span > HUGE && (span & AS_ONE) != 0);
}

export function isInPieces(span: u32): bool {
  return span > HUGE && !(span & AS_ONE);
}

/** Whether the page is one of a huge frame. */
export function isOfFrame(span: u32, index: u32): bool {
  return isInPieces(span) ? hasBit(span, index) : isOne(span);
}

/** Whether a page in this state has a frame. */
export function hasFrame(state: u32): bool {
  return ownsFrame(state) || (state & SHARED) != 0;
}

/** Sets the span of a page. What it was is not mapped any more. */
export function setSpan(page: u64, span: u32): void {
  const at = spanIn(directoryOf(page), page);
  const old = load<u32>(at);
  if (old > HUGE && old != span) letGo(old);
  store<u32>(at, span);
}

function letGo(span: u32): void {
  const frame = sharedFrameOf(span);
  const count = isOne(span) ? 1 : bitsIn(span);
  // Who has none of it left has left it before.
  if (frame && count) unmapOf(frame, count);
  if (isInPieces(span)) pool.give(pool.remnants, span);
}

/** Moves a span to another group, which has none, as it is. */
export function moveSpan(from: u64, to: u64): void {
  const at = spanIn(directoryOf(from), from);
  const span = load<u32>(at);
  store<u32>(at, NONE);
  setSpan(to, span);
}

/** What a group is mapped by as one is mapped in pieces from now on. */
export function splitTable(page: u64): void {
  const span = spanOf(page);
  if (span == ZERO) setSpan(page, TABLE);
  else if (isOne(span)) setSpan(page, newRecord(sharedFrameOf(span)));
}

/** A record of all pages of a frame, or one that never was shared. */
function newRecord(frame: u32): u32 {
  const record = emptyRecord(frame);
  memory.fill(record, 255, BITS_BYTES);
  if (frame) mapOf(frame, current.number, GROUP_PAGES);
  return record;
}

function emptyRecord(frame: u32): u32 {
  const record = pool.takeZeroed(pool.remnants);
  store<u32>(record, frame, FRAME);
  return <u32>record;
}

// ---- Bits of records ----

function hasBit(record: usize, index: u32): bool {
  return ((load<u8>(record + (index >> 3)) >> (index & 7)) & 1) != 0;
}

function setBit(record: usize, index: u32): void {
  const at = record + (index >> 3);
  store<u8>(at, load<u8>(at) | <u8>bitOf(index));
}

/** A page of a huge frame is none of it any more. */
export function forget(record: usize, index: u32): void {
  const at = record + (index >> 3);
  store<u8>(at, load<u8>(at) & ~(<u8>bitOf(index)));
  const frame = load<u32>(record, FRAME);
  if (frame) unmapOf(frame, 1);
}

function bitOf(index: u32): u32 {
  return (<u32>1) << (index & 7);
}

function bitsIn(bits: usize): u32 {
  let count: u32 = 0;
  for (let at = bits; at < bits + BITS_BYTES; at += 8) count += <u32>popcnt(load<u64>(at));
  return count;
}

/** How many pages are there of the huge frame of a group, which is mapped in pieces. */
export function pagesLeft(page: u64): u32 {
  const span = spanOf(page);
  const first = firstOf(page);
  let pages: u32 = 0;
  for (let index: u32 = 0; index < GROUP_PAGES; index++) {
    pages += u32(hasBit(span, index) && hasFrame(stateOf(first + index)));
  }
  return pages;
}

// ---- Frames that fork shared ----

/** The frame of a span that fork ever shared; 0 if it did not. */
export function sharedFrameOf(span: u32): u32 {
  if (span <= HUGE) return 0;
  return span & AS_ONE ? span - AS_ONE : load<u32>(span, FRAME);
}

/** A space maps a frame in so many places more. */
function mapOf(at: u32, space: u32, count: u32): void {
  const frame = changetype<Frame>(<usize>at);
  frame.mapped += count;
  if (frame.space0 == space || (!frame.space0 && frame.space1 != space)) {
    frame.space0 = space;
    frame.count0 += count;
  } else if (frame.space1 == space || !frame.space1) {
    frame.space1 = space;
    frame.count1 += count;
  }
  frame.isShared = u32(!hasOwner(frame));
}

/** The current space maps a frame in so many places less. */
function unmapOf(at: u32, count: u32): void {
  const frame = changetype<Frame>(<usize>at);
  const space = current.number;
  frame.mapped -= count;
  if (frame.space0 == space) {
    frame.count0 -= min(count, frame.count0);
    if (!frame.count0) frame.space0 = 0;
  } else if (frame.space1 == space) {
    frame.count1 -= min(count, frame.count1);
    if (!frame.count1) frame.space1 = 0;
  }
  if (hasOwner(frame)) frame.isShared = 0;
  if (!frame.mapped) pool.give(pool.hugeFrames, at);
}

/** Whether all that is mapped of a frame is what one of its places counts. */
function hasOwner(frame: Frame): bool {
  return frame.count0 == frame.mapped || frame.count1 == frame.mapped;
}

/** Whether the kernel takes the frame of a span for one that other spaces have. */
export function isShared(span: u32): bool {
  const at = sharedFrameOf(span);
  if (!at) return false;
  const frame = changetype<Frame>(<usize>at);
  return frame.mapped > 1 && frame.isShared != 0;
}

/** Whether nothing else maps any of what is mapped as one. */
export function isAlone(span: u32): bool {
  const at = sharedFrameOf(span);
  return !at || changetype<Frame>(<usize>at).mapped == 1;
}

/** Whether a write to a SHARED page copies it even if nobody else has that page: it is one of a frame of 2 MiB. */
export function mustCopy(page: u64): bool {
  const span = spanIfAny(page);
  if (!isInPieces(span) || !hasBit(span, <u32>page & GROUP_MASK)) return false;
  const at = sharedFrameOf(span);
  // Linux does not keep 2 MiB for the last page of them.
  return at != 0 && (isShared(span) || changetype<Frame>(<usize>at).mapped == 1);
}

/** A page was copied: it is none of a huge frame any more. */
export function copied(page: u64): void {
  const span = spanIfAny(page);
  const index = <u32>page & GROUP_MASK;
  if (!isInPieces(span) || !hasBit(span, index)) return;
  forget(span, index);
  if (!bitsIn(span)) setSpan(page, TABLE);
}

// ---- Fork ----

/** A child got pages of one group of the current space by the kernel's tables: what it knows of them. */
export function copyTo(child: Space, first: u64, pages: u32): void {
  const span = spanOf(first);
  if (!span) return;
  const childAt = spanIn(directoryFor(child.root, first), first);
  if (isInPieces(span)) {
    store<u32>(childAt, copyRecord(child, span, load<u32>(childAt), first, pages));
  } else if (span < HUGE) {
    store<u32>(childAt, span);
  } else if (!load<u32>(childAt)) {
    // All of it, at the first of the regions that its area is made of.
    const shared = span == HUGE ? newFrame(1) | AS_ONE : span;
    setSpan(first, shared);
    store<u32>(childAt, shared);
    mapOf(sharedFrameOf(shared), child.number, 1);
    // It is one entry of a table.
    add(Counter.ForkedPages, 1 - <u64>GROUP_PAGES);
  }
}

/** A frame that the current space alone maps, in so many places. */
function newFrame(count: u32): u32 {
  const frame = <u32>pool.takeZeroed(pool.hugeFrames);
  mapOf(frame, current.number, count);
  return frame;
}

/** The child's span: what it has already of this group, and so many pages more. */
function copyRecord(child: Space, record: u32, its: u32, first: u64, pages: u32): u32 {
  if (!sharedFrameOf(record)) store<u32>(record, newFrame(bitsIn(record)), FRAME);
  const frame = sharedFrameOf(record);
  let copiedPages: u32 = 0;
  for (let i: u32 = 0; i < pages; i++) {
    const index = (<u32>first & GROUP_MASK) + i;
    if (!hasBit(record, index)) continue;
    if (its <= HUGE) its = emptyRecord(frame);
    setBit(its, index);
    copiedPages++;
  }
  if (copiedPages) mapOf(frame, child.number, copiedPages);
  return max(its, TABLE);
}

// ---- Looking at all spaces ----

/** Nobody has met a page of the frame of a span. */
export function forgetMet(span: u32): void {
  const frame = sharedFrameOf(span);
  if (frame) memory.fill(<usize>frame + MET, 0, BITS_BYTES);
}

/** Meets the pages that a span has of a frame which fork shared. */
export function meet(page: u64, span: u32): void {
  const frame = sharedFrameOf(span);
  if (!frame) return;
  const first = firstOf(page);
  for (let index: u32 = 0; index < GROUP_PAGES; index++) {
    if (isOfFrame(span, index) && hasFrame(stateOf(first + index))) setBit(<usize>frame + MET, index);
  }
}

/** Pages of the frame of a span in pieces that no space has any more, all of which were met. 0 if there is none left. */
export function pagesGone(page: u64, span: u32): u32 {
  const frame = sharedFrameOf(span);
  const there = frame ? bitsIn(<usize>frame + MET) : pagesLeft(page);
  return there ? GROUP_PAGES - there : 0;
}

// ---- Checking ----

/** Counts what a span maps of its frame, and asserts at the last that all is counted. Returns whether it is the last. */
export function checkFrame(span: u32): bool {
  const frame = sharedFrameOf(span);
  if (!frame) return false;
  const at = <usize>frame + MET;
  const its = changetype<Frame>(<usize>frame);
  const count = load<u32>(at) + (isOne(span) ? 1 : bitsIn(span));
  store<u32>(at, count);
  assert(count <= its.mapped, "a frame counts what spaces map of it");
  assert(its.count0 + its.count1 <= its.mapped, "no space has more of a frame than is mapped");
  assert((its.count0 != 0) == (its.space0 != 0) && (its.count1 != 0) == (its.space1 != 0), "a place counts");
  return count == its.mapped;
}
