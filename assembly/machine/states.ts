/**
 * The states of pages, and their transitions.
 *
 * The state of a page is one byte. A page with no bit set is unmapped; one with MAPPED alone is
 * reserved. What an event does depends only on that byte. So a table of all transitions, with next state
 * and effects, is made once at start, and a run of equal pages, however long, costs one look-up.
 *
 *      transition    31      30 ……… 8   7 … 0
 *                    ├───────┼──────────┼───────┤
 *                    │ EACH  │ counters │ next  │    bit 8 + n: counter n (counters.ts)
 *                    └───────┴──────────┴───────┘
 *
 * A page that shows what a file has is in a state of its own kind (page-states.ts), in modules whose machine has files. It
 * keeps this table and the rest of the machine as they are: what an access to it takes is handled each (mapped.ts).
 */

import { Counter } from "../shared/counters";
import { Kernel } from "../shared/kernel";
import {
  CACHED,
  CLEARED,
  CONTENT,
  DIRTY,
  IN_USE,
  LAZY,
  MAPPED,
  MAPS_PRIVATE,
  MAPS_SHARED,
  MAPS_WRITABLE,
  PRESENT,
  READ,
  SHARED,
  UNKNOWN,
  UNMAPPED,
  WRITTEN,
} from "../shared/page-states";
import { kernelKind, readsTakeFrames } from "./layout";

/** What can happen to a page. */
export enum Event {
  Map,
  Unmap,
  Discard,
  Reclaim,
  Free,
  Reuse,
  Read,
  /** A write of data, which the caller then stores. */
  Write,
  /** A write without data. */
  Touch,
  /** The program fills the whole page with zeroes. */
  Zero,
  /** The allocator clears part of the page; the whole of it. */
  ClearPart,
  ClearPage,
  /** The kernel makes sure that the page has a frame of its own. */
  Populate,
  /** A system call visits the page, and leaves it as it is. */
  Walk,
  /** The kernel found that the page is all zero, and gives it the zero page for its frame. */
  Merge,
  /** A reserved page is from now on one of a private, or shared, mapping of a file. */
  BackPrivate,
  BackShared,
  /** A page shows what the file has no longer: the file has another; the kernel wants to know of the next write. */
  Unback,
  Clean,
  Count,
}

export const STATE_MASK: u32 = 255;
/** Set if pages must be handled one by one, because contents or sharings change. */
export const EACH: u32 = 1 << 31;
const EFFECT_SHIFT: u32 = 8;

const TRANSITIONS: usize = memory.data(4 * 256 * Event.Count, 16);

/** Whether the page owns a frame by itself. */
export function ownsFrame(state: u32): bool {
  if (state & SHARED) return false;
  if (state & WRITTEN) return true;
  // Not what a file has: there the bit is another.
  return readsTakeFrames && (state & READ) != 0 && (state & MAPPED) != 0;
}

/** Whether the kernel can be told that it may take the page's frame. Linux keeps that for each space which shares it. */
function mayBeLazy(state: u32): bool {
  return ownsFrame(state) || (kernelKind == Kernel.Linux && (state & SHARED) != 0);
}

/** Whether it is in the kernel's tables: touched since it was mapped or discarded, or sharing a frame. */
export function isPresent(state: u32): bool {
  return (state & (READ | WRITTEN | SHARED)) != 0;
}

/** Whether all its bytes are known to be zero. */
export function knownZero(state: u32): bool {
  return (state & (CONTENT | UNKNOWN)) == 0;
}

export function transition(event: u32, state: u32): u32 {
  if (isDefined(ZP_CHECK)) {
    assert(event != Event.Map || state == UNMAPPED, "what is mapped was unmapped before");
  }
  return load<u32>(TRANSITIONS + ((event << 8) | state) * 4);
}

/** Effects of a transition as a bit mask: bit n stands for counter n. */
export function effectsOf(transition: u32): u32 {
  return (transition & ~EACH) >> EFFECT_SHIFT;
}

function effect(counter: u32): u32 {
  if (isDefined(ZP_CHECK)) assert(counter <= <u32>Counter.PagesWalked, "an effect is a page event");
  return 1 << (EFFECT_SHIFT + counter);
}

