/**
 * Free runs, in bins by their length. A request gets the shortest run that is long enough; of equal ones the lowest.
 *
 *      bin        4 … 31     32         33         34         35         36        …    63
 *      units      exactly    32 to 39   40 to 47   48 to 55   56 to 63   64 to 79  …    7,168 and more
 *
 *      unit       first         second   third      fourth     fifth            last
 *      tag        units, Free   next     previous   zeroFrom   zeroTo           units, Free
 *
 * A run of less than four units has no room for links. It is in no bin, and waits for a neighbour. Neighbours are merged
 * at once: no two free runs are side by side.
 *
 * A long run knows one stretch of itself that is zero, if there is one: [zeroFrom, zeroTo), else both are 0. Of two that
 * merge, the longer stretch is kept.
 */
import { UNIT_SHIFT } from "./config";
import {
  bytesOf,
  Kind,
  kindOf,
  linkIn,
  lowerTop,
  MIN_RUN_UNITS,
  setLink,
  setTag,
  setTags,
  tagAt,
  tagBefore,
  tagOf,
  top,
  unitsOf,
} from "./units";

export const BIN_COUNT: u32 = 64;
/** Bins below hold one length each. */
const EXACT_BINS: u32 = 32;
/** Runs of a bin that are looked at: a longer list is an odd program's, and the best so far will do. */
const MOST_LOOKED_AT = 16;
/** Units of a free run whose tags hold what else there is to know. */
enum Place {
  Next = 1,
  Previous = 2,
  ZeroFrom = 3,
  ZeroTo = 4,
}
/** Shorter runs know of no zero stretch: 64 KiB. */
const MIN_ZERO_UNITS: u32 = 1 << (16 - UNIT_SHIFT);

/** Addresses of the first runs. */
const BINS = memory.data(BIN_COUNT * sizeof<usize>(), 8);
/** Which bins are not empty. */
let filled: u64 = 0;
/** What is known to be zero of the run that was taken last: [zeroFrom, zeroTo), or nothing if it is not below. */
export let zeroFrom: usize = 0;
export let zeroTo: usize = 0;
/** Units of the hole that was taken last. */
export let holeUnits: u32 = 0;

/** @param units At least MIN_RUN_UNITS. */
export function binOf(units: u32): u32 {
  if (units < EXACT_BINS) return units;
  const log = 31 - clz(units);
  return min(EXACT_BINS + ((log - 5) << 2) + ((units >> (log - 2)) & 3), BIN_COUNT - 1);
}

function slotOf(bin: u32): usize {
  return BINS + bin * sizeof<usize>();
}

export function firstIn(bin: u32): usize {
  return load<usize>(slotOf(bin));
}

/** Next of a free run in its bin, or 0. */
export function nextOf(run: usize): usize {
  return linkIn(run, Place.Next);
}

export function previousOf(run: usize): usize {
  return linkIn(run, Place.Previous);
}

export function zeroFromOf(run: usize, units: u32): usize {
  return units < MIN_ZERO_UNITS ? 0 : linkIn(run, Place.ZeroFrom);
}

export function zeroToOf(run: usize, units: u32): usize {
  return units < MIN_ZERO_UNITS ? 0 : linkIn(run, Place.ZeroTo);
}

export function setZero(run: usize, units: u32, from: usize, to: usize): void {
  if (units < MIN_ZERO_UNITS) return;
  const isNothing = from >= to;
  setLink(run, Place.ZeroFrom, isNothing ? 0 : from);
  setLink(run, Place.ZeroTo, isNothing ? 0 : to);
}

/** Notes what is known to be zero of a run that is handed out. */
export function noteZero(from: usize, to: usize): void {
  zeroFrom = from;
  zeroTo = to;
}

/** Makes an extent between others that are not free a free run. */
function put(run: usize, units: u32, from: usize, to: usize): void {
  setTags(run, units, tagOf(units, Kind.Free));
  if (units < MIN_RUN_UNITS) return;
  const bin = binOf(units);
  const next = firstIn(bin);
  setLink(run, Place.Next, next);
  setLink(run, Place.Previous, 0);
  if (next) setLink(next, Place.Previous, run);
  store<usize>(slotOf(bin), run);
  filled |= (<u64>1) << bin;
  setZero(run, units, from, to);
}

