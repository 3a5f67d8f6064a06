/** A tune of wasm modules: exact memory and measured time are judged, and kept apart. */
import { describe, expect, it } from "vitest";
import type { BenchRecord, BenchResult, Timing } from "../../src/compare/record.js";
import type { TuneGoal } from "../../src/results/tune.js";
import { moduleTune } from "../../src/tune/modules.js";
import { moduleTuneRows, moduleTuneSheet } from "../../src/tune/modules-sheet.js";
import { fakeCounts, fakePlan } from "../compare/fakes.js";

interface Made {
  /** Bytes, and pages touched. */
  memory: number;
  pages: number;
  /** The ratio to the baseline's time, and the ends of its interval. */
  time: [value: number, low: number | null, high: number | null];
}

function timing([value, low, high]: Made["time"], isBaseline: boolean): Timing {
  const ratio = isBaseline ? null : { value, low, high };
  return { samples: [3], median: 3, low: 3, spread: 0, ratio, ratioOf: "low" };
}

const result = (subject: string, trace: string, { memory, pages, time }: Made): BenchResult => {
  const one = timing(time, subject === "a");
  const times = { first: one, steady: one, javascript: null };
  return {
    ...{ subject, trace, shard: 1, finished: true },
    outcome: {
      ...{ state: "done", rounds: 8, ...times, cpu: times, judged: "cpu", net: null, latency: null },
      counts: {
        ...fakeCounts,
        memory: { initial: 65_536, peak: memory, final: memory },
        metered: {
          touched: { read: 0, written: pages, either: pages },
          zeroed: { bytes: 4096, needless: 1024 },
        },
      },
    },
  };
};

const BASE: Made = { memory: 2 ** 20, pages: 100, time: [1, null, null] };

/** What a and b, each the same on both traces, and perhaps c come to. */
function record(b: Partial<Made>, c: BenchResult["outcome"] | null = null): BenchRecord {
  const plan = fakePlan(null, 8);
  const subjects = plan.subjects.slice(0, c ? 3 : 2);
  const results = ["t", "u"].flatMap((trace) => [
    result("a", trace, BASE),
    result("b", trace, { ...BASE, ...b }),
    ...(c ? [{ subject: "c", trace, shard: 1, finished: true, outcome: c }] : []),
  ]);
  return { ...plan, subjects, results, complete: true };
}

const report = (of: BenchRecord, goal: TuneGoal = "both") =>
  moduleTune(of, { goal, ended: "converged", threads: [undefined, 3] });

const faster: Made["time"] = [0.5, 0.45, 0.6];

describe("memory", () => {
  it("is compared by its size and by the pages touched", () => {
    const outcome = report(record({ memory: 2 ** 18, pages: 25 })).results[1]?.outcome;
    expect(outcome).toMatchObject({
      figures: [
        { memory: 2 ** 18, touched: 25 * 4096, zeroed: 4096, needless: 1024 },
        { memory: 2 ** 18, touched: 25 * 4096 },
      ],
    });
    expect(outcome?.state === "done" && outcome.resident).toBeCloseTo(0.25, 12);
  });

  it("is all that a tune for it looks at, and all of what is not measured is the same on every host", () => {
    const [one, other] = ([faster, [3, 2, 4]] as const).map((time) =>
      report(record({ pages: 50, time: [...time] }), "resident"),
    );
    expect(one?.recommendation).toMatchObject({ result: 1, isBaseline: false });
    const { measured: _, front: __, ...exact } = one ?? report(record({}));
    expect({ ...other, measured: _, front: __ }).toEqual({ ...exact, measured: _, front: __ });
  });
});

describe("measured time", () => {
  it.each<[string, Made["time"], TuneGoal, number]>([
    ["surely less is better", faster, "time", 1],
    ["less, but perhaps more, is not", [0.9, 0.7, 1.1], "time", 0],
    ["less without an interval is not", [0.5, null, null], "time", 0],
    ["less by so little is not worth it", [0.994, 0.992, 0.996], "time", 0],
    ["surely less outweighs a little more memory", faster, "both", 1],
    ["more takes away what memory brings", [2.2, 2.1, 2.3], "both", 0],
  ])("%s", (_, time, goal, expected) => {
    const pages = goal === "both" && time[0] > 1 ? 50 : 110;
    const { recommendation } = report(record({ pages, time }), goal);
    expect(recommendation).toMatchObject({ result: expected, isBaseline: expected === 0 });
  });

  it("of several traces is the mean of all; of a trace without it there is none", () => {
    const both = record({ time: [0.25, 0.2, 0.3] });
    both.results[3] = result("b", "u", { ...BASE, time: [4, 3, 5] });
    expect(report(both).measured.times[1]?.value).toBeCloseTo(1, 12);
    both.results[3] = result("b", "u", { ...BASE, time: [4, null, null] });
    expect(report(both).measured.times[1]).toMatchObject({ low: null, high: null });
  });
});

describe("a module that did not come through", () => {
  const exhausted: BenchResult["outcome"] = {
    state: "exhausted",
    ...{ operations: 7, failedAllocations: 1, trapped: false, memoryBytes: 65_536 },
  };

  it("is told, and never recommended", () => {
    const its = report(record({}, exhausted));
    expect(its.results[2]?.outcome).toMatchObject({ state: "failed" });
    expect(its.recommendation?.result).toBe(0);
    expect(its.front).not.toContain(2);
    expect(moduleTuneSheet(its).sentences.join(" ")).toContain("c cannot be recommended: t: ");
    expect(moduleTuneRows(its)).toHaveLength(2 + 2 + 1);
  });

  it("leaves nothing to compare with, if it is the baseline", () => {
    const all = record({ time: faster });
    all.results = all.results.map((one) => (one.subject === "a" ? { ...one, outcome: exhausted } : one));
    const its = report(all, "time");
    expect(its.recommendation).toBeNull();
    expect(its.front).toEqual([]);
    expect(moduleTuneSheet(its).sentences[0]).toBe(
      "Nothing is recommended: a, which all are compared with, did not come through.",
    );
  });
});

it("says what is measured, and what is taken for granted of threads", () => {
  const { sentences } = moduleTuneSheet(report(record({ time: faster })));
  expect(sentences[0]).toBe(
    "Recommended for memory and measured time together: b, which takes 100% of the memory of a, and 0.50 (0.45 to 0.60) times its time.",
  );
  expect(sentences.join(" ")).toContain("u has 3 threads; a wasm module has one");
  expect(sentences.join(" ")).toMatch(
    /Memory is exact, .* Time is measured, in up to 8 rounds, on machine 0/,
  );
});