/** A mapped page is read. On a first touch Linux maps the zero page, if it has one; Darwin takes a frame. */
function read(state: u32): u32 {
  let effects: u32 = 0;
  if (!ownsFrame(state) && !(state & (SHARED | READ))) {
    effects = readsTakeFrames
      ? effect(Counter.ZeroFill) | effect(Counter.KernelZeroedPages) | effect(Counter.FramesTaken)
      : effect(Counter.ZeroMap);
  }
  if (!(state & READ)) {
    effects |= effect(Counter.TouchedRead);
    if (state & CLEARED) effects |= effect(Counter.JustifiedFaults);
    state &= ~CLEARED;
  }
  return effects | state | READ;
}

/** Faults of a write to a page that is not shared (contents.ts handles shared ones). */
function writeFault(state: u32): u32 {
  if (ownsFrame(state) || state & SHARED) return 0;
  const frame = effect(Counter.KernelZeroedPages) | effect(Counter.FramesTaken);
  return frame | effect(state & READ ? Counter.CopyOnWrite : Counter.ZeroFill);
}

function firstWrite(state: u32): u32 {
  return state & WRITTEN ? 0 : effect(Counter.TouchedWritten);
}

/** A mapped page is written by the program, or by the allocator for a purpose other than zeroing. */
function write(state: u32): u32 {
  const justified = state & CLEARED ? effect(Counter.JustifiedFaults) : 0;
  const next = (state & ~(LAZY | CLEARED)) | WRITTEN;
  return writeFault(state) | firstWrite(state) | justified | next;
}

/** A mapped page is cleared by the allocator. */
function clear(state: u32): u32 {
  const fault = writeFault(state);
  const next = (state & ~LAZY) | WRITTEN | (fault ? CLEARED : 0);
  return fault | firstWrite(state) | (fault ? effect(Counter.ClearingFaults) : 0) | next;
}

/** A page on the zero page. Where reads take frames there is no such state: the page is as if it was never touched. */
function merged(): u32 {
  return readsTakeFrames ? MAPPED : MAPPED | READ;
}

function forget(state: u32, next: u32): u32 {
  return next | walked(state) | (ownsFrame(state) ? effect(Counter.FramesGiven) : 0);
}

/** A system call walks the page. A page that nobody touched is not in the kernel's tables, and costs nothing. */
function walked(state: u32): u32 {
  return isPresent(state) ? effect(Counter.PagesWalked) : 0;
}

// ---- Pages of files ----

/** Whether the page shows what a file has. */
export function isOfFile(state: u32): bool {
  return isDefined(ZP_FILES) && !(state & MAPPED) && state != UNMAPPED;
}

/** Whether it is one of a shared mapping: what is written there is the file's. */
export function isOfShared(state: u32): bool {
  return (state & MAPS_SHARED) != 0;
}

/** Whether it may be written without a fault. */
export function isWritable(state: u32): bool {
  return (state & MAPS_WRITABLE) == MAPS_WRITABLE;
}

/** The state of such a page when it is not there. */
function absent(state: u32): u32 {
  return isOfShared(state) ? MAPS_SHARED : MAPS_PRIVATE;
}

/** What an event makes of a page that shows what a file has. What a write is to the file is handled each. */
function ofFile(event: u32, state: u32): u32 {
  switch (event) {
    case Event.Unmap:
      return walked(state) | UNMAPPED;
    case Event.Discard:
      return walked(state) | absent(state);
    case Event.Unback:
      return absent(state);
    case Event.Clean:
      return isWritable(state) ? MAPS_SHARED | PRESENT : state;
    case Event.Free:
    case Event.Reuse:
    case Event.Walk:
      return walked(state) | state;
    case Event.Reclaim:
    case Event.BackPrivate:
    case Event.BackShared:
      return state;
    case Event.Read:
      return state & PRESENT ? state : state | EACH;
    case Event.Write:
    case Event.ClearPart:
    case Event.Populate:
      return isWritable(state) ? state : state | EACH;
    default:
      return state | EACH;
  }
}

