/**
 * The geometry of a map: which addresses its cells stand for. What a program maps lies far apart, so the map shows
 * stretches, one below the other, and only says how much nothing is between them:
 *
 *      rows    0  heap · 0x5555…, 132 KiB · after 85.3 TiB of nothing       a heading, HEADING_ROWS high
 *              1
 *              2  ▉▉▉▉▉▉▉▉▉▉▉▉▉▉▉▉                 a line: columns × cell bytes, from a multiple of that
 *              3  ▉▉▉▉▉▉▉
 *              4  mapped · 0x7fff…, 100 MiB · after 42.7 TiB of nothing
 *              …
 *
 * Lines are numbered through all stretches. A window begins with a line, below the heading of its stretch.
 */
import { firstAbove, type PageRuns } from "./page-runs.js";

export const HEADING_ROWS = 2;

/** Longest gap, in lines, that is drawn instead of told: a heading would take about as much room. */
const MOST_GAP_LINES = 3;

export interface Grid {
  columns: number;
  rows: number;
}

/** The part of the address space that a map shows. */
export interface MapWindow {
  /** An address in the first line. */
  start: number;
  /** Bytes of a cell: a power of two, and no less than a page. */
  cell: number;
}

export const cellsOf = ({ columns, rows }: Grid): number => columns * rows;

/** Ranges as pairs of start and end, ascending and disjoint. */
export type Ranges = ArrayLike<number>;

/** Regions with no long gap between them. */
export interface Stretch {
  start: number;
  end: number;
  /** Unmapped bytes before it. */
  gap: number;
  regions: number;
  /** Its first line, and how many it has. */
  line: number;
  lines: number;
  /** Address of its first line. */
  base: number;
}

/** Some lines of a stretch on the grid. */
export interface Band {
  stretch: Stretch;
  /** Row of its heading. Its lines follow. */
  row: number;
  /** Address of its first cell. */
  address: number;
  lines: number;
}

/** Lays ranges out for one size of cell. */
export class Layout {
  readonly stretches: readonly Stretch[];
  /** Bytes of a line. */
  readonly lineBytes: number;
  readonly lines: number;

  constructor(
    ranges: Ranges,
    readonly grid: Grid,
    readonly cell: number,
  ) {
    this.lineBytes = grid.columns * cell;
    this.stretches = stretchesOf(ranges, this.lineBytes);
    const last = this.stretches.at(-1);
    this.lines = last ? last.line + last.lines : 0;
  }

  /** The line of an address; of one in a gap, the next line. */
  lineOf(address: number): number {
    const stretch = this.stretches.find(({ end }) => address < end) ?? this.stretches.at(-1);
    if (!stretch) return 0;
    const line = Math.floor((address - stretch.base) / this.lineBytes);
    return stretch.line + Math.min(stretch.lines - 1, Math.max(0, line));
  }

  /** The address at which a line begins. */
  startOf(line: number): number {
    const stretch = this.#stretchOf(line);
    return stretch ? stretch.base + (line - stretch.line) * this.lineBytes : 0;
  }

  #stretchOf(line: number): Stretch | undefined {
    return this.stretches.findLast((stretch) => stretch.line <= line) ?? this.stretches[0];
  }

  /** What is on the grid if it begins with a line. */
  bands(first: number): Band[] {
    const bands: Band[] = [];
    let row = 0;
    for (const stretch of this.stretches) {
      const from = Math.max(first, stretch.line);
      const room = this.grid.rows - row - HEADING_ROWS;
      const lines = Math.min(room, stretch.line + stretch.lines - from);
      if (lines <= 0) continue;
      bands.push({ stretch, row, address: this.startOf(from), lines });
      row += HEADING_ROWS + lines;
    }
    return bands;
  }

  /** Whether all lines have room at once. */
  get fits(): boolean {
    return this.lines + HEADING_ROWS * this.stretches.length <= this.grid.rows;
  }

  /** The first line that leaves no room below the last one. */
  get lastStart(): number {
    return this.startAbove(this.lines - 1, this.grid.rows - 1);
  }

  /** The line to begin with for a line to come to a row, or above it where there is nothing to show above. */
  startAbove(line: number, row: number): number {
    let first = Math.max(0, line);
    let room = row - HEADING_ROWS;
    while (first > 0) {
      const crosses = this.stretches.some((stretch) => stretch.line === first);
      room -= crosses ? 1 + HEADING_ROWS : 1;
      if (room < 0) break;
      first--;
    }
    return first;
  }

  /** A line to begin with that is there, and leaves no room where something could be shown. */
  clamp(first: number): number {
    return Math.max(0, Math.min(first, this.lastStart));
  }
}

/** The smallest cell, of at least `least` bytes, with which all has room at once. */
export function cellForAll(ranges: Ranges, grid: Grid, least: number): number {
  let cell = least;
  while (cell < 2 ** 52 && !new Layout(ranges, grid, cell).fits) cell *= 2;
  return cell;
}

function stretchesOf(ranges: Ranges, lineBytes: number): Stretch[] {
  const stretches: Stretch[] = [];
  let last: Stretch | undefined;
  for (let at = 0; at < ranges.length; at += 2) {
    const [start, end] = [ranges[at] as number, ranges[at + 1] as number];
    const gap = start - (last?.end ?? 0);
    if (last && gap <= MOST_GAP_LINES * lineBytes) {
      last.end = end;
      last.regions++;
    } else {
      const base = Math.floor(start / lineBytes) * lineBytes;
      last = { start, end, gap, regions: 1, line: last ? last.line + last.lines : 0, lines: 0, base };
      stretches.push(last);
    }
    last.lines = Math.ceil((last.end - last.base) / lineBytes);
  }
  return stretches;
}

/** All that is in one or both of two lists of ranges. */
export function union(one: Ranges, other: Ranges): number[] {
  const all: number[] = [];
  let [i, j] = [0, 0];
  while (i < one.length || j < other.length) {
    const isOne = j >= other.length || (i < one.length && (one[i] as number) <= (other[j] as number));
    const [from, at] = isOne ? [one, i] : [other, j];
    const [start, end] = [from[at] as number, from[at + 1] as number];
    if (all.length && start <= (all.at(-1) as number)) all.push(Math.max(all.pop() as number, end));
    else all.push(start, end);
    if (isOne) i += 2;
    else j += 2;
  }
  return all;
}

/** Index, among pairs of start and end, of the region that holds an address; -1 if none does. */
export function regionAt(regions: Ranges, address: number): number {
  const above = firstAbove(regions, address);
  return above % 2 ? above - 1 : -1;
}

/** A part of the address space in cells. */
export interface CellRange {
  start: number;
  cell: number;
  cells: number;
}

/** Adds the number of pages of each kind in each cell, cell by cell. `kindOf` gives the kind of a detail byte, below `kinds`. */
export function countCells(
  { addresses, pages, details, pageBytes }: PageRuns,
  { start, cell: bytes, cells }: CellRange,
  kindOf: ArrayLike<number>,
  kinds: number,
  counts = new Float64Array(cells * kinds),
): Float64Array {
  const perCell = bytes / pageBytes;
  const end = cells * perCell;
  // Page numbers count from the range's start. The run before it may reach into it.
  for (let run = Math.max(0, firstAbove(addresses, start) - 1); run < addresses.length; run++) {
    const from = ((addresses[run] as number) - start) / pageBytes;
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
