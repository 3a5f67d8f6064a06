import fc from "fast-check";
import { expect, test } from "vitest";
import { callocLoopSheet } from "../../src/experiments/calloc-loop/sheet.js";
import { replaySheet } from "../../src/experiments/replay/sheet.js";
import { renderTable, type TableStyle } from "../../src/report/table.js";
import type { Report } from "../../src/results/run.js";
import { benfield, reportOf } from "../results/fakes.js";

const tableReport = (report: Report, options?: TableStyle) => renderTable(callocLoopSheet(report), options);

test("Benfield's experiment reads as a table and as sentences", () => {
  expect(tableReport(benfield)).toMatchInlineSnapshot(`
    "p = calloc(1, n); free(p), 10,000 times, nothing written between

                                                   zeroed by  zeroed by  needless       peak  simulated     host
    allocator       size  cost             faults     kernel  allocator     share   resident       time     time
    ─────────  ─────────  ────────  ─────────────  ─────────  ─────────  ────────  ─────────  ─────────  ───────
    naive        100 MiB  linear      256,000,000  976.6 GiB  976.6 GiB      100%    100 MiB      932 s  21.3 ms
    lazy         100 MiB  constant              0          0          0         -          0     195 ms  4.51 ms
    libmalloc    100 MiB  linear           25,600    100 MiB  976.5 GiB      100%    100 MiB      423 s  14.2 ms
    naive      1,000 MiB  linear    2,560,000,000    9.5 TiB    9.5 TiB      100%  1,000 MiB    9,319 s   105 ms
    lazy       1,000 MiB  constant              0          0          0         -          0     195 ms  4.62 ms
    libmalloc  1,000 MiB  constant              0          0          0         -          0     195 ms  5.03 ms

    naive at 100 MiB: cost grows with the size (linear). The allocator zeroed 976.6 GiB that already read as zero, the kernel 976.6 GiB; every one of its 256,000,000 faults was needless.
    lazy at 100 MiB and 1,000 MiB: cost does not depend on the size (constant); nothing was zeroed and no page was touched.
    libmalloc at 100 MiB: cost grows with the size (linear). The allocator zeroed 976.5 GiB that already read as zero; every one of its 25,600 faults was needless.
    naive at 1,000 MiB: cost grows with the size (linear). The allocator zeroed 9.5 TiB that already read as zero, the kernel 9.5 TiB; every one of its 2,560,000,000 faults was needless.
    libmalloc at 1,000 MiB: cost does not depend on the size (constant); nothing was zeroed and no page was touched.
    libmalloc: a cliff lies between 100 MiB (linear) and 1,000 MiB (constant).
    Simulated time is events times the costs of a profile: linux-vm for naive and lazy; macos-2016 for libmalloc.
    "
  `);
});

test("a replay has neither sizes nor kinds of cost", () => {
  const report = {
    ...reportOf({ allocator: "lazy" }),
    scenario: "replay",
    parameters: { trace: "a.gz", touch: "none" },
  };
  expect(renderTable(replaySheet(report))).toMatchInlineSnapshot(`
    "replay: trace a.gz, touch none

                       zeroed by  zeroed by  needless      peak  simulated  host
    allocator  faults     kernel  allocator     share  resident       time  time
    ─────────  ──────  ─────────  ─────────  ────────  ────────  ─────────  ────
    lazy            0          0          0         -         0        0 s   0 s

    lazy: nothing was zeroed and no page was touched.
    Simulated time is events times the costs of a profile: linux-vm.
    "
  `);
});

test("options are named as the command line takes them", () => {
  const options = { zeroing: "dirty", memory: 64 * 2 ** 30 };
  expect(tableReport(reportOf({ allocator: "libmalloc", options, mib: 1 }))).toMatchInlineSnapshot(`
    "p = calloc(1, n); free(p), 10,000 times, nothing written between

                                                         zeroed by  zeroed by  needless      peak  simulated  host
    allocator                              size  faults     kernel  allocator     share  resident       time  time
    ────────────────────────────────────  ─────  ──────  ─────────  ─────────  ────────  ────────  ─────────  ────
    libmalloc:zeroing=dirty:memory=64GiB  1 MiB       0          0          0         -         0        0 s   0 s

    libmalloc:zeroing=dirty:memory=64GiB at 1 MiB: nothing was zeroed and no page was touched.
    Simulated time is events times the costs of a profile: macos-2016.
    "
  `);
});

