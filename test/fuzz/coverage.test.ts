/** Coverage tells an input that reaches new code from one that does not, within a function too. */
import { expect, it } from "vitest";
import { Coverage } from "./coverage.js";

function signs(text: string): string {
  if (text.startsWith("z")) {
    if (text.endsWith("e")) return "both";
    return "first";
  }
  return text === "" ? "nothing" : "none";
}

it("what ran for the first time is new, once, and what else there is in the function is new later", () => {
  const coverage = new Coverage((url) => url.includes("coverage.test"));
  const isNew = (text: string) => {
    coverage.isNew();
    signs(text);
    return coverage.isNew();
  };
  expect(["a", "b", "zero", "zap", "zone", "zoe", "", "x"].map(isNew)).toEqual([
    ...[true, false, true, false, true, false, true, false],
  ]);
  const { characters } = coverage;
  signs("zone");
  expect(coverage.isNew()).toBe(false);
  expect(coverage.characters).toBe(characters);
});

it("code of others is not looked at", () => {
  const coverage = new Coverage(() => false);
  signs("zone");
  expect(coverage.isNew()).toBe(false);
  expect(coverage.characters).toBe(0);
});
