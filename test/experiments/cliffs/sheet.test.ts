import { describe, expect, test } from "vitest";
import { cliffsRows } from "../../../src/experiments/cliffs/csv.js";
import { cliffsSheet, costRanges } from "../../../src/experiments/cliffs/sheet.js";
import { renderCsv } from "../../../src/report/csv.js";
import { renderMarkdown } from "../../../src/report/markdown.js";
import { renderTable } from "../../../src/report/table.js";
import type { CliffsResult } from "../../../src/results/cliffs.js";
import { cliffsOf, fakeCliffs, fakePoint, MIB } from "../../results/fakes.js";

const report = cliffsOf(fakeCliffs("naive", undefined, 0), fakeCliffs("lazy", 130_048));

/** What is said of one result, without the last sentence, which is about all of them. */
const saidOf = (result: Partial<CliffsResult>) =>
  cliffsSheet(cliffsOf({ ...fakeCliffs("lazy", 130_048), ...result })).sentences.slice(0, -1);

test("cliffs read as a table of ranges and as sentences", () => {
  expect(renderTable(cliffsSheet(report))).toMatchInlineSnapshot(`
    "p = calloc(1, n); free(p), one iteration once settled, n from 1 KiB to 1 MiB

               n, from         to            zeroed by        zeroed by   of that                   simulated
    allocator  (bytes)    (bytes)  cost         kernel        allocator  needless  faults                time  system calls
    ─────────  ───────  ─────────  ────────  ─────────  ───────────────  ────────  ──────  ──────────────────  ────────────
    naive        1,024  1,048,576  linear            0    1 KiB – 1 MiB      100%       0  0.035 µs – 35.8 µs  none
    lazy         1,024    130,048  linear            0  1 KiB – 127 KiB      100%       0  0.035 µs – 4.44 µs  none
               130,049  1,048,576  constant          0                0         -       0             19.5 µs  mmap, munmap

    naive: linear throughout, no cliff.
    lazy: linear up to 130,048 bytes (127 KiB), constant from 130,049 on. It settles after 2 iterations at most.
    Simulated time is events times the costs of a profile: linux-vm.
    "
  `);
});

test("ranges lie between cliffs", () => {
  const ranges = costRanges(fakeCliffs("lazy", 130_048));
  expect(ranges.map(({ cost, from, to }) => [cost, from.bytes, to.bytes])).toEqual([
    ["linear", 1024, 130_048],
    ["constant", 130_049, MIB],
  ]);
  expect(costRanges(fakeCliffs("naive"))).toHaveLength(1);
});

describe("a sentence", () => {
  test("names every cliff", () => {
    const cliffs: CliffsResult["cliffs"] = [
      { bytes: 1000, below: "constant", above: "linear" },
      { bytes: 134_213_632, below: "linear", above: "constant" },
      { bytes: 2 ** 30, below: "constant", above: "linear" },
    ];
    expect(saidOf({ cliffs, points: [] })).toMatchInlineSnapshot(`
      [
        "lazy: constant up to 1,000 bytes, linear up to 134,213,632 bytes (about 128 MiB), constant up to 1,073,741,824 bytes (1 GiB), linear from 1,073,741,825 on.",
      ]
    `);
  });

  test("says where memory ends", () => {
    expect(saidOf({ cliffs: [], points: [fakePoint(1024, "linear"), fakePoint(5000, "linear")] })).toEqual([
      "lazy: linear throughout, no cliff. There is no memory for more than 5,000 bytes.",
    ]);
  });

  test("says that some sizes do not settle", () => {
    const { settledAfter: _, ...restless } = fakePoint(1024, "linear");
    expect(saidOf({ cliffs: [], points: [restless, fakePoint(MIB, "linear", 1)] })).toEqual([
      "lazy: linear throughout, no cliff. It settles after an iteration. At 1 of 2 sizes no two iterations cost the same: those are means.",
    ]);
  });
});

test("the same table is Markdown", () => {
  const lines = renderMarkdown(cliffsSheet(report)).split("\n");
  expect(lines).toContain(
    "| lazy | 1,024 | 130,048 | linear | 0 | 1 KiB – 127 KiB | 100% | 0 | 0.035 µs – 4.44 µs | none |",
  );
  expect(lines).toContain("|  | 130,049 | 1,048,576 | constant | 0 | 0 | - | 0 | 19.5 µs | mmap, munmap |");
});

test("as CSV there is a row for each point, with the same columns in all", () => {
  const [names = "", ...rows] = renderCsv(cliffsRows(report)).trimEnd().split("\r\n");
  expect(rows).toHaveLength(3 + 5);
  const columns = names.split(",");
  expect(columns).toEqual(
    expect.arrayContaining([
      "allocator",
      "bytes",
      "cost",
      "zeroed.needless",
      "syscalls.mmap",
      "first.faults",
      "simulatedSeconds",
      "costs",
    ]),
  );
  for (const row of rows) expect(row.split(",")).toHaveLength(columns.length);
  const last = Object.fromEntries((rows.at(-1) ?? "").split(",").map((cell, i) => [columns[i], cell]));
  expect(last).toMatchObject({ allocator: "lazy", bytes: "1048576", cost: "constant", "syscalls.brk": "0" });
});

test("as CSV a point that never settles has an empty cell", () => {
  const { settledAfter: _, ...restless } = fakePoint(1024, "linear");
  const csv = renderCsv(
    cliffsRows(cliffsOf({ ...fakeCliffs("a"), points: [fakePoint(512, "linear", 1), restless] })),
  );
  const [names = "", settled = "", never = ""] = csv.split("\r\n").map((row) => row.split(","));
  const at = (names as string[]).indexOf("settledAfter");
  expect([settled[at], never[at]]).toEqual(["1", ""]);
});
