/** A small part of what `npm run fuzz` does: the same seeds each time, with what was counted. */
import { expect, it } from "vitest";
import { explore, shown, summary } from "./explore.js";
import { FUZZERS, findFuzzer } from "./fuzzers.js";

/** Of each fuzzer the seeds, and how much of something they come to at least. */
const PARTS: Record<string, [first: number, seeds: number, what: string, least: number]> = {
  programs: [59, 1, "operations", 1e6],
  calls: [8, 1, "misuses", 80],
  traces: [1, 4, "operations", 2000],
  own: [1, 4, "calls", 12],
  mutants: [1, 4, "valid", 10],
  binaryen: [1, 1, "compared", 1],
  readers: [1, 1, "read", 100],
  frames: [2, 1, "kept", 10],
  host: [1, 1, "ended", 20],
};

it("all have their part", () => expect(Object.keys(PARTS)).toEqual(Object.keys(FUZZERS)));

it.each(Object.entries(PARTS))("%s finds nothing", async (name, [first, seeds, what, least]) => {
  const fuzzer = await findFuzzer(name);
  const explored = await explore(fuzzer, first, (seed) => seed < first + seeds);
  console.log(summary(name, explored));
  expect(explored.finding && shown(fuzzer, explored.finding)).toBeUndefined();
  expect(explored.counts[what]).toBeGreaterThanOrEqual(least);
});

it.each([6, 10])(
  "frames end where more is mapped at first than the program touches, seed %i",
  async (seed) => {
    const { counts, finding } = await explore(await findFuzzer("frames"), seed, (at) => at === seed);
    expect(finding).toBeUndefined();
    expect(counts.ended).toBeGreaterThan(0);
  },
);
