import { expect, it } from "vitest";
import { tierUpBudget } from "../../src/cli/tier-up.js";
import { assemble } from "../wasm/assemble.js";

/** A module with a function of about so many bytes, which runs once. */
const starting = (bytes: number) =>
  assemble(`(module (memory 1) (func $start ${"(drop (i32.load (i32.const 0)))".repeat(bytes / 6)})
    (start $start))`);

it("a function of a quarter of a megabyte may run some hundred times before it is optimized", () => {
  expect(tierUpBudget(starting(1000))).toBeUndefined();
  const budget = tierUpBudget(starting(300_000)) ?? 0;
  expect(budget).toBeGreaterThan(256 * 290_000);
  expect(budget).toBeLessThan(256 * 310_000);
});
