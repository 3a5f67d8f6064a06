import { expect, test } from "vitest";
import { linuxVm } from "../../../src/costs/linux-vm.js";
import { sharingTime } from "../../../src/costs/sharing.js";
import { simulatedTime } from "../../../src/costs/simulate.js";
import { forkChart, forkPanels } from "../../../src/experiments/fork/chart.js";
import { forkRows } from "../../../src/experiments/fork/csv.js";
import { forkSheet } from "../../../src/experiments/fork/sheet.js";
import { renderCsv } from "../../../src/report/csv.js";
import { renderTable } from "../../../src/report/table.js";
import type { ForkProgram, ForkReport, ForkResult } from "../../../src/results/fork.js";
import { parseSvg } from "../../report/svg-check.js";
import { fakeCounters, PAGE } from "../../results/fakes.js";

/** 100 pages and two children, each of which copies some, and that the parent writes afterwards. */
function fakeFork(program: ForkProgram, copied: number, allocator = "glibc"): ForkResult {
  const sizes = (unique: number) => ({
    ...{ resident: 100 * PAGE, unique: unique * PAGE },
    proportional: (unique + (100 - unique) / 3) * PAGE,
  });
  const copies = 2 * copied;
  const sharing = { forks: 2, forkedPages: 200, copies, reuses: copied, copiedBytes: copies * PAGE };
  return {
    ...{ allocator, options: {}, program, children: 2, loaded: 100 * PAGE, forkedPages: 100 },
    working: { copies, copiedBytes: copies * PAGE, reuses: 0, zeroFills: 0 },
    afterwards: { copies: 0, copiedBytes: 0, reuses: copied, zeroFills: 0 },
    processes: [sizes(copied), sizes(copied), sizes(copied)],
    ...{ together: (100 + copies) * PAGE, separate: 300 * PAGE, saved: (200 - copies) * PAGE },
    simulated: sharingTime(fakeCounters({ faults: { copyOnWrite: 3 * copied } }), sharing, linuxVm),
    loading: simulatedTime(fakeCounters({ faults: { zeroFill: 100 } }), linuxVm),
  };
}

const report: ForkReport = {
  scenario: "fork",
  parameters: {
    ...{ data: 100 * PAGE, children: 2, written: 0.5, object: "list", value: 1024, own: 0, seed: 1 },
  },
  results: [fakeFork("read", 0), fakeFork("write", 50), fakeFork("collect", 90), fakeFork("freeze", 0)],
};

test("forks read as a table and as sentences", () => {
  expect(renderTable(forkSheet(report))).toMatchInlineSnapshot(`
    "a parent loads 400 KiB and forks 2 children (a snapshot: one); then all do what the program says

                        copied   copied   zero   reuse  parent's   parent's  parent's  a child's  a child's  a child's                             simulated  simulated
    allocator  program   pages    bytes  fills  faults       RSS        PSS       USS        RSS        PSS        USS  together  separate  saved     forked   separate
    ─────────  ───────  ──────  ───────  ─────  ──────  ────────  ─────────  ────────  ─────────  ─────────  ─────────  ────────  ────────  ─────  ─────────  ─────────
    glibc      read          0        0      0       0   400 KiB  133.3 KiB         0    400 KiB  133.3 KiB          0   400 KiB   1.2 MiB  66.7%     231 µs     672 µs
    glibc      write       100  400 KiB      0      50   400 KiB  266.7 KiB   200 KiB    400 KiB  266.7 KiB    200 KiB   800 KiB   1.2 MiB  33.3%     747 µs     672 µs
    glibc      collect     180  720 KiB      0      90   400 KiB  373.3 KiB   360 KiB    400 KiB  373.3 KiB    360 KiB   1.1 MiB   1.2 MiB   6.7%    1.16 ms     672 µs
    glibc      freeze        0        0      0       0   400 KiB  133.3 KiB         0    400 KiB  133.3 KiB          0   400 KiB   1.2 MiB  66.7%     231 µs     672 µs

    read: to read is to share. 3 processes have 400 KiB together instead of 1.2 MiB, 66.7% less.
    write: each child writes 50%, and has a copy of that alone: each child copies 50 of 100 pages. 3 processes have 800 KiB together instead of 1.2 MiB, 33.3% less; when the children have ended, the parent takes 50 reuse faults and copies nothing.
    collect: the collector writes the header of each container: each child copies 90 of 100 pages. 3 processes have 1.1 MiB together instead of 1.2 MiB, 6.7% less; when the children have ended, the parent takes 90 reuse faults and copies nothing.
    freeze: the collector does not visit what gc.freeze() set aside, so nothing of it is copied. Iterating would still copy it. 3 processes have 400 KiB together instead of 1.2 MiB, 66.7% less.
    Set sizes are those before the children end. Time is what memory costs: from the first fork on, or if each child loaded the data itself.
    Forks, copies and reuses are priced as they were measured on Linux 6.18; to end a process has no price.
    Simulated time is events times the costs of a profile: linux-vm.
    "
  `);
});

test("sentences name allocators where there are several, and say that floats are no containers", () => {
  const { parameters } = report;
  const results = [fakeFork("iterate", 80), fakeFork("collect", 3, "naive")];
  const { sentences } = forkSheet({ ...report, parameters: { ...parameters, object: "float" }, results });
  expect(sentences[0]).toMatch(/^glibc, iterate: .* so each child copies 80 of 100 pages; the array/);
  expect(sentences[1]).toMatch(/^naive, collect: .* which floats are not: each child copies 3 of 100 pages/);
});

test("what saves little is marked as bad, and what saves much as good", () => {
  const at = forkSheet(report).columns.findIndex(({ header }) => header[1] === "saved");
  expect(forkSheet(report).rows.map((row) => row[at]?.tone)).toEqual(["good", "plain", "bad", "good"]);
});

test("as CSV there is a row for each, with set sizes of the parent and of a child", () => {
  const [names = [], ...rows] = renderCsv(forkRows(report))
    .trimEnd()
    .split("\r\n")
    .map((row) => row.split(","));
  const at = (name: string) => rows.map((row) => row[names.indexOf(name)]);
  expect(at("program")).toEqual(["read", "write", "collect", "freeze"]);
  expect(at("working.copies")).toEqual(["0", "100", "180", "0"]);
  expect(at("child.unique")).toEqual([0, 50, 90, 0].map((pages) => String(pages * PAGE)));
  expect(at("parent.resident")).toEqual(Array(4).fill(String(100 * PAGE)));
});

test("a bar is as long as what processes would have apart, in what it is", () => {
  const lengths = forkPanels(report).flatMap(({ rows }) =>
    rows.map(({ bars }) => bars[0]?.segments.map(({ value }) => value / PAGE)),
  );
  expect(lengths).toEqual([
    [100, 0, 0, 200],
    [100, 100, 0, 100],
    [100, 180, 0, 20],
    [100, 0, 0, 200],
  ]);
  const drawing = parseSvg(forkChart(report));
  expect(drawing.texts).toContain("What processes have together after a fork");
  expect(drawing.marks).toMatchObject({ bar: 16 });
});
