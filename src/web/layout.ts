/**
 * The geometry of the page map: which addresses a cell stands for. Cells run like text, line after
 * line. Each stands for a number of pages that is a power of two:
 *
 *      start                      start + columns × cell
 *      ├──────┬──────┬──────┬ … ──┤
 *      │ 0    │ 1    │ 2    │     │     cell = pageBytes × 2^level bytes
 *      ├──────┼──────┼──────┼ … ──┤
 */
import { firstAbove, type PageRuns } from "./page-runs.js";

/** The simulated machine's address space has 47 bits. */
export const ADDRESS_LIMIT = 2 ** 47;

export interface Grid {
  columns: number;
  rows: number;
  /** The end of the address space. Default ADDRESS_LIMIT. */
  limit?: number;
}

const limitOf = ({ limit = ADDRESS_LIMIT }: Grid): number => limit;

/** The part of the address space that the map shows. */
export interface MapWindow {
  /** Address of the first cell; a multiple of a cell's bytes. */
  start: number;
  level: number;
}

export const cellsOf = ({ columns, rows }: Grid): number => columns * rows;

export const cellBytes = ({ level }: MapWindow, pageBytes: number): number => pageBytes * 2 ** level;

export const addressOf = (window: MapWindow, cell: number, pageBytes: number): number =>
  window.start + cell * cellBytes(window, pageBytes);

/** The level that shows the whole address space. */
export function highestLevel(grid: Grid, pageBytes: number): number {
  return Math.max(0, Math.ceil(Math.log2(limitOf(grid) / pageBytes / cellsOf(grid))));
}

/** Rounds a window to whole cells, and keeps it within the address space. */
export function clamp({ start, level }: MapWindow, grid: Grid, pageBytes: number): MapWindow {
  const clamped = Math.min(Math.max(0, Math.round(level)), highestLevel(grid, pageBytes));
  const cell = pageBytes * 2 ** clamped;
  const most = Math.max(0, limitOf(grid) - cellsOf(grid) * cell);
  return { start: Math.floor(Math.min(Math.max(0, start), most) / cell) * cell, level: clamped };
}

/** The window of the lowest level that shows a whole range. */
export function windowOver(start: number, end: number, grid: Grid, pageBytes: number): MapWindow {
  // One cell less, because the window's start is rounded down to a cell.
  const pages = Math.max(1, (end - start) / pageBytes / Math.max(1, cellsOf(grid) - 1));
  return clamp({ start, level: Math.ceil(Math.log2(pages)) }, grid, pageBytes);
}

/** Zooms by `levels`, in if negative. The address at `cell` stays there. */
export function zoom(
  window: MapWindow,
  levels: number,
  cell: number,
  grid: Grid,
  pageBytes: number,
): MapWindow {
  const level = Math.min(Math.max(0, window.level + levels), highestLevel(grid, pageBytes));
  const start = addressOf(window, cell, pageBytes) - cell * pageBytes * 2 ** level;
  return clamp({ start, level }, grid, pageBytes);
}

/** Moves the window forward by `cells`. */
export function pan(window: MapWindow, cells: number, grid: Grid, pageBytes: number): MapWindow {
  return clamp({ ...window, start: addressOf(window, cells, pageBytes) }, grid, pageBytes);
}

/** The region that holds an address, widened to each next region whose gap is no longer than the range so far. */
export function neighbourhood(
  regions: ArrayLike<number>,
  address: number,
): [start: number, end: number] | undefined {
  let at = regionAt(regions, address);
  if (at < 0) at = largestRegion(regions);
  if (at < 0) return undefined;
  let [first, last] = [at, at];
  const edge = (index: number) => regions[index] as number;
  const isNear = (from: number, to: number) =>
    from >= 0 && to < regions.length && edge(to) - edge(from) <= length();
  const length = () => edge(last + 1) - edge(first);
  for (;;) {
    if (isNear(first - 1, first)) first -= 2;
    else if (isNear(last + 1, last + 2)) last += 2;
    else return [edge(first), edge(last + 1)];
  }
}

/** Index, among pairs of start and end, of the region that holds an address; -1 if none does. */
export function regionAt(regions: ArrayLike<number>, address: number): number {
  const above = firstAbove(regions, address);
  return above % 2 ? above - 1 : -1;
}

function largestRegion(regions: ArrayLike<number>): number {
  let [best, most] = [-1, 0];
  for (let at = 0; at < regions.length; at += 2) {
    const bytes = (regions[at + 1] as number) - (regions[at] as number);
    if (bytes > most) [best, most] = [at, bytes];
  }
  return best;
}

/** The number of pages of each kind in each cell, cell by cell. `kindOf` gives the kind of a detail byte, below `kinds`. */
export function countCells(
  { runs, window, grid }: { runs: PageRuns; window: MapWindow; grid: Grid },
  kindOf: ArrayLike<number>,
  kinds: number,
): Float64Array {
  const counts = new Float64Array(cellsOf(grid) * kinds);
  const { addresses, pages, details, pageBytes } = runs;
  const perCell = 2 ** window.level;
  const end = cellsOf(grid) * perCell;
  // Page numbers count from the window's start. The run before it may reach into the window.
  for (let run = Math.max(0, firstAbove(addresses, window.start) - 1); run < addresses.length; run++) {
    const from = ((addresses[run] as number) - window.start) / pageBytes;
    if (from >= end) break;
    const kind = kindOf[details[run] as number] as number;
    const to = Math.min(end, from + (pages[run] as number));
    for (let page = Math.max(0, from); page < to; ) {
      const cell = Math.floor(page / perCell);
      const next = Math.min(to, (cell + 1) * perCell);
      counts[cell * kinds + kind] = (counts[cell * kinds + kind] as number) + next - page;
      page = next;
    }
  }
  return counts;
}