/** Takes a free run out of its bin. Its tags are 0 then, and its zero stretch can still be read. */
export function pull(run: usize, units: u32): void {
  setTags(run, units, 0);
  if (units < MIN_RUN_UNITS) return;
  const next = nextOf(run);
  const previous = previousOf(run);
  if (next) setLink(next, Place.Previous, previous);
  if (previous) {
    setLink(previous, Place.Next, next);
    return;
  }
  const bin = binOf(units);
  store<usize>(slotOf(bin), next);
  if (!next) filled &= ~((<u64>1) << bin);
}

function freeUnits(tag: u32): u32 {
  return kindOf(tag) == Kind.Free ? unitsOf(tag) : 0;
}

/** Units of the free run that begins at an address, or 0. */
export function freeFrom(address: usize): u32 {
  return freeUnits(tagAt(address));
}

/** Units of the free run that ends at an address, or 0. */
export function freeUpTo(address: usize): u32 {
  return freeUnits(tagBefore(address));
}

/**
 * Makes an extent a free run, merged with its neighbours. Of its tags, only the first may be other than 0.
 * [from, to) of it is known to be zero.
 */
export function release(run: usize, units: u32, from: usize, to: usize): void {
  setTag(run, 0);
  const end = run + bytesOf(units);
  const before = freeUpTo(run);
  const after = freeFrom(end);
  const start = run - bytesOf(before);
  if (before) from = merge(start, before, from, to);
  if (before) to = zeroTo;
  if (after) from = merge(end, after, from, to);
  if (after) to = zeroTo;
  if (start + bytesOf(before + units + after) == top) lowerTop(start, from, to);
  else put(start, before + units + after, from, to);
}

/** Pulls a neighbour. The longer of its zero stretch and another goes on: returns where it begins; it ends at zeroTo. */
function merge(run: usize, units: u32, from: usize, to: usize): usize {
  pull(run, units);
  const ownFrom = zeroFromOf(run, units);
  const ownTo = zeroToOf(run, units);
  const isLonger = ownTo - ownFrom > to - from;
  zeroTo = isLonger ? ownTo : to;
  return isLonger ? ownFrom : from;
}

/** Takes the longest whole free run of `least` to `most` units, less than EXACT_BINS, or returns 0. */
export function takeHole(least: u32, most: u32): usize {
  const holes = filled & (((<u64>2) << min(most, EXACT_BINS - 1)) - ((<u64>1) << least));
  if (!holes) return 0;
  const units = <u32>(63 - clz(holes));
  const run = firstIn(units);
  pull(run, units);
  holeUnits = units;
  return run;
}

/** Takes the first units of a free run, and leaves the rest. */
export function cut(run: usize, units: u32, wanted: u32): usize {
  pull(run, units);
  const from = zeroFromOf(run, units);
  const to = zeroToOf(run, units);
  const end = run + bytesOf(wanted);
  if (units > wanted) put(end, units - wanted, max(from, end), to);
  noteZero(from, min(to, end));
  return run;
}

/** Takes the best run for a request. Returns 0 if none is long enough. The caller sets the tag of its first unit. */
export function takeBest(units: u32): usize {
  let bin = binOf(units);
  let run = best(bin, units);
  if (!run) {
    const higher = bin < BIN_COUNT - 1 ? filled & ((<u64>-2) << bin) : 0;
    if (!higher) return 0;
    bin = <u32>ctz(higher);
    run = best(bin, units);
  }
  return cut(run, freeFrom(run), units);
}

/** Whether a free run is long enough. */
export function hasFit(units: u32): bool {
  const bin = binOf(units);
  return (bin < BIN_COUNT - 1 && (filled & ((<u64>-2) << bin)) != 0) || best(bin, units) != 0;
}

/** The shortest run of a bin that is long enough, and of equal ones the lowest, or 0. */
function best(bin: u32, units: u32): usize {
  let found: usize = 0;
  let length: u32 = u32.MAX_VALUE;
  let left = MOST_LOOKED_AT;
  for (let run = firstIn(bin); run && left; run = nextOf(run), left--) {
    const own = unitsOf(tagAt(run));
    if (own < units || own > length || (own == length && run > found)) continue;
    found = run;
    length = own;
  }
  return found;
}
