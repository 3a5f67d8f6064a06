import { COUNTERS, Counter, WALKED_COUNTERS } from "../shared/counters";

/**
 * One table of counters for each call path (paths.ts). The first is the program's own.
 *
 *      TABLES   0        1,024    2,048
 *               ├────────┼────────┼─ … ─┤
 *               │ path 0 │ path 1 │     │    COUNTERS each, the rest unused
 *               └────────┴────────┴─ … ─┘
 */
export const TABLE_BYTES: usize = 1024;
export const MOST_PATHS: u32 = 256;
export const TABLES: usize = memory.data(<i32>(TABLE_BYTES * MOST_PATHS), 16);
/** The sums over all paths, when last asked for. */
const TOTAL: usize = memory.data(TABLE_BYTES, 16);

/** Table of the current path, where events are counted. */
export let current: usize = TABLES;

/** Counts in another path's table from now on. */
export function countIn(table: usize): void {
  current = table;
}

export function add(which: u32, amount: u64): void {
  if (isDefined(ZP_CHECK)) assert(which < <u32>COUNTERS, "what is counted has a counter");
  const at = current + 8 * which;
  store<u64>(at, load<u64>(at) + amount);
}

/** A counter of the current path. */
export function counter(which: u32): u64 {
  return load<u64>(current + 8 * which);
}

// ---- Gauges ----

/**
 * Frames that processes own now, each once, and the most so far; mapped pages of all processes.
 *
 *      residentPages == FramesTaken - FramesGiven     of all paths together
 *      virtualPages == MappedPages - UnmappedPages
 *      residentPages <= peakPages
 */
export let residentPages: u64 = 0;
let peakPages: u64 = 0;
export let virtualPages: u64 = 0;

export function takeFrames(pages: u64): void {
  add(Counter.FramesTaken, pages);
  residentPages += pages;
  peakPages = max(peakPages, residentPages);
}

export function giveFrames(pages: u64): void {
  if (isDefined(ZP_CHECK)) assert(pages <= residentPages, "no more frames are given back than are owned");
  add(Counter.FramesGiven, pages);
  residentPages -= pages;
}

export function mapPages(pages: u64): void {
  add(Counter.MappedPages, pages);
  virtualPages += pages;
}

export function unmapPages(pages: u64): void {
  if (isDefined(ZP_CHECK)) assert(pages <= virtualPages, "no more pages are unmapped than are mapped");
  add(Counter.UnmappedPages, pages);
  virtualPages -= pages;
}

// ---- Totals ----

/** Address of the sums over the first `paths` paths. The peak is not a sum. */
export function total(paths: u32): usize {
  memory.fill(TOTAL, 0, TABLE_BYTES);
  for (let table = TABLES; table < TABLES + TABLE_BYTES * paths; table += TABLE_BYTES) {
    for (let at: usize = 0; at < 8 * <usize>COUNTERS; at += 8) {
      store<u64>(TOTAL + at, load<u64>(TOTAL + at) + load<u64>(table + at));
    }
  }
  store<u64>(TOTAL + 8 * <usize>Counter.PeakResidentPages, peakPages);
  return TOTAL;
}

/** One counter's sum over the first `paths` paths. */
export function sum(which: u32, paths: u32): u64 {
  let amount: u64 = 0;
  const first = TABLES + 8 * <usize>which;
  for (let at = first; at < first + TABLE_BYTES * paths; at += TABLE_BYTES) amount += load<u64>(at);
  return amount;
}

/**
 * Starts counting again: what happened so far was start-up. Gauges stay: what is mapped and resident
 * counts as the program's.
 */
export function restart(): void {
  memory.fill(TABLES, 0, TABLE_BYTES * MOST_PATHS);
  current = TABLES;
  add(Counter.FramesTaken, residentPages);
  add(Counter.MappedPages, virtualPages);
  peakPages = residentPages;
}

// ---- Checking ----

function totalOf(which: u32): u64 {
  return load<u64>(TOTAL + 8 * which);
}

/** Asserts the invariants of the sums over the first `paths` paths. */
export function check(paths: u32): void {
  total(paths);
  const owned = totalOf(Counter.FramesTaken) - totalOf(Counter.FramesGiven);
  assert(owned == residentPages, "frames taken and not given back are the resident pages");
  const mapped = totalOf(Counter.MappedPages) - totalOf(Counter.UnmappedPages);
  assert(mapped == virtualPages, "pages mapped and not unmapped are the virtual size");
  assert(residentPages <= peakPages, "the peak is the most that was ever resident");
  assert(
    totalOf(Counter.JustifiedFaults) <= totalOf(Counter.ClearingFaults),
    "only faults that zeroing caused are justified",
  );
  let walked: u64 = 0;
  for (let which: u32 = WALKED_COUNTERS; which < <u32>COUNTERS; which++) walked += totalOf(which);
  assert(walked == totalOf(Counter.PagesWalked), "every page walked was walked by a system call");
}
