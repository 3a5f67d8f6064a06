/** The validator: walks all that the heap keeps, and asserts what must hold. For check builds. */
import { cachedAt, cachedUnits, countOf } from "./cache";
import { classAt, classCount, SizeClass } from "./classes";
import { MOST_CACHED_UNITS, UNIT } from "./config";
import { end } from "./growth";
import { BIN_COUNT, binOf, firstIn, nextOf, previousOf, zeroFromOf, zeroToOf } from "./runs";
import { allFree, NONE, Span, spanAt } from "./spans";
import {
  bottom,
  bytesOf,
  coveredEnd,
  Kind,
  kindOf,
  lastTagOf,
  MIN_RUN_UNITS,
  tagAt,
  tagBefore,
  top,
  unitsOf,
} from "./units";

// What the walk over extents counts, and the lists have to add up to.
let binnedRuns: u32 = 0;
let keptUnits: u32 = 0;
let openSpans: u32 = 0;
let wasFree: bool = false;

export function check(): void {
  if (!top) return;
  assert(top <= coveredEnd && top <= end, "extents end where the table and the memory do, or before");
  assert(isNothing(tagBefore(bottom)) && isNothing(tagAt(top)), "no extent is outside the heap");
  checkExtents();
  checkBins();
  checkCache();
  checkClasses();
}

function isNothing(tag: u32): bool {
  return tag == 0 || kindOf(tag) == Kind.Link;
}

function checkExtents(): void {
  binnedRuns = 0;
  keptUnits = 0;
  openSpans = 0;
  wasFree = false;
  let at = bottom;
  while (at < top) at += checkExtent(at);
  assert(at == top, "the last extent ends at the top");
}

/** Returns the extent's bytes. */
function checkExtent(at: usize): usize {
  const tag = tagAt(at);
  const kind = kindOf(tag);
  assert(tag != 0 && kind != Kind.Link, "extents lie side by side");
  const isFree = kind == Kind.Free;
  assert(!(isFree && wasFree), "no two free runs are side by side");
  wasFree = isFree;
  if (kind == Kind.None) return checkSpan(spanAt(tag), at);
  const units = unitsOf(tag);
  assert(units > 0, "an extent has a unit");
  if (kind == Kind.Cached) keptUnits += units;
  if (isFree) checkFree(at, units);
  else if (units > 1)
    assert(kindOf(lastTagOf(at, units)) != Kind.Free, "only free runs have a tag of their kind at the end");
  return bytesOf(units);
}

function checkSpan(span: Span, at: usize): usize {
  const sizeClass = span.sizeClass;
  assert(span.base == at, "the first unit of a span is its base");
  assert(span.size == sizeClass.size, "a span is as its class says");
  assert((span.free & ~allFree(span)) == 0, "free bits are of slots");
  assert(<usize>span.size * span.slots <= bytesOf(span.units), "a span's slots lie in it");
  if (span.free) openSpans++;
  for (let unit: u32 = 0; unit < span.units; unit++) {
    assert(tagAt(at + unit * UNIT) == <u32>changetype<usize>(span), "every unit of a span leads to it");
  }
  return bytesOf(span.units);
}

function checkFree(at: usize, units: u32): void {
  assert(lastTagOf(at, units) == tagAt(at), "both ends of a free run say its length");
  if (units >= MIN_RUN_UNITS) binnedRuns++;
  const from = zeroFromOf(at, units);
  const to = zeroToOf(at, units);
  if (!to) return;
  assert(at <= from && from < to && to <= at + bytesOf(units), "a zero stretch is of its run");
  for (let word = from; word < to; word += 8) assert(load<u64>(word) == 0, "a zero stretch is zero");
}

function checkBins(): void {
  let left = binnedRuns;
  for (let bin: u32 = 0; bin < BIN_COUNT; bin++) {
    let previous: usize = 0;
    for (let run = firstIn(bin); run; run = nextOf(run)) {
      assert(left > 0, "free runs that are long enough are in bins, once");
      left--;
      const tag = tagAt(run);
      assert(kindOf(tag) == Kind.Free && binOf(unitsOf(tag)) == bin, "a bin has free runs of its lengths");
      assert(previousOf(run) == previous, "links lead both ways");
      previous = run;
    }
  }
  assert(left == 0, "free runs that are long enough are in bins");
}

function checkCache(): void {
  let found: u32 = 0;
  for (let units: u32 = 1; units <= MOST_CACHED_UNITS; units++) {
    for (let number: u32 = 0; number < countOf(units); number++) {
      const tag = tagAt(cachedAt(units, number));
      assert(kindOf(tag) == Kind.Cached && unitsOf(tag) == units, "the cache has cached runs of its lengths");
      found += units;
      assert(found <= keptUnits, "cached runs are in one list, once");
    }
  }
  assert(found == keptUnits && found == cachedUnits, "cached runs are in a list, and counted");
}

function checkClasses(): void {
  let left = openSpans;
  for (let number: u32 = 0; number < classCount; number++) left = checkList(classAt(number), left);
  assert(left == 0, "spans with free slots are listed");
}

/** Returns how many spans with free slots are left. */
function checkList(sizeClass: SizeClass, openOnes: u32): u32 {
  let left = openOnes;
  let span = spanAt(sizeClass.head);
  if (!span.free) span = spanAt(span.next);
  for (; changetype<usize>(span) != NONE; span = spanAt(span.next)) {
    assert(left > 0 && span.free != 0, "a class lists spans with free slots, once");
    assert(span.sizeClass == sizeClass, "a class lists its own spans");
    left--;
  }
  return left;
}
