import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { recordText } from "../../src/compare/digest.js";
import type { BenchRecord } from "../../src/compare/record.js";
import { fakePlan } from "../compare/fakes.js";
import { bench, path, SURE, useTraces } from "./bench-fixtures.js";
import { run } from "./fakes.js";

const folder = mkdtempSync(join(tmpdir(), "zeropage-compare-"));
afterAll(() => rmSync(folder, { recursive: true }));
const old = join(folder, "old.json");
const fresh = join(folder, "new.json");
const other = join(folder, "other.json");
const later = join(folder, "later.json");
useTraces();

/** The record with as-stub's steady samples near so many nanoseconds, and the others' near 100: a busy machine's own decide nothing here. */
function timed(record: BenchRecord, ns: number): BenchRecord {
  const copy = structuredClone(record);
  for (const { subject, outcome } of copy.results) {
    if (outcome.state !== "done") continue;
    for (const { steady } of [outcome, outcome.cpu ?? outcome]) {
      steady.samples = steady.samples.map(
        (_, round) => (subject === "as-stub" ? ns : 100) * (1 + round / 100),
      );
    }
  }
  return copy;
}

beforeAll(async () => {
  const measured = await bench("as-tlsf", "as-stub", ...SURE, "--trace", path("small.txt"));
  const record = timed(measured, 100);
  writeFileSync(old, recordText(record));
  writeFileSync(fresh, recordText(timed(measured, 500)));
  writeFileSync(later, JSON.stringify({ ...record, schema: 2, version: "9.0.0" }));
  writeFileSync(other, JSON.stringify({ ...fakePlan(), scenario: "another" }));
});

it("compares two records that bench wrote, and judges by the exit code if it is told to", async () => {
  const same = await run(["bench", "--compare", old, old, "--fail-if-slower", "5%"]);
  expect(same).toMatchObject({ code: 0, stderr: "" });
  expect(same.stdout).toMatch(/^as-stub +small .* noise /m);
  const slower = await run(["bench", "--compare", old, fresh, "--fail-if-slower", "5%"]);
  expect(slower.code).toBe(1);
  expect(slower.stdout).toMatch(/^as-stub +small .* slower /m);
  expect(slower.stderr).toMatch(/^zeropage: as-stub on small is at least 400\.0 % slower than before\n$/);
  expect((await run(["bench", "--compare", old, fresh])).code).toBe(0);
});

it("has forms for others", async () => {
  const json = JSON.parse((await run(["bench", "--compare", old, fresh, "--json"])).stdout);
  expect(json).toMatchObject({ scenario: "bench-comparison", old, new: fresh, differences: [] });
  expect((await run(["bench", "--compare", old, fresh, "--markdown"])).stdout).toContain(
    "| allocator | trace |",
  );
});

it.each([
  [["--compare", old], "--compare: name two records, the old one first; there are 1"],
  [["--compare", old, fresh, other], "--compare: name two records, the old one first; there are 3"],
  [
    ["as-tlsf", "--compare", old, fresh],
    '--compare: name no modules beside the two records, as "as-tlsf" is',
  ],
  [["--compare", old, fresh, "--html", "x.html"], "has no use for --html: leave that out"],
  [["--compare", old, other], "is not a record of zeropage bench"],
  [
    ["--compare", old, later],
    "was written by zeropage 9.0.0, in a form that this one does not know: use that",
  ],
  [["--compare", old, join(folder, "none.json")], "there is no such file"],
])("%j is a wrong command line", async (argv, message) => {
  const { code, stdout, stderr } = await run(["bench", ...argv]);
  expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
  expect(stderr).toContain(message);
});
