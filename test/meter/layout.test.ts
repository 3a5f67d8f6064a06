import { expect, it } from "vitest";
import { readHooks } from "../../src/meter/hooks.js";
import { counterAddress, HOOKS, PAGE_BYTES } from "../../src/meter/layout.js";
import { WASM_PAGE_BYTES } from "../../src/wasm/pages.js";

it("agrees with the module that counts, where that says a number itself", async () => {
  const { layout, hooks } = await readHooks();
  expect(counterAddress(layout, "storedOverZeroes")).toBe(layout.NEEDLESSLY_STORED);
  expect(counterAddress(layout, "refused") + 8).toBe(layout.SEEN_UNKNOWN);
  expect(counterAddress(layout, "loads")).toBe(layout.COUNTERS);
  expect(Object.keys(hooks)).toEqual([...HOOKS]);
  expect(new Set(Object.values(hooks)).size).toBe(HOOKS.length);
});

it("has a byte for every page of 32 bits in each map, and the module's memory on a page of its own", async () => {
  const { layout } = await readHooks();
  const maps = [layout.READ, layout.WRITTEN, layout.CLEARED, layout.UNKNOWN, layout.COUNTERS];
  const bytes = 2 ** 32 / PAGE_BYTES;
  expect(maps).toEqual([0, bytes, 2 * bytes, 3 * bytes, 4 * bytes]);
  expect(layout.BASE % WASM_PAGE_BYTES).toBe(0);
  expect(layout.BASE).toBeGreaterThan(layout.SEEN_UNKNOWN);
});
