/** What may be recommended, and what is said of it, of results that are made up. */
import { describe, expect, it } from "vitest";
import type { TuneFigures, TuneGoal, TuneReport, TuneResult } from "../../src/results/tune.js";
import { frontOf } from "../../src/tune/front.js";
import { waysToSet } from "../../src/tune/reality.js";
import { mostAlone, othersThan, recommend } from "../../src/tune/recommend.js";
import { ratiosOf } from "../../src/tune/score.js";
import { tuneSentences } from "../../src/tune/words.js";

const MIB = 2 ** 20;

const figures = (mib: number, seconds: number): TuneFigures => ({
  ...{ peakResident: mib * MIB, averageResident: mib * MIB, seconds },
  ...{ faults: 1000 * seconds, syscalls: 100, needless: 0 },
});

const BASELINE = figures(100, 1);

function done(
  allocator: string,
  options: TuneResult["options"],
  mib: number,
  seconds: number,
  unsure?: string[],
): TuneResult {
  const its = figures(mib, seconds);
  return {
    ...{ allocator, options, ...(unsure && { unsure }) },
    outcome: { state: "done", figures: [its], ratios: ratiosOf([its], [BASELINE]) },
  };
}

const glibc = done("glibc", {}, 100, 1);
const failed = (state: "failed" | "refused", allocator = "glibc"): TuneResult => ({
  ...{ allocator, options: { topPad: 1 } },
  outcome: { state, message: "out of memory" },
});

function reportOf(results: TuneResult[], goal: TuneGoal): TuneReport {
  const place = recommend(results, goal);
  const alone = place === null ? undefined : mostAlone(results, place, goal);
  const { ways, unknown } =
    place === null
      ? { ways: [], unknown: [] }
      : waysToSet(results[place]?.allocator as string, results[place]?.options ?? {});
  return {
    ...{ scenario: "tune", parameters: { goal, touch: "none", settings: 200 } },
    ...{
      traces: [{ name: "a trace", operations: 10 }],
      ended: "converged",
      results,
      front: frontOf(results),
    },
    recommendation:
      place === null
        ? null
        : {
            ...{ result: place, isBaseline: place === 0, ways, unknownWays: unknown },
            ...(alone && { alone }),
            variations:
              place === 0
                ? []
                : [
                    { name: "touch none", ratios: { resident: 0.7, time: 1.3 } },
                    { name: "touch object", ratios: { resident: 0.9, time: 1 } },
                  ],
          },
  };
}

describe("what is recommended", () => {
  it("is the best for each goal", () => {
    const results = [
      glibc,
      done("glibc", { topPad: 0 }, 50, 4),
      done("glibc", { topPad: 8 * MIB }, 150, 0.4),
    ];
    expect(recommend(results, "resident")).toBe(1);
    expect(recommend(results, "time")).toBe(2);
    expect(recommend(results, "both")).toBe(2);
  });

  it("is never a run that failed, or was refused, however good it looks", () => {
    expect(recommend([glibc, failed("failed"), failed("refused")], "resident")).toBe(0);
    expect(recommend([failed("failed"), failed("refused")], "resident")).toBeNull();
    expect(recommend([failed("failed"), done("tcmalloc", {}, 100, 1)], "resident")).toBe(1);
  });

  it("is nothing that a model is not sure of", () => {
    expect(recommend([glibc, done("glibc", { version: "2.39" }, 1, 0.01, ["read"])], "both")).toBe(0);
    const unsure = done("glibc", { version: "2.39" }, 100, 1, ["read"]);
    expect(recommend([unsure, done("tcmalloc", {}, 120, 1)], "both")).toBeNull();
    expect(recommend([unsure, done("tcmalloc", {}, 80, 1)], "both")).toBe(1);
  });

  it("stays what it is where the gain is not worth a setting", () => {
    expect(recommend([glibc, done("glibc", { topPad: 0 }, 99.5, 1)], "resident")).toBe(0);
    expect(recommend([glibc, done("glibc", { topPad: 0 }, 98.5, 1)], "resident")).toBe(1);
  });

  it("is the baseline's allocator where another is hardly better", () => {
    const own = done("glibc", { topPad: 0 }, 50, 1);
    expect(recommend([glibc, done("jemalloc", {}, 49.8, 1), own], "resident")).toBe(2);
    expect(recommend([glibc, done("jemalloc", {}, 48, 1), own], "resident")).toBe(1);
  });

  it("has no setting that brings next to nothing", () => {
    const [one, both] = [{ topPad: 0 }, { topPad: 0, mxfast: 0 }];
    expect(recommend([glibc, done("glibc", both, 50, 1), done("glibc", one, 50.2, 1)], "resident")).toBe(2);
    expect(recommend([glibc, done("glibc", both, 50, 1), done("glibc", one, 52, 1)], "resident")).toBe(1);
  });
});

