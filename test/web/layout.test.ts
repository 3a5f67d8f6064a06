import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  cellForAll,
  cellsOf,
  countCells,
  type Grid,
  HEADING_ROWS,
  Layout,
  regionAt,
  union,
} from "../../src/web/layout.js";
import type { PageRuns } from "../../src/web/page-runs.js";

const PAGE = 4096;
const GRID: Grid = { columns: 10, rows: 6 };

const grids = fc.record({ columns: fc.integer({ min: 1, max: 200 }), rows: fc.integer({ min: 6, max: 80 }) });

/** Ranges of whole pages in 47 bits, some near to each other and some far apart. */
const ranges = fc
  .array(
    fc.record({
      far: fc.boolean(),
      gap: fc.integer({ min: 1, max: 4000 }),
      pages: fc.integer({ min: 1, max: 40_000 }),
    }),
    {
      minLength: 1,
      maxLength: 12,
    },
  )
  .map((parts) => {
    let end = 0;
    return parts.flatMap(({ far, gap, pages }) => {
      const start = end + gap * PAGE * (far ? 2 ** 19 : 1);
      end = start + pages * PAGE;
      return [start, end];
    });
  });

/** Addresses of cells on the grid, row by row. */
function shownLines(layout: Layout, first: number): number[] {
  return layout
    .bands(first)
    .flatMap(({ address, lines }) =>
      Array.from({ length: lines }, (_, line) => address + line * layout.lineBytes),
    );
}

describe("a layout", () => {
  it("of all shows every page of every range, in order, and tells each gap that it does not draw", () => {
    fc.assert(
      fc.property(ranges, grids, (all, grid) => {
        const layout = new Layout(all, grid, cellForAll(all, grid, PAGE));
        const lines = shownLines(layout, 0);
        expect(lines).toEqual([...lines].sort((one, other) => one - other));
        const shows = (address: number) =>
          lines.some((line) => line <= address && address < line + layout.lineBytes);
        for (let at = 0; at < all.length; at += 2) {
          expect(shows(all[at] as number)).toBe(true);
          expect(shows((all[at + 1] as number) - PAGE)).toBe(true);
        }
        const told = layout.stretches.reduce((sum, { start, end, gap }) => sum + gap + (end - start), 0);
        expect(told).toBe(all.at(-1));
        const last = layout.bands(0).at(-1);
        expect((last?.row ?? 0) + HEADING_ROWS + (last?.lines ?? 0)).toBeLessThanOrEqual(grid.rows);
      }),
    );
  });

  it("has no smaller cell that would show all", () => {
    fc.assert(
      fc.property(ranges, grids, (all, grid) => {
        const cell = cellForAll(all, grid, PAGE);
        if (cell > PAGE) expect(new Layout(all, grid, cell / 2).fits).toBe(false);
      }),
    );
  });

  it("has each address in a column of its own, whatever else is mapped", () => {
    fc.assert(
      fc.property(ranges, ranges, grids, (some, others, grid) => {
        const [alone, both] = [some, union(some, others)].map((all) => new Layout(all, grid, PAGE));
        const address = some[0] as number;
        const columnIn = (layout: Layout) => address - layout.startOf(layout.lineOf(address));
        expect(columnIn(alone as Layout)).toBe(columnIn(both as Layout));
      }),
    );
  });

  it("numbers lines through all stretches, and begins with any of them", () => {
    fc.assert(
      fc.property(ranges, grids, fc.nat(1000), (all, grid, some) => {
        const layout = new Layout(all, grid, 16 * PAGE);
        const line = some % layout.lines;
        expect(layout.lineOf(layout.startOf(line))).toBe(line);
        expect(shownLines(layout, line)[0]).toBe(layout.startOf(line));
      }),
    );
  });

  it("puts a line into the row it was in, or above it where nothing more could be shown", () => {
    fc.assert(
      fc.property(ranges, grids, fc.nat(1000), fc.nat(80), (all, grid, some, place) => {
        const layout = new Layout(all, grid, 16 * PAGE);
        const [line, row] = [some % layout.lines, Math.max(HEADING_ROWS, place % grid.rows)];
        const first = layout.startAbove(line, row);
        const lines = shownLines(layout, first);
        expect(lines).toContain(layout.startOf(line));
      }),
    );
  });

  it("ends with its last line below, and not before", () => {
    fc.assert(
      fc.property(ranges, grids, (all, grid) => {
        const layout = new Layout(all, grid, PAGE);
        expect(shownLines(layout, layout.lastStart).at(-1)).toBe(layout.startOf(layout.lines - 1));
        expect(layout.clamp(2 ** 40)).toBe(layout.lastStart);
        expect(layout.clamp(-5)).toBe(0);
      }),
    );
  });
});

describe("ranges", () => {
  it("are put together to those of both", () => {
    const pages = fc.array(fc.nat(60), { maxLength: 30 });
    const rangesOf = (list: number[]) =>
      [...new Set(list)].sort((a, b) => a - b).flatMap((page) => [page, page + 1]);
    fc.assert(
      fc.property(pages, pages, (one, other) => {
        const joined = union(rangesOf(one), rangesOf(other));
        const isIn = (page: number) => regionAt(joined, page) >= 0;
        for (let page = 0; page <= 61; page++)
          expect(isIn(page)).toBe(one.includes(page) || other.includes(page));
      }),
    );
  });

  it("are found by any address in them", () => {
    const regions = [10, 20, 25, 40, 1000, 1010];
    expect([9, 10, 19, 20, 24, 25, 39, 40, 1005].map((address) => regionAt(regions, address))).toEqual([
      -1, 0, 0, -1, -1, 2, 2, -1, 4,
    ]);
  });
});

describe("cells", () => {
  const KIND_OF = Array.from({ length: 256 }, (_, detail) => detail % 3);
  const KINDS = 3;

  /** Page by page, as slowly as can be. */
  function countSlowly(runs: PageRuns, start: number, level: number): number[] {
    const counts = Array.from({ length: cellsOf(GRID) * KINDS }, () => 0);
    for (const [index, address] of runs.addresses.entries()) {
      for (let page = 0; page < (runs.pages[index] as number); page++) {
        const cell = Math.floor((address + page * PAGE - start) / (PAGE * 2 ** level));
        if (cell < 0 || cell >= cellsOf(GRID)) continue;
        const at = cell * KINDS + (KIND_OF[runs.details[index] as number] as number);
        counts[at] = (counts[at] as number) + 1;
      }
    }
    return counts;
  }

  it("count what a page by page count does", () => {
    const parts = fc.array(
      fc.record({ gap: fc.nat(50), pages: fc.integer({ min: 1, max: 300 }), detail: fc.nat(255) }),
      { maxLength: 12 },
    );
    fc.assert(
      fc.property(parts, fc.nat(200), fc.nat(5), (list, first, level) => {
        let address = 0;
        const placed = list.map(({ gap, pages, detail }) => {
          const start = address + gap * PAGE;
          address = start + pages * PAGE;
          return { start, pages, detail };
        });
        const runs: PageRuns = {
          pageBytes: PAGE,
          addresses: Float64Array.from(placed, ({ start }) => start),
          pages: Float64Array.from(placed, ({ pages }) => pages),
          details: Uint8Array.from(placed, ({ detail }) => detail),
        };
        const start = first * PAGE * 2 ** level;
        const counted = countCells(
          runs,
          { start, cell: PAGE * 2 ** level, cells: cellsOf(GRID) },
          KIND_OF,
          KINDS,
        );
        expect([...counted]).toEqual(countSlowly(runs, start, level));
      }),
    );
  });
});
