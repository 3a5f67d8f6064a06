import fc from "fast-check";
import { expect, test } from "vitest";
import { runsRows } from "../../src/experiments/runs/csv.js";
import { renderCsv } from "../../src/report/csv.js";
import type { Report } from "../../src/results/run.js";
import { benfield, fakeResult, reportOf } from "../results/fakes.js";

/** Reads RFC 4180, strictly: every record ends in CRLF. */
function parseCsv(text: string): string[][] {
  const rows: string[][] = [];
  let row: string[] = [];
  const cell = /(?:"((?:[^"]|"")*)"|([^",\r\n]*))(,|\r\n)/gy;
  let end = 0;
  for (const [token, quoted, bare, separator] of text.matchAll(cell)) {
    end += token.length;
    row.push(quoted?.replaceAll('""', '"') ?? bare ?? "");
    if (separator !== ",") row = rows.push(row) ? [] : row;
  }
  expect(end).toBe(text.length);
  return rows;
}

const column = (report: Report, name: string) => {
  const [header = [], ...rows] = parseCsv(renderCsv(runsRows(report)));
  expect(header).toContain(name);
  return rows.map((row) => row[header.indexOf(name)]);
};

test("one flat row per result", () => {
  const run = { allocator: "libmalloc", mib: 100, cost: "linear", hostSeconds: 0.25 } as const;
  expect(renderCsv(runsRows(reportOf(run))).replaceAll("\r\n", "⏎\n")).toMatchInlineSnapshot(`
    "scenario,allocator,parameters.count,parameters.written,parameters.bytes,cost,calls,faults.zeroMap,faults.zeroFill,faults.copyOnWrite,faults.needless,zeroed.kernel,zeroed.allocator,zeroed.needless,syscalls.mmap,syscalls.munmap,syscalls.mremap,syscalls.brk,syscalls.madviseDontneed,syscalls.madviseFree,syscalls.madviseNohugepage,syscalls.madviseFreeReusable,syscalls.madviseFreeReuse,syscalls.madviseCanReuse,syscalls.mincore,syscalls.vmCopy,syscalls.mprotect,walked.mmap,walked.munmap,walked.mremap,walked.brk,walked.madviseDontneed,walked.madviseFree,walked.madviseNohugepage,walked.madviseFreeReusable,walked.madviseFreeReuse,walked.madviseCanReuse,walked.mincore,walked.vmCopy,walked.mprotect,touched.read,touched.written,bytes.virtual,bytes.resident,bytes.peakResident,bytes.inUse,bytes.system,bytes.cached,simulated.costs,simulated.seconds,simulated.parts.faults,simulated.parts.zeroedByKernel,simulated.parts.zeroedByAllocator,simulated.parts.syscalls,hostSeconds⏎
    calloc-loop,libmalloc,10000,0,104857600,linear,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,macos-2016,0,0,0,0,0,0.25⏎
    "
  `);
});

test("figures are plain numbers", () => {
  expect(column(benfield, "faults.zeroFill").slice(0, 3)).toEqual(["256000000", "0", "25600"]);
  expect(column(benfield, "zeroed.needless").slice(0, 3)).toEqual(["1048576000000", "0", "1048471142400"]);
});

test("a column that only some results have is empty for the others", () => {
  const report = reportOf(
    { allocator: "lazy", mib: 1 },
    { allocator: "libmalloc", options: { zeroing: "dirty" }, mib: 1, cost: "linear" },
    { allocator: "libmalloc", options: { memory: 2 ** 30 } },
  );
  expect(column(report, "options.zeroing")).toEqual(["", "dirty", ""]);
  expect(column(report, "options.memory")).toEqual(["", "", "1073741824"]);
  expect(column(report, "cost")).toEqual(["", "linear", ""]);
  expect(column(report, "parameters.bytes")).toEqual(["1048576", "1048576", ""]);
});

test("any text survives", () => {
  fc.assert(
    fc.property(
      fc.array(fc.string({ unit: fc.constantFrom('"', ",", "\r", "\n", "a", " ", "é") }), { minLength: 1 }),
      (names) => {
        const results = names.map((allocator) => fakeResult({ allocator }));
        expect(column({ scenario: "replay", parameters: {}, results }, "allocator")).toEqual(names);
      },
    ),
  );
});

test("a report without results is empty", () => {
  expect(renderCsv(runsRows(reportOf()))).toBe("\r\n");
});
