import { expect, test } from "vitest";
import { jsonReport, plainJson, SCHEMA } from "../../src/report/json.js";
import { benfield, fakeResult, reportOf } from "../results/fakes.js";

test("JSON is the record itself, after what form it has and what wrote it", () => {
  const json = JSON.parse(jsonReport(benfield, "1.2.3"));
  expect(json).toEqual({ schema: SCHEMA, version: "1.2.3", ...benfield });
  expect(Object.keys(json).slice(0, 2)).toEqual(["schema", "version"]);
});

test("JSON of a record that was read says what made it, in the form it is written in now", () => {
  const read = { schema: 0, version: "0.9.0", scenario: "bench" };
  const json = { schema: SCHEMA, version: "0.9.0", scenario: "bench" };
  expect(JSON.parse(jsonReport(read, "1.2.3"))).toEqual(json);
});

test("JSON in the form of others has no more than they want", () => {
  expect(plainJson([{ name: "a" }])).toBe('[\n  {\n    "name": "a"\n  }\n]\n');
});

test("JSON keeps the contract", () => {
  const report = reportOf({
    allocator: "libmalloc",
    options: { zeroing: "dirty" },
    mib: 100,
    hostSeconds: 0.25,
  });
  expect(jsonReport(report, "1.2.3")).toMatchInlineSnapshot(`
    "{
      "schema": 1,
      "version": "1.2.3",
      "scenario": "calloc-loop",
      "parameters": {
        "count": 10000,
        "written": 0
      },
      "results": [
        {
          "allocator": "libmalloc",
          "options": {
            "zeroing": "dirty"
          },
          "parameters": {
            "bytes": 104857600,
            "count": 10000,
            "written": 0
          },
          "counters": {
            "calls": 0,
            "faults": {
              "zeroMap": 0,
              "zeroFill": 0,
              "copyOnWrite": 0,
              "needless": 0
            },
            "zeroed": {
              "kernel": 0,
              "allocator": 0,
              "needless": 0
            },
            "syscalls": {
              "mmap": 0,
              "munmap": 0,
              "mremap": 0,
              "brk": 0,
              "madviseDontneed": 0,
              "madviseFree": 0,
              "madviseNohugepage": 0,
              "madviseFreeReusable": 0,
              "madviseFreeReuse": 0,
              "madviseCanReuse": 0,
              "mincore": 0,
              "vmCopy": 0,
              "mprotect": 0
            },
            "walked": {
              "mmap": 0,
              "munmap": 0,
              "mremap": 0,
              "brk": 0,
              "madviseDontneed": 0,
              "madviseFree": 0,
              "madviseNohugepage": 0,
              "madviseFreeReusable": 0,
              "madviseFreeReuse": 0,
              "madviseCanReuse": 0,
              "mincore": 0,
              "vmCopy": 0,
              "mprotect": 0
            },
            "touched": {
              "read": 0,
              "written": 0
            },
            "bytes": {
              "virtual": 0,
              "resident": 0,
              "peakResident": 0,
              "inUse": 0,
              "system": 0,
              "cached": 0
            }
          },
          "simulated": {
            "costs": "macos-2016",
            "seconds": 0,
            "parts": {
              "faults": 0,
              "zeroedByKernel": 0,
              "zeroedByAllocator": 0,
              "syscalls": 0
            }
          },
          "hostSeconds": 0.25
        }
      ]
    }
    "
  `);
});

test("a result without a kind of cost has no such key", () => {
  expect(Object.keys(fakeResult({ allocator: "lazy" }))).not.toContain("cost");
});