describe("others than the recommendation", () => {
  it("are worth it, the best first, and set other options, or are of another allocator", () => {
    const results = [
      glibc,
      done("glibc", { topPad: 0 }, 50, 1),
      done("glibc", { topPad: 4096 }, 51, 1),
      done("glibc", { mxfast: 0 }, 70, 1),
      done("glibc", { mxfast: 64 }, 60, 1),
      done("tcmalloc", {}, 65, 1),
      done("jemalloc", {}, 99.5, 1),
      done("jemalloc", { tcache: "false" }, 1, 1, ["unsure"]),
      failed("failed"),
    ];
    expect(othersThan(results, 1, "resident")).toEqual([4, 5]);
  });
});

describe("the front", () => {
  it("has what none surpasses, the least time first, and of equals the one with the fewest settings", () => {
    const results = [
      glibc,
      done("glibc", { topPad: 0, mxfast: 0 }, 50, 2),
      done("glibc", { topPad: 0 }, 50, 2),
      done("glibc", { topPad: 4096 }, 60, 3),
      done("tcmalloc", {}, 200, 0.5),
      failed("failed"),
    ];
    expect(frontOf(results)).toEqual([4, 0, 2]);
  });
});

describe("the words", () => {
  it("tell what is recommended, what it costs and gains, what brings most, and how to set it", () => {
    const settings = { trimThreshold: 131072, tcacheCount: 0 };
    const results = [
      glibc,
      done("glibc", { trimThreshold: 131072 }, 60, 1.1),
      done("glibc", { tcacheCount: 0 }, 90, 1),
      done("glibc", settings, 50, 1.2),
      failed("failed", "tcmalloc"),
    ];
    expect(tuneSentences(reportOf(results, "resident"))).toMatchInlineSnapshot(`
      [
        "Recommended for resident memory: glibc:trimThreshold=128KiB:tcacheCount=0.",
        "Against glibc: peak resident 50 MiB instead of 100 MiB (-50%); average resident 50 MiB instead of 100 MiB (-50%); simulated time 1.2 s instead of 1 s (+20%); faults 1,200 instead of 1,000 (+20%); system calls the same (100); needlessly zeroed the same (0).",
        "glibc:trimThreshold=128KiB alone brings 80% of what that gains.",
        "Set it in the environment: MALLOC_TRIM_THRESHOLD_=131072 GLIBC_TUNABLES=glibc.malloc.tcache_count=0",
        "Or as tunables: GLIBC_TUNABLES=glibc.malloc.trim_threshold=131072:glibc.malloc.tcache_count=0",
        "But a smaller cache of the thread makes small calls slower, which simulated time does not count.",
        "Where something is otherwise (below), it takes 50% to 90% of the resident memory and 100% to 130% of the simulated time that glibc takes there.",
        "1 candidate failed and cannot be recommended: tcmalloc:topPad=1: out of memory.",
        "5 candidates were tried, until nothing was left that the search tries.",
      ]
    `);
  });

  it("tell where it is worse, and what is nowhere worse", () => {
    const results = [glibc, done("glibc", { topPad: 0 }, 50, 1), done("tcmalloc", {}, 60, 1)];
    const report = reportOf(results, "both");
    const { recommendation } = report;
    if (!recommendation) throw new Error("nothing was recommended");
    recommendation.variations = [{ name: "touch none", ratios: { resident: 0.5, time: 9 } }];
    recommendation.sturdier = { result: 2, ways: waysToSet("tcmalloc", {}).ways, variations: [] };
    expect(tuneSentences(report).slice(-4, -1)).toMatchInlineSnapshot(`
      [
        "Where something is otherwise (below), it takes 50% of the resident memory and 100% to 900% of the simulated time that glibc takes there.",
        "It is worse than glibc with touch none.",
        "tcmalloc, which gains 23% in resident memory and simulated time together, is nowhere worse: LD_PRELOAD=libtcmalloc_minimal.so.4 sets it.",
      ]
    `);
  });

  it("say that the allocator is best as it is", () => {
    const results = [glibc, done("glibc", { topPad: 0 }, 99.9, 1), done("tcmalloc", {}, 150, 1)];
    expect(tuneSentences(reportOf(results, "resident"))).toMatchInlineSnapshot(`
      [
        "glibc is best as it is. Of 2 others none gains 1% or more in resident memory: the best, glibc:topPad=0, gains 0.1%.",
        "3 candidates were tried, until nothing was left that the search tries.",
      ]
    `);
  });

  it("have beside it what was found by those who published the program", () => {
    const report = reportOf([glibc], "time");
    const [trace] = report.traces;
    if (trace) trace.published = "it took 27 s";
    expect(tuneSentences(report)).toContain("Published of a trace: it took 27 s.");
  });

  it("say why nothing is recommended", () => {
    expect(tuneSentences(reportOf([failed("failed")], "both"))).toMatchInlineSnapshot(`
      [
        "Nothing is recommended: no run came through.",
        "1 candidate failed and cannot be recommended: glibc:topPad=1: out of memory.",
        "1 candidate was tried, until nothing was left that the search tries.",
      ]
    `);
  });
});
