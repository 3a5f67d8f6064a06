/**
 * Committing and decommitting. What is free is pending first, and given back to the kernel when it has been so for a
 * while. What is taken meanwhile is forgotten, in MiBs.
 *
 *                 taken: mprotect, unless it is committed
 *      decommitted ───────────────────────────────▶ committed
 *           ▲                                         │   ▲
 *           │ expired: madvise                   free │   │ taken
 *           └─────────────── pending ◀────────────────┘   │
 *                               └─────────────────────────┘
 */
import { now as nanoseconds } from "../../machine/clock";
import { madvise, mprotect, Syscall } from "../../machine/kernel";
import { enter, leave } from "../../machine/paths";
import { SLICE } from "./classes";
import { SEGMENT_DECOMMIT } from "./functions";
import { decommitDelay, decommits, extendDelay } from "./parameters";
import { committedOf, pendingOf, Segment } from "./segment";
import * as sets from "./slice-set";
import { SLICES, SliceSet } from "./slice-set";
import { noteCommit, noteDecommit } from "./statistics";

/** The machine was started so many milliseconds before the model's clock. */
const STARTED: i64 = 1000000;
/** Slices in which is committed. */
const UNIT: u32 = 16;

/** The clock of the machine, in milliseconds. */
export function now(): i64 {
  return STARTED + <i64>(nanoseconds / 1000000);
}

/** How many bytes of slices [from, to) are committed. */
export function committedIn(segment: Segment, from: u32, to: u32): u64 {
  return SLICE * sets.count(committedOf(segment), from, to);
}

/** Slices [from, to) can be read and written. */
export function commitSlices(segment: Segment, from: u32, to: u32): void {
  mprotect(segment.start + SLICE * from, SLICE * (to - from));
  noteCommit(SLICE * (to - from), committedIn(segment, from, to));
  sets.add(committedOf(segment), from, to);
}

/** The header of a segment is needed. */
export function ensureHeader(segment: Segment): void {
  ensureUnits(segment, 0, UNIT);
}

/** Slices [from, to), of a page, are needed. */
export function ensure(segment: Segment, from: u32, to: u32): void {
  ensureUnits(segment, max(from & ~(UNIT - 1), 1), min((to + UNIT - 1) & ~(UNIT - 1), SLICES));
}

function ensureUnits(segment: Segment, from: u32, to: u32): void {
  if (!sets.has(committedOf(segment), from, to)) commitSlices(segment, from, to);
  const pending = pendingOf(segment);
  if (!sets.meets(pending, from, to)) return;
  segment.expiry = now() + decommitDelay;
  sets.remove(pending, from, to);
}

/** Gives the pages of slices [from, to) back to the kernel. */
function decommit(segment: Segment, from: u32, to: u32): void {
  madvise(segment.start + SLICE * from, SLICE * (to - from), Syscall.MadviseDontneed);
  noteDecommit(SLICE * (to - from), committedIn(segment, from, to));
  sets.remove(committedOf(segment), from, to);
}

/** Slices [from, to) are free: they are pending, or decommitted at once. */
export function release(segment: Segment, from: u32, to: u32): void {
  if (!decommits) return;
  const committed = committedOf(segment);
  const pending = pendingOf(segment);
  if (decommitDelay == 0) {
    if (sets.meets(committed, from, to)) decommit(segment, from, to);
    sets.remove(pending, from, to);
    return;
  }
  sets.addCommon(pending, committed, from, to);
  postpone(segment);
}

function postpone(segment: Segment): void {
  const time = now();
  if (segment.expiry == 0) segment.expiry = time + decommitDelay;
  else if (segment.expiry > time) segment.expiry += extendDelay;
  else if (segment.expiry + extendDelay <= time) flush(segment);
  else segment.expiry = time + extendDelay;
}

/** Decommits what is pending, if it is due. */
export function flushDue(segment: Segment): void {
  if (now() >= segment.expiry) flush(segment);
}

function flush(segment: Segment): void {
  const pending = pendingOf(segment);
  if (!decommits || sets.isEmpty(pending)) return;
  segment.expiry = 0;
  decommitRuns(segment, pending);
  sets.empty(pending);
}

/** Decommits all that a cached segment has. */
export function decommitAll(segment: Segment): void {
  decommitRuns(segment, committedOf(segment));
  sets.empty(pendingOf(segment));
}

/** Decommits the runs of a set. */
function decommitRuns(segment: Segment, set: SliceSet): void {
  const caller = enter(SEGMENT_DECOMMIT);
  for (let from = sets.firstIn(set, 0); from < SLICES; ) {
    const to = sets.endIn(set, from);
    decommit(segment, from, to);
    from = sets.firstIn(set, to);
  }
  leave(caller);
}
