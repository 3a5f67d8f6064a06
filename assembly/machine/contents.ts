/**
 * The contents of pages: the bytes that the machine stores for a page, and frames that several pages share
 * until one of them is written.
 *
 *      page with CONTENT           entry ──▶ its bytes
 *
 *      SHARED page                 entry ──▶ ┌─────────┐
 *      another one of its sharing  entry ──▶ │ Share   │ ──▶ their bytes, if they have CONTENT
 *                                            └─────────┘
 *
 * Each sharing owns one frame, however many pages are in it.
 */
import { Counter } from "../shared/counters";
import { Kernel } from "../shared/kernel";
import { CLEARED, CONTENT, LAZY, MAPPED, SHARED, UNKNOWN, UNMAPPED, WRITTEN } from "../shared/page-states";
import { add, giveFrames, takeFrames } from "./counters";
import { attach, detach, entryAt, entryOf, hasEntry, replace, start as startEntries } from "./entries";
import * as pool from "./frames";
import { GROUP_MASK, kernelKind, pageBytes } from "./layout";
import { copied, mustCopy } from "./spans";
import { isOfFile, isPresent, knownZero, ownsFrame } from "./states";
import { cellOf, Group, groupIn, joinIfUniform, setState, split, stateOf } from "./table";
import { drop } from "./translation";

/** A frame that several pages share. */
@unmanaged
class Share {
  /** Number of pages that share it: those whose entry is its address. At least 1. */
  pages: u32;
  /** Its bytes; 0 if the machine stores none. */
  content: usize;
  /** Pages the validator has met so far; 0 outside its walk. */
  met: u32;
}

/** Prepares the pools of contents and sharings. */
export function start(): void {
  startEntries();
  pool.setRecordBytes(pool.contents, <usize>pageBytes);
  pool.setRecordBytes(pool.shares, offsetof<Share>());
}

// ---- Bytes ----

/** Host address of the bytes of a page with CONTENT, which is in this state. */
export function contentOf(page: u64, state: u32): usize {
  if (isDefined(ZP_CHECK)) assert((state & CONTENT) != 0, "a page that is asked for its bytes has some");
  const entry = entryOf(page);
  if (isDefined(ZP_CHECK) && state & SHARED) {
    assert(changetype<Share>(entry).content != 0, "a sharing has bytes if its pages have CONTENT");
  }
  return state & SHARED ? changetype<Share>(entry).content : entry;
}

/** Gives an owned page without CONTENT zeroes to store into. Returns their host address. */
export function addContent(page: u64): usize {
  const bytes = pool.takeZeroed(pool.contents);
  attach(split(cellOf(page)), <u32>page & GROUP_MASK, bytes, stateOf(page) | CONTENT);
  return bytes;
}

/** Gives back the bytes of a page that is not SHARED, and sets its state. */
export function removeContent(group: Group, index: u32, state: u32): void {
  pool.give(pool.contents, entryAt(group, index));
  detach(group, index, state);
}

// ---- Sharing ----

/**
 * Makes the destination page share the source's frame until the first write to either. The destination
 * must be reserved. If the source has no frame, it stays reserved.
 */
export function share(source: u64, destination: u64): void {
  let state = stateOf(source);
  if (isPresent(state)) add(Counter.PagesWalked, 1);
  if (!ownsFrame(state) && !(state & SHARED)) return;
  if (!(state & SHARED)) state = startSharing(source, state);
  const entry = entryOf(source);
  changetype<Share>(entry).pages++;
  if (isDefined(ZP_CHECK)) {
    assert(stateOf(destination) == MAPPED, "a page that is to share a frame is reserved");
  }
  const next = stateOf(destination) | SHARED | (state & (CONTENT | UNKNOWN));
  attach(split(cellOf(destination)), <u32>destination & GROUP_MASK, entry, next);
}

/** Puts the frame of a page that owns one into a sharing of its own. Returns the page's state afterwards. */
function startSharing(page: u64, state: u32): u32 {
  const group = split(cellOf(page));
  const index = <u32>page & GROUP_MASK;
  const made = startShare(1, state & CONTENT ? entryAt(group, index) : 0);
  // vm_copy makes sure of the pages that it copies; what Linux may take back stays so in both spaces.
  const next = kernelKind == Kernel.Darwin ? (state | SHARED) & ~LAZY : state | SHARED;
  if (state & CONTENT) replace(group, index, made, next);
  else attach(group, index, made, next);
  drop(page);
  return next;
}

/** A frame that so many pages share, and its bytes, or 0. Returns their entry. */
export function startShare(pages: u32, content: usize): usize {
  const made = changetype<Share>(pool.take(pool.shares));
  made.pages = pages;
  made.met = 0;
  made.content = content;
  return changetype<usize>(made);
}

/**
 * fork: makes a page of a child, in a group of the child's, share the frame of the page in the current space, which has
 * one and is in a group of its own. That nothing but zeroing has faulted it in is the parent's affair.
 */
