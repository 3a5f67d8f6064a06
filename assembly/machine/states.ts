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
 */

import { Counter } from "../shared/counters";
import { Kernel } from "../shared/kernel";
import {
  CLEARED,
  CONTENT,
  LAZY,
  MAPPED,
  READ,
  SHARED,
  UNKNOWN,
  UNMAPPED,
  WRITTEN,
} from "../shared/page-states";
import { kernelKind } from "./layout";

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
  return (state & WRITTEN) != 0 || (kernelKind == Kernel.Darwin && (state & READ) != 0);
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

/** A mapped page is read. On a first touch Linux maps the zero page, and Darwin takes a frame. */
function read(state: u32): u32 {
  let effects: u32 = 0;
  if (!ownsFrame(state) && !(state & (SHARED | READ))) {
    effects =
      kernelKind == Kernel.Darwin
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

function forget(state: u32, next: u32): u32 {
  return next | walked(state) | (ownsFrame(state) ? effect(Counter.FramesGiven) : 0);
}

/** A system call walks the page. A page that nobody touched is not in the kernel's tables, and costs nothing. */
function walked(state: u32): u32 {
  return isPresent(state) ? effect(Counter.PagesWalked) : 0;
}

function plainTransition(event: u32, state: u32): u32 {
  if (event == Event.Map) return MAPPED;
  if (!(state & MAPPED)) return state;
  switch (event) {
    case Event.Unmap:
      return forget(state, UNMAPPED);
    case Event.Discard:
      return forget(state, MAPPED);
    case Event.Reclaim:
      return state & LAZY && ownsFrame(state) ? MAPPED | effect(Counter.FramesGiven) : state;
    case Event.Free:
      return walked(state) | (mayBeLazy(state) ? state | LAZY : state);
    case Event.Reuse:
      return walked(state) | (state & ~LAZY);
    case Event.Walk:
      return walked(state) | state;
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
      return ownsFrame(state) ? state : write(state);
    default: {
      const needless = knownZero(state) ? effect(Counter.NeedlesslyClearedPages) : 0;
      return (clear(state) & ~(CONTENT | UNKNOWN)) | needless;
    }
  }
}

/** Whether a page can be in this state. */
export function isLegal(state: u32): bool {
  if (state != UNMAPPED && !(state & MAPPED)) return false;
  if (state & LAZY && !mayBeLazy(state)) return false;
  if (state & CLEARED && !knownZero(state)) return false;
  const hasFrame = ownsFrame(state) || (state & SHARED) != 0;
  return hasFrame || (!(state & CLEARED) && knownZero(state));
}

/** Whether contents or sharings change, or a cached translation would go stale. */
function mustBeHandledEach(event: u32, state: u32, next: u32): bool {
  if (!(state & (CONTENT | SHARED))) return false;
  if (event == Event.Read || event == Event.Walk) return false;
  if (state & SHARED) return event != Event.Free && event != Event.Reuse && event != Event.Reclaim;
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
