/**
 * The arenas: one for all but huge blocks, and one for those, which is made when the first is asked for. Each has
 * metadata of its own, in which it lies itself, and its free extents.
 *
 *      block 1 of arena 0    ├ header ┤ base ┤ bins ┤ arena ┤ two records ┤ background ┤ records …
 *                            0       0xc0  0x1040  0x10c0    0x16500       0x16600     0x16980
 */
import { loadAt, storeAt, touch } from "../../machine/access";
import { addBlock, BASE_BYTES, Base, CACHE_LINE, makeBase, takeMetadata } from "./base";
import { PAGE } from "./classes";
import { Extent, giveRecord, State, takeRecord } from "./extent";
import { ExtentSet, makeSet, SET_BYTES } from "./extent-set";

const BASE_STRUCT_BYTES: u64 = 0xf80;
const BINS_BYTES: u64 = 0x80;
export const ARENA_BYTES: u64 = 87040;
export const RECORD_BYTES: u64 = 128;
const BACKGROUND_BYTES: u64 = 832;
/** Where the decay of dirty pages lies in an arena. Its address seeds the jitter. */
const DECAY_AT: u64 = 0x10ec8;
/** Statistics of the largest classes: of huge blocks from 1 GiB on (measured). */
const LARGEST_STATISTICS: u64 = 2;
/** A part for huge pages, which is off. */
const UNTOUCHED_HPA: u64 = 0x13;
const TOUCHED_PAGES: u64 = 0x17;
export const BACKLOG: u32 = 200;

@unmanaged
export class Arena {
  base: Base;
  dirty: ExtentSet;
  retained: ExtentSet;
  /** Address of the statistics of the largest classes. */
  statistics: u64;
  /** Serial number of the next mapping. */
  serial: u64;
  /** Page class of the next mapping. */
  growth: u32;
  number: u32;
  /** Milliseconds until all that is dirty is given back; -1 for never. */
  decayMs: i64;
  /** Its extents, of whatever state, and how many real records there are for them. */
  extents: u64;
  records: u64;
  /** Bytes of active extents, and of the classes of what is in them. */
  active: u64;
  allocated: u64;
  /** Decay (decay.ts): nanoseconds, and pages. */
  epoch: u64;
  deadline: u64;
  jitter: u64;
  unpurged: u64;
  /** Dirty pages that each of the last epochs added, oldest first. */
  backlog: usize;
}

const FIELDS: usize = 128;
const ROOM: usize = FIELDS + BASE_BYTES + 2 * SET_BYTES + 8 * BACKLOG;
const ARENAS: usize = memory.data(<i32>ROOM * 2, 8);
/** What most is in, and what huge blocks are in. */
export const MAIN: u32 = 0;
export const HUGE_ARENA: u32 = 1;

export function arenaAt(number: u32): Arena {
  return changetype<Arena>(ARENAS + ROOM * number);
}

/** The arena of huge blocks is nothing until it is made. */
export function isMade(number: u32): bool {
  return changetype<usize>(arenaAt(number).base) != 0;
}

/** Makes an arena, with its first block of metadata. Returns whether there was room. */
export function makeArena(number: u32, decayMs: i64, growth: u32): bool {
  const room = ARENAS + ROOM * number;
  const base = makeBase(room + FIELDS);
  if (!addBlock(base, BASE_STRUCT_BYTES, CACHE_LINE)) return false;
  const arena = changetype<Arena>(room);
  arena.base = base;
  arena.dirty = makeSet(room + FIELDS + BASE_BYTES, State.Dirty);
  arena.retained = makeSet(room + FIELDS + BASE_BYTES + SET_BYTES, State.Retained);
  arena.backlog = room + FIELDS + BASE_BYTES + 2 * SET_BYTES;
  arena.number = number;
  arena.growth = growth;
  arena.decayMs = decayMs;
  const block = takeMetadata(base, BASE_STRUCT_BYTES, CACHE_LINE) & ~(PAGE - 1);
  if (number == MAIN) takeMetadata(base, BINS_BYTES, CACHE_LINE);
  arena.jitter = takeMetadata(base, ARENA_BYTES, CACHE_LINE) + DECAY_AT;
  arena.statistics = block + LARGEST_STATISTICS * PAGE;
  for (let page: u64 = 0; page < TOUCHED_PAGES; page++) {
    if (page != LARGEST_STATISTICS && page != UNTOUCHED_HPA) touch(block + page * PAGE, 1, true);
  }
  return true;
}

/** The records of background threads, of which there are none. */
export function takeBackground(): void {
  takeMetadata(arenaAt(MAIN).base, BACKGROUND_BYTES, CACHE_LINE);
}

/** A record for one more extent; null if there is no room. The real ones are used again lowest first. */
export function newExtent(arena: Arena): Extent | null {
  if (arena.extents == arena.records) {
    const at = takeMetadata(arena.base, RECORD_BYTES, RECORD_BYTES);
    if (!at) return null;
    arena.records++;
    loadAt<u64>(at);
    storeAt<u64>(at, 0);
  }
  arena.extents++;
  const extent = takeRecord();
  extent.arena = arena.number;
  return extent;
}

export function endExtent(arena: Arena, extent: Extent): void {
  arena.extents--;
  giveRecord(extent);
}
