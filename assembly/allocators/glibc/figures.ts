/**
 * What malloc_stats and malloc_info say of one arena, as numbers: src/sandbox/malloc-stats.ts and malloc-info.ts make
 * the texts.
 *
 *      u64        how many follow | ArenaFigure … | a row for each size of fast chunks and each bin that hold any: RowFigure …
 */
import { ArenaFigure, RowFigure } from "../../shared/glibc";
import * as arenas from "./arenas";
import * as bins from "./bins";
import { headOf } from "./chunk";
import * as fastbins from "./fastbins";
import * as heap from "./heap";
import * as heaps from "./heaps";
import { usedInEntered } from "./statistics";
import * as version from "./version";

const MOST: u32 = 1 + ArenaFigure.Count + (fastbins.COUNT + bins.BINS) * RowFigure.Count;
const FIRST: usize = memory.data(8 * MOST, 8);
/** Where the next figure goes. */
let at: usize = 0;

function add(figure: u64): void {
  if (isDefined(ZP_CHECK)) assert(at < FIRST + 8 * MOST, "there is room for the figures of an arena");
  store<u64>(at, figure);
  at += 8;
}

/** Writes the figures of an arena, by its place in the ring. Returns their address; 0 if there is no such arena. */
export function figuresOf(place: u32): usize {
  const before = arenas.enterFirst();
  let isThere: bool = true;
  for (; place && isThere; place--) isThere = arenas.enterNext();
  if (isThere) writeEntered();
  arenas.leave(before);
  return isThere ? FIRST : 0;
}

function writeEntered(): void {
  at = FIRST + 8;
  add(heap.heapBytes);
  add(heap.mostHeapBytes);
  addHeaps();
  add(usedInEntered());
  add(heap.topSize());
  add(version.hasFastbins ? 1 : 0);
  for (let i: u32 = 0; i < fastbins.COUNT; i++) addFast(fastbins.sizeAt(i));
  for (let number: u32 = 1; number < bins.BINS; number++) addBin(number);
  store<u64>(FIRST, (at - FIRST - 8) >> 3);
}

/** Of the main arena, which has none, all is writable. */
function addHeaps(): void {
  let writable = arenas.isMain() ? heap.heapBytes : 0;
  let count: u64 = 0;
  for (let start = arenas.isMain() ? 0 : heaps.heapOf(heap.top); start; start = heaps.previousHeap(start)) {
    writable += heaps.accessibleIn(start);
    count++;
  }
  add(writable);
  add(count);
}

/** Measured: fast chunks are told by their size. */
function addFast(size: u64): void {
  const count = fastbins.countOf(size);
  if (count) addRow(0, size - 15, size, count * size, count);
}

/** Measured: chunks in bins are told by their size word, flags and all. */
function addBin(number: u32): void {
  const bin = bins.binAt(number);
  let least = u64.MAX_VALUE;
  let most: u64 = 0;
  let sum: u64 = 0;
  let count: u64 = 0;
  for (let chunk = bins.previousOf(bin); chunk != bin; chunk = bins.previousOf(chunk)) {
    const head = headOf(chunk);
    least = min(least, head);
    most = max(most, head);
    sum += head;
    count++;
  }
  if (count) addRow(number, least, most, sum, count);
}

function addRow(bin: u32, least: u64, most: u64, sum: u64, count: u64): void {
  add(bin);
  add(least);
  add(most);
  add(sum);
  add(count);
}
