/** What users would run: `zeropage check` finds nothing wrong. test/mutations holds `check` alone to finding planted bugs. */
import { readFile } from "node:fs/promises";
import { expect, it, vi } from "vitest";
import { conformanceCases } from "../../src/conformance.js";
import { checkModule } from "../../src/foreign.js";

// On a machine that runs other tests beside.
vi.setConfig({ testTimeout: 120_000 });

const read = () => readFile(new URL("../../build/heap.wasm", import.meta.url));

it.each(conformanceCases)("the heap passes $name", async ({ name }) => {
  const { outcomes } = await checkModule(await read(), { cases: [name] });
  expect(outcomes).toMatchObject([{ state: "pass" }]);
});

it("the heap has every function of its own", async () => {
  const { module } = await checkModule(await read(), { cases: ["nothing"] });
  expect(Object.values(module.functions).filter((one) => !("native" in one))).toEqual([]);
});
