import { describe, expect, it } from "vitest";
import { openSandbox } from "../../src/index.js";
import { KIND_OF, KINDS } from "../../src/web/kinds.js";
import { countCells } from "../../src/web/layout.js";
import { cellText, stretchText } from "../../src/web/map-text.js";
import { readPageRuns } from "../../src/web/page-runs.js";

const PAGE = 4096;

describe("the text of a cell", () => {
  it("tells address, region, and the states of its pages", async () => {
    const sandbox = await openSandbox("naive");
    // 31 pages, all cleared; then the last two written.
    const pointer = sandbox.calloc(1, 31 * PAGE);
    sandbox.touch(pointer + 29 * PAGE, 2 * PAGE);
    const [region] = sandbox.regions();
    const { address, bytes } = region as { address: number; bytes: number };
    const objects = { addresses: Float64Array.of(pointer), bytes: Float64Array.of(31 * PAGE) };
    const moment = {
      runs: readPageRuns(sandbox, sandbox.regions(), objects),
      regions: Float64Array.of(address, address + bytes),
    };
    const hex = (place: number) => `0x${place.toString(16)}`;
    const told = (level: number, cell: number, first = address) => {
      const bytes = PAGE * 2 ** level;
      const start = first + cell * bytes;
      const counts = countCells(moment.runs, { start, cell: bytes, cells: 1 }, KIND_OF, KINDS.length);
      return cellText(moment, { start, bytes }, counts, KINDS);
    };
    const itsRegion = `Region 1 of 1, ${hex(address)} to ${hex(address + bytes)}, 124 KiB.`;
    expect(told(0, 3)).toBe(
      `${hex(address + 3 * PAGE)} to ${hex(address + 4 * PAGE)}: one page, 4 KiB. The page is resident and ` +
        "all zero; written since it was mapped; touched only by the allocator’s clearing; " +
        `holds an object of the program. ${itsRegion}`,
    );
    expect(told(0, 30)).toContain(
      "The page is resident and written; written since it was mapped; holds an object",
    );
    expect(told(4, 1)).toBe(
      `${hex(address + 16 * PAGE)} to ${hex(address + 32 * PAGE)}: 16 pages, 64 KiB. ` +
        `Pages: 13 needlessly zeroed, 2 resident, written. ${itsRegion}`,
    );
    expect(told(0, 0, address - 8 * PAGE)).toBe(
      `${hex(address - 8 * PAGE)} to ${hex(address - 7 * PAGE)}: one page, 4 KiB. Not mapped.`,
    );
    expect(told(1, 0, address - 8 * PAGE)).toContain("2 pages, 8 KiB. Nothing is mapped here.");
  });
});

describe("the heading of a stretch", () => {
  const stretch = { line: 0, lines: 1, base: 0, gap: 0, regions: 1 };

  it("names it, with its place and size, and the gap before it", () => {
    const heap = { ...stretch, start: 0x555555560000, end: 0x555555581000, gap: 0x555555560000 };
    expect(stretchText(heap)).toBe("heap · 0x555555560000 · 132 KiB · after 85.3 TiB of nothing");
    const mapped = { ...stretch, start: 0x7ffff0000000, end: 0x7ffff0001000, regions: 3 };
    expect(stretchText(mapped)).toBe("mapped, 3 regions · 0x7ffff0000000 · 4 KiB");
    expect(stretchText({ ...stretch, start: 0, end: 65536 })).toBe("linear memory · 0x0 · 64 KiB");
  });
});
