/**
 * Extents: runs of pages, each with a record. A large block is an extent, a slab of small ones is, and so is what is
 * free. Extents lie side by side in what was mapped, and are split and merged.
 *
 *      ├─── mapping ───────────────────────────────────────────┤
 *      │ active │ active │  dirty  │ active │     retained     │
 *       head
 *
 * An active one is in use. A dirty one is free, with its pages. A retained one is free, and its pages were given back.
 * The first of a mapping is its head, and never merges with what lies below.
 *
 * The real records are in metadata of 128 bytes each. The model's are its own, and arena.ts touches the real ones' pages.
 */
import { give, Pool, setOwnRecordBytes, takeZeroed } from "../../machine/frames";

export enum State {
  Active,
  Dirty,
  Retained,
}

/** Words of the bits of a slab's regions. */
const WORDS: u32 = 8;

@unmanaged
export class Extent {
  base: u64;
  bytes: u64;
  /** The order of mappings. What is merged of two has the lower one. */
  serial: u64;
  /** The number of its arena. */
  arena: u32;
  /** Its neighbours in the list of its set, or in a list of slabs that became empty. */
  older: Extent | null;
  newer: Extent | null;
  /** Its place in a heap (pairing-heap.ts). */
  previous: Extent | null;
  next: Extent | null;
  child: Extent | null;
  /** A `State`. */
  state: u32;
  /** Whether all of it reads as zero. */
  isZeroed: bool;
  isHead: bool;
  isSlab: bool;
  /** The class of what is in it, if it is active. */
  index: u32;
  /** Free regions of a slab, and a bit of `free0` to its seven successors for each. */
  freeRegions: u32;
  free0: u64;
  free1: u64;
  free2: u64;
  free3: u64;
  free4: u64;
  free5: u64;
  free6: u64;
  free7: u64;

  get end(): u64 {
    return this.base + this.bytes;
  }
}

const records = changetype<Pool>(memory.data(offsetof<Pool>(), 8));

export function start(): void {
  setOwnRecordBytes(records, (offsetof<Extent>() + 7) & ~7);
}

/** A new record, all zero. */
export function takeRecord(): Extent {
  return changetype<Extent>(takeZeroed(records));
}

/** Whoever still knows of it shall not take it for active. */
export function giveRecord(extent: Extent): void {
  extent.state = State.Retained;
  give(records, changetype<usize>(extent));
}

// ---- The regions of a slab ----

/** Makes all regions of a slab free. */
export function freeAllRegions(slab: Extent, regions: u32): void {
  slab.freeRegions = regions;
  for (let word: u32 = 0; word < WORDS; word++) {
    const left = regions > 64 * word ? regions - 64 * word : 0;
    const bits = left >= 64 ? u64.MAX_VALUE : ((<u64>1) << left) - 1;
    store<u64>(changetype<usize>(slab) + 8 * word, bits, offsetof<Extent>("free0"));
  }
}

/** Takes the lowest free region, which there is. Returns its number. */
export function takeRegion(slab: Extent): u32 {
  let at = changetype<usize>(slab) + offsetof<Extent>("free0");
  let first: u32 = 0;
  while (!load<u64>(at)) {
    at += 8;
    first += 64;
  }
  const bits = load<u64>(at);
  store<u64>(at, bits & (bits - 1));
  slab.freeRegions--;
  return first + <u32>ctz(bits);
}

export function giveRegion(slab: Extent, region: u32): void {
  const at = changetype<usize>(slab) + 8 * <usize>(region >> 6) + offsetof<Extent>("free0");
  store<u64>(at, load<u64>(at) | ((<u64>1) << (region & 63)));
  slab.freeRegions++;
}

/** Whether a region is free. */
export function isRegionFree(slab: Extent, region: u32): bool {
  const at = changetype<usize>(slab) + 8 * <usize>(region >> 6) + offsetof<Extent>("free0");
  return ((load<u64>(at) >> (region & 63)) & 1) != 0;
}
