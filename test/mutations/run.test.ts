/** The parts of the mutation script that neither build nor run anything. */
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { AREAS, staleIn } from "./areas.js";
import { type Area, chooseAreas, chooseNumbers, mutantsIn, plant } from "./mutants.js";
import { outcomeOf, type Report } from "./outcome.js";

const SOURCE = "count++;\ntotal += count;\ncount--;\n";

const mutant = (before: string, after: string) => {
  const [only] = mutantsIn("assembly", { "some.ts": [["a counter", before, after]] });
  if (!only) throw new Error("no mutant");
  return only;
};

describe("planting", () => {
  it("changes the one place where the text is", () => {
    expect(plant(SOURCE, mutant("count++;\n", ""))).toBe("total += count;\ncount--;\n");
    expect(plant(SOURCE, mutant("total", "$&"))).toBe("count++;\n$& += count;\ncount--;\n");
  });

  it("refuses a text that is gone, or there more than once", () => {
    expect(() => plant(SOURCE, mutant("count -= 1;", ""))).toThrow("occurs 0 times, not once: count -= 1;");
    expect(() => plant(SOURCE, mutant("count", "total"))).toThrow("occurs 3 times");
  });
});

it("every mutant's text is in its file once, so that a change of the sources takes its mutants along", () => {
  expect(staleIn(fileURLToPath(new URL("../..", import.meta.url)), AREAS)).toEqual([]);
});

describe("choosing", () => {
  const area = (name: string): Area => ({ name, modules: [], tests: [], mutants: [] });
  const areas = [area("one"), area("other")];

  it("takes all areas, or the one that is named", () => {
    expect(chooseAreas(areas, undefined)).toEqual(areas);
    expect(chooseAreas(areas, "other")).toEqual([areas[1]]);
    expect(() => chooseAreas(areas, "another")).toThrow("there are: one, other");
  });

  it.each([
    [undefined, [1, 2, 3, 4, 5]],
    ["3", [3]],
    ["2..4", [2, 3, 4]],
    ["5,1..2", [1, 2, 5]],
  ])("takes the numbers %s", (only, numbers) => {
    expect(chooseNumbers(only, 5)).toEqual(numbers);
  });

  it.each(["0", "6", "2..6", "x", "", "1..2..3x", "1.5"])("refuses the numbers '%s'", (only) => {
    expect(() => chooseNumbers(only, 5)).toThrow("is no mutant: they are 1..5");
  });
});

describe("the outcome", () => {
  const report = (success: boolean, message: string, ...statuses: string[]): Report => ({
    success,
    numPassedTests: statuses.filter((status) => status === "passed").length,
    testResults: [
      { message, assertionResults: statuses.map((status, i) => ({ status, fullName: ` test ${i}` })) },
    ],
  });

  it("is the first test that failed", () => {
    const outcome = outcomeOf(report(false, "", "passed", "failed", "failed"));
    expect(outcome).toEqual({ state: "killed", by: "test 1" });
  });

  it("is a file that failed before its tests", () => {
    expect(outcomeOf(report(false, "internal: counted"))).toEqual({
      state: "killed",
      by: "internal: counted",
    });
  });

  it("is a crash where something else went wrong", () => {
    expect(outcomeOf(report(false, "", "passed"))).toEqual({ state: "killed", by: "a crash of the tests" });
  });

  it("is survival where all tests passed, if there were any", () => {
    expect(outcomeOf(report(true, "", "passed", "pending"))).toEqual({ state: "survived" });
    expect(() => outcomeOf(report(true, "", "pending"))).toThrow("no test ran");
  });
});
