import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  ADDRESS_LIMIT,
  addressOf,
  cellBytes,
  cellsOf,
  clamp,
  countCells,
  type Grid,
  highestLevel,
  neighbourhood,
  pan,
  regionAt,
  windowOver,
  zoom,
} from "../../src/web/layout.js";
import type { PageRuns } from "../../src/web/page-runs.js";

const PAGE = 4096;
const GRID: Grid = { columns: 10, rows: 6 };

const grids = fc.record({ columns: fc.integer({ min: 1, max: 200 }), rows: fc.integer({ min: 1, max: 80 }) });
const pageSizes = fc.constantFrom(4096, 16384, 65536);
const windows = fc.record({
  start: fc.integer({ min: -(2 ** 48), max: 2 ** 48 }),
  level: fc.integer({ min: -3, max: 60 }),
});

describe("the window on the address space", () => {
  it("is of whole cells and within 47 bits, whatever is asked", () => {
    fc.assert(
      fc.property(windows, grids, pageSizes, (asked, grid, page) => {
        const window = clamp(asked, grid, page);
        const cell = cellBytes(window, page);
        expect(window.start % cell).toBe(0);
        expect(window.start).toBeGreaterThanOrEqual(0);
        expect(window.start).toBeLessThan(ADDRESS_LIMIT);
        expect(window.level).toBeLessThanOrEqual(highestLevel(grid, page));
        expect(clamp(window, grid, page)).toEqual(window);
      }),
    );
  });

  it("over a range shows all of it, and at half the scale would not", () => {
    const range = fc.tuple(fc.integer({ min: 0, max: 2 ** 34 }), fc.integer({ min: 1, max: 2 ** 30 }));
    fc.assert(
      fc.property(range, grids, ([first, pages], grid) => {
        fc.pre(cellsOf(grid) > 4);
        const [start, end] = [first * PAGE, (first + pages) * PAGE];
        const window = windowOver(start, end, grid, PAGE);
        expect(window.start).toBeLessThanOrEqual(start);
        expect(addressOf(window, cellsOf(grid), PAGE)).toBeGreaterThanOrEqual(end);
        if (window.level > 0)
          expect((cellsOf(grid) - 1) * cellBytes(window, PAGE)).toBeLessThan(2 * (end - start));
      }),
    );
  });

  it("stays in an address space of 32 bits where there is one", () => {
    const grid = { ...GRID, limit: 2 ** 32 };
    const whole = windowOver(0, 2 ** 32, grid, PAGE);
    expect(zoom(whole, 60, 0, grid, PAGE)).toEqual({ start: 0, level: highestLevel(grid, PAGE) });
    const last = pan(windowOver(0, 100 * PAGE, grid, PAGE), 2 ** 40, grid, PAGE);
    expect(addressOf(last, cellsOf(grid), PAGE)).toBe(2 ** 32);
  });

  it("goes from a page to all of the address space and back, and stays about its cell", () => {
    let window = windowOver(2 ** 45, 2 ** 45 + PAGE, GRID, PAGE);
    expect(cellBytes(window, PAGE)).toBe(PAGE);
    for (let step = 0; step < 60; step++) window = zoom(window, 1, 0, GRID, PAGE);
    expect(cellsOf(GRID) * cellBytes(window, PAGE)).toBeGreaterThanOrEqual(ADDRESS_LIMIT);
    const cell = Math.floor(2 ** 45 / cellBytes(window, PAGE));
    for (let step = 0; step < 60; step++) window = zoom(window, -1, cell, GRID, PAGE);
    expect(window.level).toBe(0);
    expect(addressOf(window, cell, PAGE)).toBeLessThanOrEqual(2 ** 45 + PAGE);
  });

  it("zooms about a cell: its address stays under it, to the cell", () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 59 }), fc.integer({ min: -5, max: 5 }), (cell, levels) => {
        const before = clamp({ start: 2 ** 44, level: 12 }, GRID, PAGE);
        const after = zoom(before, levels, cell, GRID, PAGE);
        const apart = addressOf(after, cell, PAGE) - addressOf(before, cell, PAGE);
        expect(Math.abs(apart)).toBeLessThan(cellBytes(after, PAGE));
      }),
    );
  });

  it("moves by cells, and not out of the address space", () => {
    const window = { start: 0, level: 3 };
    expect(pan(window, 7, GRID, PAGE)).toEqual({ start: 7 * 8 * PAGE, level: 3 });
    expect(pan(window, -7, GRID, PAGE)).toEqual(window);
    const last = pan(window, 2 ** 40, GRID, PAGE);
    expect(addressOf(last, cellsOf(GRID), PAGE)).toBe(ADDRESS_LIMIT);
  });
});

describe("regions", () => {
  const regions = [10, 20, 25, 40, 1000, 1010];

  it("are found by any address in them", () => {
    expect([9, 10, 19, 20, 24, 25, 39, 40, 1005].map((address) => regionAt(regions, address))).toEqual([
      -1, 0, 0, -1, -1, 2, 2, -1, 4,
    ]);
  });

  it("are shown with those near to them, or else the largest", () => {
    expect(neighbourhood(regions, 12)).toEqual([10, 40]);
    expect(neighbourhood(regions, 1005)).toEqual([1000, 1010]);
    expect(neighbourhood(regions, 500)).toEqual([10, 40]);
    expect(neighbourhood([], 500)).toBeUndefined();
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
        const window = { start: first * PAGE * 2 ** level, level };
        const counted = countCells({ runs, window, grid: GRID }, KIND_OF, KINDS);
        expect([...counted]).toEqual(countSlowly(runs, window.start, level));
      }),
    );
  });
});
