import { describe, expect, it } from "vitest";
import type { BenchOutcome, BenchResult } from "../../src/compare/record.js";
import { slowerThan } from "../../src/compare/table.js";
import { fakeCounts, fakePlan } from "./fakes.js";

const timing = (low: number | null = 1, high = low) => ({
  samples: [1],
  median: 1,
  low: 1,
  spread: 0,
  ratioOf: "low" as const,
  ratio: { value: low ?? 1, low, high },
});
const done = (low?: number | null, high?: number | null): BenchOutcome => ({
  ...{ state: "done", rounds: 3, first: timing(), steady: timing(9), javascript: null, counts: fakeCounts },
  ...{
    cpu: { first: timing(), steady: timing(low, high), javascript: null },
    judged: "cpu",
    net: null,
    latency: null,
  },
});
const late: BenchOutcome = { state: "late", seconds: 10 };

/** What is said where `a`, the baseline, and `b` came through two traces so. */
const said = (a: BenchOutcome[], b: BenchOutcome[]) => {
  const of = (subject: string, outcomes: BenchOutcome[]) =>
    outcomes.map(
      (outcome, i): BenchResult => ({
        ...{ subject, trace: "tu"[i] as string, shard: 1, finished: true, outcome },
      }),
    );
  return slowerThan({ ...fakePlan(), results: [...of("a", a), ...of("b", b)] }, 0.05);
};

describe("slower than the baseline", () => {
  it("is what is so by its whole interval", () => {
    expect(said([done(), done()], [done(1.06, 1.2), done(1.04, 1.5)])).toEqual([
      "b on t is at least 6.0 % slower than a",
    ]);
  });

  it("is what did not come through where the baseline did", () => {
    expect(said([done(), late], [late, late])).toEqual([
      "b on t: it did not finish a round within 10 seconds",
    ]);
    expect(said([done(), late], [done(), late])).toEqual([]);
  });

  it("is not known of what had too few rounds, which is told", () => {
    expect(said([done(), done()], [done(null), done()])).toEqual([
      "b on t did fewer than 6 rounds together with a, too few to judge it: allow more --rounds, or a larger --budget",
    ]);
  });

  it("is not known of any where the baseline came through nothing", () => {
    expect(said([late, late], [done(), done()])).toEqual([
      "a finished no trace, so that nothing can be compared with it",
    ]);
    expect(said([], [])).toEqual([]);
  });
});
