/** Aligned allocation takes a chunk that is too large, and cuts it. What is cut off before and behind is freed. */
import {
  beforeOf,
  headOf,
  MIN_CHUNK,
  MMAPPED,
  markInUse,
  ofArena,
  PREV_INUSE,
  setBefore,
  setHead,
  setSize,
  sizeOf,
  toChunk,
  toPointer,
  withoutFlags,
} from "./chunk";
import { noteLead } from "./heap";
import { releaseLead, releaseRest } from "./release";
import * as version from "./version";

/** Cuts a chunk that is large enough to one of `size` whose pointer is aligned. Frees what is cut off. */
export function trimToAlignment(chunk: u64, align: u64, size: u64): u64 {
  if (isDefined(ZP_CHECK)) assert(align >= MIN_CHUNK && popcnt(align) == 1, "an alignment is a power of two");
  const pointer = toPointer(chunk);
  if (pointer & (align - 1)) {
    let at = toChunk((pointer + align - 1) & ~(align - 1));
    const head = headOf(chunk);
    if (at - chunk < MIN_CHUNK && !(head & MMAPPED && version.mapsAtAnyLead)) at += align;
    if (head & MMAPPED) return cutMapping(chunk, at);
    cutLead(chunk, at, withoutFlags(head));
    chunk = at;
  }
  const head = headOf(chunk);
  const found = withoutFlags(head);
  const least = version.mergesCuts ? MIN_CHUNK : MIN_CHUNK + 16;
  if (!(head & MMAPPED) && found - size >= least) {
    setSize(chunk, size);
    const rest = chunk + size;
    setHead(rest, (found - size) | PREV_INUSE | ofArena);
    releaseRest(rest, headOf(rest));
  }
  return chunk;
}

/** Makes a mapped chunk begin further into its mapping, which keeps its pages. */
function cutMapping(chunk: u64, at: u64): u64 {
  const lead = at - chunk;
  setBefore(at, beforeOf(chunk) + lead);
  setHead(at, (sizeOf(chunk) - lead) | MMAPPED);
  if (isDefined(ZP_CHECK)) noteLead(lead);
  return at;
}

function cutLead(chunk: u64, at: u64, size: u64): void {
  const lead = at - chunk;
  setHead(at, (size - lead) | PREV_INUSE | ofArena);
  markInUse(at, size - lead);
  setSize(chunk, lead);
  releaseLead(chunk, headOf(chunk));
}