test("an escape sequence is only written in colour, and colour changes nothing else", () => {
  const colour = tableReport(benfield, { colour: true });
  expect(tableReport(benfield)).not.toContain("\u001b");
  // biome-ignore lint/suspicious/noControlCharactersInRegex: it is what is looked for
  expect(colour.replaceAll(/\u001b\[\d+m/g, "")).toBe(tableReport(benfield));
  expect(colour).toContain("\u001b[32mconstant\u001b[0m");
  expect(colour).toContain("\u001b[31mlinear\u001b[0m");
  expect(colour).toContain("\u001b[31m25,600\u001b[0m");
});

test("a report without results is its heading", () => {
  expect(tableReport(reportOf())).toContain(
    "p = calloc(1, n); free(p), 10,000 times, nothing written between\n",
  );
});

test.each([60, 80, 120])("a table and its prose fit a line of %i characters", (width) => {
  const text = tableReport(benfield, { width });
  for (const line of text.split("\n")) expect(line.length).toBeLessThanOrEqual(width);
  // Nothing is cut: what is not there is told of.
  expect(text.replace(/\n */g, " ")).toContain("Simulated time is events times the costs of a profile");
});

test("columns are left out in a stated order, and told of", () => {
  expect(tableReport(benfield, { width: 80 }).split("\n").slice(0, 14)).toMatchInlineSnapshot(`
    [
      "p = calloc(1, n); free(p), 10,000 times, nothing written between",
      "",
      "                                               zeroed by  needless  simulated",
      "allocator       size  cost             faults  allocator     share       time",
      "─────────  ─────────  ────────  ─────────────  ─────────  ────────  ─────────",
      "naive        100 MiB  linear      256,000,000  976.6 GiB      100%      932 s",
      "lazy         100 MiB  constant              0          0         -     195 ms",
      "libmalloc    100 MiB  linear           25,600  976.5 GiB      100%      423 s",
      "naive      1,000 MiB  linear    2,560,000,000    9.5 TiB      100%    9,319 s",
      "lazy       1,000 MiB  constant              0          0         -     195 ms",
      "libmalloc  1,000 MiB  constant              0          0         -     195 ms",
      "",
      "Left out, as a line has 80 characters: zeroed by kernel, peak resident and",
      "  host time. A wider terminal, a pipe and --json have them.",
    ]
  `);
});

test("names that take more than half of a line have lines of their own", () => {
  const options = { zeroing: "dirty", memory: 64 * 2 ** 30 };
  const text = tableReport(reportOf({ allocator: "libmalloc", options, mib: 1 }), { width: 50 });
  expect(text.split("\n").slice(0, 9)).toMatchInlineSnapshot(`
    [
      "p = calloc(1, n); free(p), 10,000 times, nothing",
      "  written between",
      "",
      "                          zeroed by  simulated",
      "allocator   size  faults  allocator       time",
      "─────────  ─────  ──────  ─────────  ─────────",
      "libmalloc:zeroing=dirty:memory=64GiB",
      "           1 MiB       0          0        0 s",
      "",
    ]
  `);
});

test("any sheet fits that has two columns that do", () => {
  const words = fc.string({ minLength: 1, maxLength: 9, unit: fc.constantFrom(..."abcdef") });
  const column = fc.record({
    header: fc.array(words, { minLength: 1, maxLength: 2 }),
    align: fc.constantFrom("left" as const, "right" as const),
  });
  const sheets = fc.array(column, { minLength: 2, maxLength: 9 }).chain((columns) =>
    fc.record({
      heading: fc.array(words, { minLength: 1 }).map((some) => some.join(" ")),
      columns: fc.constant(columns),
      rows: fc.array(fc.tuple(...columns.map(() => words.map((text) => ({ text, tone: "plain" as const }))))),
      sentences: fc.array(fc.array(words, { minLength: 1 }).map((some) => some.join(" "))),
    }),
  );
  fc.assert(
    fc.property(sheets, fc.integer({ min: 20, max: 100 }), (sheet, width) => {
      const lines = renderTable(sheet, { width }).split("\n");
      expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(width);
    }),
  );
});