export function shareWith(child: Group, page: u64, state: u32): void {
  const index = <u32>page & GROUP_MASK;
  if (!(state & SHARED)) state = startSharing(page, state);
  const entry = entryAt(groupIn(load<u32>(cellOf(page))), index);
  changetype<Share>(entry).pages++;
  attach(child, index, entry, state & ~CLEARED);
}

/** Whether other pages share the frame of this SHARED page, which has an entry. */
export function isHeldByOthers(group: Group, page: u64): bool {
  return changetype<Share>(entryAt(group, <u32>page & GROUP_MASK)).pages > 1;
}

/** Whether a write to this SHARED page, which has an entry, gives it a frame of its own: others have it, or what it is one of. */
export function isCopiedOnWrite(group: Group, page: u64): bool {
  if (isHeldByOthers(group, page)) return true;
  return isDefined(ZP_HUGE) && mustCopy(page);
}

/** Takes a page out of its sharing, and sets its state. The last page takes the frame with it. */
export function leaveShare(group: Group, index: u32, next: u32): void {
  const share = changetype<Share>(entryAt(group, index));
  if (isDefined(ZP_CHECK)) assert(share.pages > 0, "a sharing that a page leaves has that page");
  share.pages--;
  if (!share.pages) {
    if (share.content) pool.give(pool.contents, share.content);
    pool.give(pool.shares, changetype<usize>(share));
    giveFrames(1);
  }
  detach(group, index, next);
}

/**
 * Copy on write: a SHARED page, which is `page`, gets a frame of its own, for which there must be room, or keeps the frame if
 * nobody else has it. Counts the fault and the first write. Returns its state as if written before.
 */
export function ownFrame(group: Group, page: u64, state: u32, clears: bool): u32 {
  const index = <u32>page & GROUP_MASK;
  const isCopied = isCopiedOnWrite(group, page);
  if (isDefined(ZP_HUGE) && isCopied) copied(page);
  const content = leaveWithCopy(changetype<Share>(entryAt(group, index)), isCopied);
  const owned = countOwned(state, 1, isCopied, clears);
  if (content) replace(group, index, content, owned);
  else detach(group, index, owned);
  return owned;
}

/**
 * Counts the faults and first writes of pages in this state that get frames of their own, by a copy or as the last ones
 * that have them. Returns their state as if written before.
 */
export function countOwned(state: u32, pages: u64, isCopied: bool, clears: bool): u32 {
  add(Counter.CopyOnWrite, pages);
  add(isCopied ? Counter.CopyFaults : Counter.ReuseFaults, pages);
  if (!(state & WRITTEN)) add(Counter.TouchedWritten, pages);
  const owned = (state & ~SHARED) | WRITTEN;
  if (!clears || !knownZero(state)) return owned;
  add(Counter.ClearingFaults, pages);
  return owned | CLEARED;
}

/** Takes a page out of a sharing. Returns its bytes: a copy, or the shared ones if it is the last page; 0 for none. */
function leaveWithCopy(share: Share, isCopied: bool): usize {
  const content = share.content;
  if (share.pages == 1) {
    pool.give(pool.shares, changetype<usize>(share));
    if (isDefined(ZP_HUGE) && isCopied) {
      takeFrames(1);
      giveFrames(1);
    }
    return content;
  }
  const copied = content ? copyOf(content) : 0;
  share.pages--;
  takeFrames(1);
  return copied;
}

function copyOf(content: usize): usize {
  const copied = pool.take(pool.contents);
  memory.copy(copied, content, <usize>pageBytes);
  return copied;
}

// ---- Moving ----

/** Moves one page, which is in no block, with its state and contents, to a page that is reserved. Leaves the source unmapped. */
export function move(source: u64, destination: u64): void {
  const state = stateOf(source);
  if (isPresent(state)) add(Counter.PagesWalked, 1);
  const fromAt = cellOf(source);
  const toAt = cellOf(destination);
  const from = split(fromAt);
  const to = split(toAt);
  if (isDefined(ZP_CHECK)) {
    const there = stateOf(destination);
    assert(there == MAPPED || isOfFile(there), "a page moves to one that is reserved");
  }
  const fromIndex = <u32>source & GROUP_MASK;
  const toIndex = <u32>destination & GROUP_MASK;
  if (hasEntry(state)) {
    attach(to, toIndex, entryAt(from, fromIndex), state);
    detach(from, fromIndex, UNMAPPED);
    drop(source);
  } else {
    setState(to, toIndex, state);
    setState(from, fromIndex, UNMAPPED);
  }
  joinIfUniform(fromAt, from);
  joinIfUniform(toAt, to);
}

// ---- Checking ----

/** Host address of the bytes of a shared frame, by entry; 0 if none are stored. */
export function shareContent(entry: usize): usize {
  return changetype<Share>(entry).content;
}

/** How many pages share a frame, by entry. */
export function sharersOf(entry: usize): u32 {
  return changetype<Share>(entry).pages;
}

/** Meets a page of a sharing on a walk. Returns how many pages of it were met before. Starts again after the last. */
export function meetShare(entry: usize): u32 {
  const share = changetype<Share>(entry);
  const before = share.met++;
  if (share.met == share.pages) share.met = 0;
  return before;
}
