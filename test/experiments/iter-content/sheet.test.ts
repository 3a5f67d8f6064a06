import { expect, test } from "vitest";
import { iterContentChart, iterContentPoints } from "../../../src/experiments/iter-content/chart.js";
import { iterContentRows } from "../../../src/experiments/iter-content/csv.js";
import { hasReportedShape, iterContentSheet } from "../../../src/experiments/iter-content/sheet.js";
import { renderCsv } from "../../../src/report/csv.js";
import { renderTable } from "../../../src/report/table.js";
import type { IterContentReport } from "../../../src/results/iter-content.js";
import { parseSvg } from "../../report/svg-check.js";
import { fakeReading, MIB } from "../../results/fakes.js";

const cleared = (reads: number, bytes: number) => ({
  reads,
  cleared: reads * bytes,
  needless: reads * bytes,
});

const report: IterContentReport = {
  scenario: "iter-content",
  parameters: { body: MIB },
  results: [
    fakeReading({ way: "malloc+memset", seconds: 0.0004, library: cleared(64, 10 * MIB) }),
    fakeReading({ way: "malloc+memset", chunk: 100 * MIB, seconds: 0.09, library: cleared(64, 100 * MIB) }),
    fakeReading({ way: "malloc+memset", chunk: 1024 * MIB, seconds: 0.9, library: cleared(64, 1024 * MIB) }),
    fakeReading({ counted: { zeroed: { allocator: 640 * MIB, needless: 600 * MIB } } }),
    fakeReading({ way: "malloc", seconds: 0 }),
  ],
};

test("bodies read as a table and as sentences", () => {
  expect(renderTable(iterContentSheet(report))).toMatchInlineSnapshot(`
    "a body of 1 MiB read over TLS, 16 KiB at a time, each into a new buffer of a whole chunk

                                                          zeroed by  zeroed by  zeroed by  needless  simulated    simulated
    allocator  buffer by                           chunk     kernel  allocator    library     share   per read   throughput
    ─────────  ────────────────────────────────  ───────  ─────────  ─────────  ─────────  ────────  ─────────  ───────────
    glibc      malloc+memset (CFFI before 1.10)   10 MiB          0          0    640 MiB      100%     400 µs   39.1 MiB/s
    glibc      malloc+memset (CFFI before 1.10)  100 MiB          0          0    6.3 GiB      100%      90 ms  177.8 KiB/s
    glibc      malloc+memset (CFFI before 1.10)    1 GiB          0          0     64 GiB      100%     900 ms   17.8 KiB/s
    glibc      calloc (CFFI 1.10)                 10 MiB          0    640 MiB          0     93.8%       1 ms   15.6 MiB/s
    glibc      malloc (the fix)                   10 MiB          0          0          0         -        0 s    unlimited

    glibc, CFFI before 1.10: at most 39.1 MiB/s at 10 MiB, 177.8 KiB/s at 100 MiB and 17.8 KiB/s at 1 GiB; 70.9 GiB were cleared that already read as zero. This is the shape of the bug report.
    glibc, CFFI 1.10: at most 15.6 MiB/s at 10 MiB; 600 MiB were cleared that already read as zero.
    glibc, the fix: at most unlimited at 10 MiB.
    Simulated time is events times the costs of a profile: linux-vm.
    "
  `);
});

test("the reported shape wants all three sizes, and each of its speeds", () => {
  const shape = report.results.slice(0, 3);
  expect(hasReportedShape(shape)).toBe(true);
  for (const at of [0, 1, 2]) {
    expect(hasReportedShape(shape.filter((_, index) => index !== at))).toBe(false);
    const speed = at === 0 ? 1e6 : 1e7;
    const other = shape.map((one, index) => (index === at ? { ...one, bytesPerSecond: speed } : one));
    expect(hasReportedShape(other)).toBe(false);
  }
});

test("as CSV there is a row for each, with an empty cell where there is no limit", () => {
  const [names = [], ...rows] = renderCsv(iterContentRows(report))
    .trimEnd()
    .split("\r\n")
    .map((row) => row.split(","));
  const at = (name: string) => rows.map((row) => row[names.indexOf(name)]);
  expect(at("way")).toEqual(["malloc+memset", "malloc+memset", "malloc+memset", "calloc", "malloc"]);
  expect(at("library.reads")).toEqual(Array(5).fill("64"));
  expect(at("simulated.costs")).toEqual(Array(5).fill("linux-vm"));
  expect(at("bytesPerSecond").map(Boolean)).toEqual([true, true, true, true, false]);
});

test("the chart has a line for each way, and a point for each size that has a limit", async () => {
  expect(iterContentPoints(report).map(({ line, x }) => [line, x / MIB])).toEqual([
    ["glibc, CFFI before 1.10", 10],
    ["glibc, CFFI before 1.10", 100],
    ["glibc, CFFI before 1.10", 1024],
    ["glibc, CFFI 1.10", 10],
  ]);
  const drawing = parseSvg(iterContentChart(report));
  expect(drawing.texts).toContain("What the buffer of a read does to throughput");
  expect(drawing.texts).toContain("glibc, CFFI before 1.10");
  expect(drawing.marks).toMatchObject({ line: 2, dot: 4 });
});
