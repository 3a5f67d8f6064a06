import { expect, test } from "vitest";
import { replayRows } from "../../../src/experiments/replay/csv.js";
import { markSheets } from "../../../src/experiments/replay/marks.js";
import { replayTrace } from "../../../src/experiments/replay/run.js";
import { readTrace } from "../../../src/index.js";
import { renderTable } from "../../../src/report/table.js";
import type { Report, Result } from "../../../src/results/run.js";
import { fakeCounters, fakeResult, MIB } from "../../results/fakes.js";

/** A result with marks of these names, at which ever more is in use. */
function marked(allocator: string, names: readonly string[]): Result {
  const marks = names.map((name, i) => ({
    ...{ name, operation: 10 * (i + 1) },
    counters: fakeCounters({ bytes: { inUse: i * MIB, system: 16 * MIB }, faults: { zeroFill: 100 * i } }),
  }));
  return { ...fakeResult({ allocator }), marks };
}

const reportOf = (...results: Result[]): Report => ({ scenario: "replay", parameters: {}, results });

test("marks are columns, in which allocators compare", () => {
  const report = reportOf(marked("glibc", ["start", "all freed"]), marked("lazy", ["start"]));
  expect(
    markSheets(report)
      .map((sheet) => renderTable(sheet))
      .join("\n"),
  ).toMatchInlineSnapshot(`
    "at the marks

    allocator             start  all freed
    ─────────  ────────  ──────  ─────────
    glibc      in use         0      1 MiB
               system    16 MiB     16 MiB
               resident       0          0
               faults         0        100
    lazy       in use         0          -
               system    16 MiB          -
               resident       0          -
               faults         0          -
    "
  `);
});

test("more than six marks make more than one table, and no mark makes none", () => {
  const names = Array.from({ length: 13 }, (_, i) => `mark ${i}`);
  const sheets = markSheets(reportOf(marked("glibc", names)));
  expect(sheets.map(({ columns }) => columns.slice(2).map(({ header }) => header[0]))).toEqual([
    names.slice(0, 6),
    names.slice(6, 12),
    names.slice(12),
  ]);
  expect(markSheets(reportOf(fakeResult({ allocator: "glibc" })))).toEqual([]);
});

test("rows are in the order of operations, a point before a mark, the whole last", () => {
  const timeline = [10, 15].map((operation) => ({ operation, inUse: 1, system: 2, resident: 3 }));
  const rows = replayRows(
    reportOf({ ...marked("glibc", ["one", "two"]), timeline }, marked("lazy", ["one"])),
  ) as Record<string, unknown>[];
  expect(rows.map((row) => [row.allocator, row.operation, row.mark])).toEqual([
    ["glibc", 10, undefined],
    ["glibc", 10, "one"],
    ["glibc", 15, undefined],
    ["glibc", 20, "two"],
    ["glibc", undefined, undefined],
    ["lazy", 10, "one"],
    ["lazy", undefined, undefined],
  ]);
  expect(rows[0]?.bytes).toEqual({ inUse: 1, system: 2, resident: 3 });
  expect(rows[3]).toMatchObject({ bytes: { inUse: MIB }, faults: { zeroFill: 100 } });
});

test("a trim at the end shows what it gives back, and counts", async () => {
  const text = "a 0 60000\na 1 60000\na 2 16\nf 0\nf 1\n";
  const replay = async (end: string, trim: boolean) => {
    const trace = await readTrace(text + end);
    return (await replayTrace({ model: "glibc", trace, touch: "object", trim })).result;
  };
  const trimmed = await replay("", true);
  const [before, after] = trimmed.marks ?? [];
  expect([before?.operation, after?.operation]).toEqual([5, 5]);
  expect(before?.counters).toEqual((await replay("", false)).counters);
  expect(after?.counters).toEqual(trimmed.counters);
  expect(after?.counters).toEqual((await replay("k\n", false)).counters);
  const given = (before?.counters.bytes.resident ?? 0) - (after?.counters.bytes.resident ?? 0);
  expect(given).toBeGreaterThan(100_000);
});

test("a trace with threads says how many, and one without says nothing", async () => {
  const parametersOf = async (text: string) =>
    (await replayTrace({ model: "naive", trace: await readTrace(text), touch: "none" })).result.parameters;
  expect(await parametersOf("a 0 1\nt 7\nf 0\nx 7\nx 9\n")).toMatchObject({ threads: 3 });
  expect(await parametersOf("t 1\na 0 1\n")).not.toHaveProperty("threads");
});
