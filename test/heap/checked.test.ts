/** What users would run: `zeropage check` finds nothing wrong. test/mutations holds `check` alone to finding planted bugs. */
import { readFile } from "node:fs/promises";
import { beforeAll, expect, it, vi } from "vitest";
import { conformanceCases } from "../../src/conformance.js";
import { checkModule, type ModuleCheckReport } from "../../src/foreign.js";

// On a machine that runs other tests beside.
vi.setConfig({ hookTimeout: 300_000 });

let report: ModuleCheckReport;

beforeAll(async () => {
  report = await checkModule(await readFile(new URL("../../build/heap.wasm", import.meta.url)));
});

it.each(conformanceCases)("the heap passes $name", ({ name }) => {
  expect(report.outcomes.find((one) => one.name === name)).toMatchObject({ state: "pass" });
});

it("the heap has every function of its own", () => {
  expect(Object.values(report.module.functions).filter((one) => !("native" in one))).toEqual([]);
});