/** Whether a page that shows what a file has can be in this state. */
function isLegalOfFile(state: u32): bool {
  const kind = state & ~PRESENT;
  return kind == MAPS_PRIVATE || kind == MAPS_SHARED || state == (MAPS_WRITABLE | PRESENT);
}

/** Whether a page of a file itself (files.ts) can be in this state. */
export function isLegalInFile(state: u32): bool {
  if (state & ~(<u32>(CACHED | DIRTY | CONTENT | UNKNOWN | IN_USE))) return false;
  return (state & CACHED) != 0 || !(state & (DIRTY | IN_USE));
}

// ---- Transitions ----

function plainTransition(event: u32, state: u32): u32 {
  if (event == Event.Map) return MAPPED;
  if (isOfFile(state)) return ofFile(event, state);
  if (!(state & MAPPED)) return state;
  if (isDefined(ZP_FILES) && event >= <u32>Event.BackPrivate) return backed(event, state);
  switch (event) {
    case Event.Unmap:
      return forget(state, UNMAPPED);
    case Event.Discard:
      return forget(state, MAPPED);
    case Event.Reclaim:
      return state & LAZY ? MAPPED | (ownsFrame(state) ? effect(Counter.FramesGiven) : 0) : state;
    case Event.Free:
      return walked(state) | (mayBeLazy(state) ? state | LAZY : state);
    case Event.Reuse:
      return walked(state) | (state & ~LAZY);
    case Event.Walk:
      return walked(state) | state;
    case Event.Merge:
      if (isDefined(ZP_HUGE) && state & SHARED) return merged();
      return ownsFrame(state) ? merged() | effect(Counter.FramesGiven) : state;
    case Event.Read:
      return read(state);
    case Event.Write:
      return write(state);
    case Event.Touch:
      return write(state) | UNKNOWN;
    case Event.Zero:
      return write(state) & ~(CONTENT | UNKNOWN);
    case Event.ClearPart:
      return clear(state);
    case Event.Populate:
      return ownsFrame(state) ? state & ~LAZY : write(state);
    default: {
      const needless = knownZero(state) ? effect(Counter.NeedlesslyClearedPages) : 0;
      return (clear(state) & ~(CONTENT | UNKNOWN)) | needless;
    }
  }
}

/** What is reserved becomes a file's; what the process has a frame of stays its own. */
function backed(event: u32, state: u32): u32 {
  if (state != MAPPED || event > <u32>Event.BackShared) return state;
  return event == Event.BackShared ? MAPS_SHARED : MAPS_PRIVATE;
}

/** Whether a page can be in this state. */
export function isLegal(state: u32): bool {
  if (isOfFile(state)) return isLegalOfFile(state);
  if (state != UNMAPPED && !(state & MAPPED)) return false;
  if (state & LAZY && !mayBeLazy(state)) return false;
  if (state & CLEARED && !knownZero(state)) return false;
  const hasFrame = ownsFrame(state) || (state & SHARED) != 0;
  return hasFrame || (!(state & CLEARED) && knownZero(state));
}

/** Whether contents or sharings change, or a cached translation would go stale. */
function mustBeHandledEach(event: u32, state: u32, next: u32): bool {
  if (!(state & (CONTENT | SHARED))) return false;
  if (event == Event.Read || event == Event.Walk || event >= <u32>Event.BackPrivate) return false;
  if (state & SHARED && event == Event.Reclaim) return (state & LAZY) != 0;
  if (state & SHARED) return event != Event.Free && event != Event.Reuse;
  return next != state && event != Event.Write;
}

/** Makes the table of transitions for this kind of kernel. */
export function start(): void {
  for (let event: u32 = 0; event < <u32>Event.Count; event++) {
    for (let state: u32 = 0; state < 256; state++) {
      let result = plainTransition(event, state);
      if (isDefined(ZP_CHECK)) {
        assert(
          !isLegal(state) || isLegal(result & STATE_MASK),
          "an event makes a legal state of a legal one",
        );
      }
      if (mustBeHandledEach(event, state, result & STATE_MASK)) result |= EACH;
      store<u32>(TRANSITIONS + ((event << 8) | state) * 4, result);
    }
  }
}
