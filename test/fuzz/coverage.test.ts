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

/** Runs once while it is counted what runs. */
function counting(isOurs: (url: string) => boolean, run: (coverage: Coverage) => void): void {
  const coverage = new Coverage(isOurs);
  for (const one of coverage.during([coverage])) run(one);
}

const isThisFile = (url: string) => url.includes("coverage.test");

it("what ran for the first time is new, once, and what else there is in the function is new later", () => {
  counting(isThisFile, isNewOnce);
});

function isNewOnce(coverage: Coverage): void {
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
}

it("code of others is not looked at", () => {
  counting(
    () => false,
    (coverage) => {
      signs("zone");
      expect(coverage.isNew()).toBe(false);
      expect(coverage.characters).toBe(0);
    },
  );
});

it("nothing is counted afterwards", () => {
  const coverage = new Coverage(isThisFile);
  for (const _ of coverage.during([0])) coverage.isNew();
  expect(() => coverage.isNew()).toThrow("not connected");
});
