import { expect, test } from "vitest";
import { callocFixesChart, callocFixesPoints } from "../../../src/experiments/calloc-fixes/chart.js";
import { callocFixesRows } from "../../../src/experiments/calloc-fixes/csv.js";
import { callocFixesSheet, cheapest } from "../../../src/experiments/calloc-fixes/sheet.js";
import { renderCsv } from "../../../src/report/csv.js";
import { renderTable } from "../../../src/report/table.js";
import type { CallocFixesReport } from "../../../src/results/calloc-fixes.js";
import { parseSvg } from "../../report/svg-check.js";
import { fakeFix, MIB } from "../../results/fakes.js";

const shares = [0, 0.5, 1];

const report: CallocFixesReport = {
  scenario: "calloc-fixes",
  parameters: { bytes: 100 * MIB, costs: "linux-vm" },
  results: [fakeFix("libmalloc", shares), fakeFix("glibc", shares, 100 * MIB, 0)],
  crossovers: [{ one: "libmalloc", other: "glibc", pages: 8432, share: 8432 / 25_600, cheaperAbove: "one" }],
};

test("fixes read as a table by share and as sentences", () => {
  expect(renderTable(callocFixesSheet(report))).toMatchInlineSnapshot(`
    "p = calloc(1, 100 MiB), part of its pages written, free(p): simulated time of one iteration, once settled

               written:  written:  written:
    allocator        0%       50%      100%
    ─────────  ────────  ────────  ────────
    libmalloc   45.6 µs   1.84 ms   3.63 ms
    glibc       9.75 µs    1.8 ms   3.59 ms

    With 0% of the pages written, glibc costs least: 0 faults, 0 bytes zeroed by the kernel, 0 bytes by the allocator (0 bytes needlessly), 1 system calls.
    With 50% of the pages written, glibc costs least: 0 faults, 0 bytes zeroed by the kernel, 50 MiB by the allocator (50 MiB needlessly), 1 system calls.
    With 100% of the pages written, glibc costs least: 0 faults, 0 bytes zeroed by the kernel, 100 MiB by the allocator (100 MiB needlessly), 1 system calls.
    libmalloc costs less than glibc from 8,432 pages written on (32.9%).
    Simulated time is events times the costs of a profile: linux-vm, for all of them.
    "
  `);
});

test("the cheapest is marked, or all that are", () => {
  const [one, other] = report.results as [(typeof report.results)[0], (typeof report.results)[0]];
  expect(cheapest([one, other], 1)).toEqual([other]);
  expect(cheapest([one, one], 1)).toHaveLength(2);
  const tones = callocFixesSheet(report).rows.map((row) => row[1]?.tone);
  expect(tones).toEqual(["plain", "good"]);
});

test("as CSV there is a row for each allocator and share", () => {
  const [names = [], ...rows] = renderCsv(callocFixesRows(report))
    .trimEnd()
    .split("\r\n")
    .map((row) => row.split(","));
  expect(rows).toHaveLength(6);
  expect(rows.map((row) => row[names.indexOf("pages")])).toEqual([
    "0",
    "12800",
    "25600",
    "0",
    "12800",
    "25600",
  ]);
  expect(names).toEqual(
    expect.arrayContaining(["simulatedSeconds", "zeroed.needless", "syscalls.brk", "costs"]),
  );
});

test("the chart has a line for each allocator, and says where they cross", async () => {
  expect(callocFixesPoints(report).filter(({ line }) => line === "glibc")).toHaveLength(3);
  const drawing = parseSvg(callocFixesChart(report));
  expect(drawing.texts.join(" ")).toContain("lines cross at 32.9%");
  expect(drawing.marks).toMatchObject({ line: 2, dot: 6 });
});
