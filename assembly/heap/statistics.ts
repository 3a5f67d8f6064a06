/** What the heap's memory is, found by walking the extents: no call keeps counts. */
import { alienBytes, end, freshFrom } from "./growth";
import { zeroFromOf, zeroToOf } from "./runs";
import { spanAt } from "./spans";
import { bottom, bytesOf, Kind, kindOf, tagAt, top, unitsOf } from "./units";

/** Bytes of what. All but the last make up the system's. */
@unmanaged
class Statistics {
  /** From the heap's first byte to the end of memory. */
  system: usize;
  /** Slots in use, whole. */
  slots: usize;
  /** Runs in use, whole. */
  runs: usize;
  freeSlots: usize;
  /** What spans have left over behind their slots. */
  rests: usize;
  cached: usize;
  freeRuns: usize;
  /** Never used. */
  fresh: usize;
  /** The table and the records of spans. */
  own: usize;
  /** Memory between that others got. */
  alien: usize;
  /** What is known to be zero. */
  zero: usize;
}

const STATISTICS = memory.data(offsetof<Statistics>(), 8);

/** Walks the heap. Returns the address of the figures: u32 each, in the order above. */
export function statistics(): usize {
  memory.fill(STATISTICS, 0, offsetof<Statistics>());
  const found = changetype<Statistics>(STATISTICS);
  found.system = end - bottom;
  found.fresh = end - top;
  found.zero = end - min(freshFrom(), end);
  for (let at = bottom; at < top; ) at += add(found, at);
  found.own -= alienBytes;
  found.alien = alienBytes;
  return STATISTICS;
}

/** Adds an extent. Returns its bytes. */
function add(found: Statistics, at: usize): usize {
  const tag = tagAt(at);
  const kind = kindOf(tag);
  if (kind == Kind.None) return addSpan(found, tag);
  const units = unitsOf(tag);
  const bytes = bytesOf(units);
  if (kind == Kind.Used) found.runs += bytes;
  else if (kind == Kind.Cached) found.cached += bytes;
  else if (kind == Kind.Own) found.own += bytes;
  else {
    found.freeRuns += bytes;
    found.zero += zeroToOf(at, units) - zeroFromOf(at, units);
  }
  return bytes;
}

function addSpan(found: Statistics, tag: usize): usize {
  const span = spanAt(tag);
  const bytes = bytesOf(span.units);
  const free = <usize>popcnt(span.free) * span.size;
  const all = <usize>span.slots * span.size;
  found.slots += all - free;
  found.freeSlots += free;
  found.rests += bytes - all;
  return bytes;
}
