/** The search, held against exhaustive grids of small traces; and that nothing but what is asked for decides what it tries. */
import { describe, expect, it } from "vitest";
import { patternPresets } from "../../src/experiments/pattern/presets.js";
import { patternTrace } from "../../src/experiments/pattern/trace.js";
import type { TuneGoal, TuneReport } from "../../src/results/tune.js";
import { collectTrace } from "../../src/trace/collect.js";
import { generateTrace } from "../../src/trace/generate.js";
import { parseWorkload } from "../../src/trace/workload.js";
import { type Candidate, type Evaluation, evaluate, type NamedTrace } from "../../src/tune/evaluate.js";
import { ratiosOf, scoreOf } from "../../src/tune/score.js";
import { type Dimension, spaceOf } from "../../src/tune/space.js";
import { type TuneEvaluator, type TuneJob, type TuneRun, tune } from "../../src/tune/tune.js";
import { tuneSentences } from "../../src/tune/words.js";

async function workload(text: string): Promise<NamedTrace> {
  return { name: text, ...(await collectTrace(generateTrace(parseWorkload(text)))) };
}

const OBJECT = { touch: "object" } as const;

const small = await workload("bursts:ops=1500:live=200:max=200000:seed=3");

const known = new Map<string, Promise<Evaluation>>();

/** Runs a candidate as it is run without this, but never twice. */
function remembered({ candidate, traces, conditions }: TuneJob): Promise<Evaluation> {
  const key = JSON.stringify([candidate, traces.map(({ name, count }) => [name, count]), conditions]);
  const found = known.get(key) ?? evaluate(candidate, traces, conditions);
  known.set(key, found);
  return found;
}

const remembering: TuneEvaluator = async (jobs, isOver) => {
  const done = [];
  for (const job of jobs) done.push(isOver() ? undefined : await remembered(job));
  return done;
};

/** Every combination of the grid's values, and of leaving options unset. */
function everyPoint(space: readonly Dimension[], given: Candidate["options"]): Candidate["options"][] {
  return space.reduce<Candidate["options"][]>(
    (points, { option, grid }) =>
      points.flatMap((point) => [point, ...grid.map((value) => ({ ...point, [option]: value }))]),
    [given],
  );
}

const scoresOf = ({ results }: TuneReport, goal: TuneGoal) =>
  results.flatMap(({ outcome }) => (outcome.state === "done" ? [scoreOf(outcome.ratios, goal)] : []));

describe("the recommendation is within 2% of the best of an exhaustive grid", () => {
  const cases: Candidate[] = [
    { allocator: "glibc", options: { topPad: 131072, tcacheCount: 7, mxfast: 128 } },
    { allocator: "jemalloc", options: { clock: 100_000 } },
    { allocator: "tcmalloc", options: { skipSbrk: "0", maxTotalThreadCacheBytes: 33554432 } },
    { allocator: "mimalloc", options: { clock: 100_000, eager_commit: "1", page_reset: "0" } },
  ];
  it.each(cases)("of $allocator with $options", async ({ allocator, options }) => {
    const points = everyPoint(spaceOf(allocator, options, false), options);
    const evaluations = await Promise.all(
      points.map((point) =>
        remembered({ candidate: { allocator, options: point }, traces: [small], conditions: OBJECT }),
      ),
    );
    const figures = evaluations.flatMap((one) => (one.state === "done" ? [one.figures] : []));
    expect(figures.length).toBeGreaterThan(points.length / 2);
    for (const goal of ["resident", "time", "both"] as const) {
      const best = Math.min(
        ...figures.map((one) => scoreOf(ratiosOf(one, figures[0] as (typeof figures)[number]), goal)),
      );
      const report = await tune({
        traces: [small],
        allocators: [{ allocator, options }],
        ...{ goal, touch: "object", evaluator: remembering },
      });
      const chosen = report.results[report.recommendation?.result ?? -1]?.outcome;
      if (chosen?.state !== "done") throw new Error(`nothing was recommended for ${goal}`);
      expect(scoreOf(chosen.ratios, goal), goal).toBeLessThanOrEqual(best * 1.02);
    }
  });
});

describe("what is tried", () => {
  const run: TuneRun = { traces: [small], goal: "resident", settings: 40, evaluator: remembering };

  it("is the same however many run at once, and in whatever order they end", async () => {
    const backwards: TuneEvaluator = async (jobs) => {
      const done = [];
      for (const { candidate, traces, conditions } of [...jobs].reverse())
        done.unshift(await evaluate(candidate, traces, conditions));
      return done;
    };
    const atOnce: TuneEvaluator = (jobs) =>
      Promise.all(jobs.map(({ candidate, traces, conditions }) => evaluate(candidate, traces, conditions)));
    const [one, two, three] = await Promise.all([
      tune(run),
      tune({ ...run, evaluator: backwards }),
      tune({ ...run, evaluator: atOnce }),
    ]);
    expect(two).toEqual(one);
    expect(three).toEqual(one);
  });

  it("is what a smaller budget buys, and more", async () => {
    const [less, more] = [await tune({ ...run, settings: 15 }), await tune(run)];
    expect(less.ended).toBe("settings");
    expect(less.results).toHaveLength(15);
    expect(more.results.slice(0, 15)).toEqual(less.results);
  });

  it("begins with each allocator as it is, and never has the same candidate twice", async () => {
    const { results } = await tune(run);
    expect(results.slice(0, 4).map(({ allocator, options }) => ({ allocator, options }))).toEqual(
      ["glibc", "jemalloc", "mimalloc", "tcmalloc"].map((allocator) => ({ allocator, options: {} })),
    );
    const labels = results.map(({ allocator, options }) => JSON.stringify([allocator, options]));
    expect(new Set(labels).size).toBe(labels.length);
  });

  it("ends between two candidates when it is over, and reports what there is", async () => {
    let asked = 0;
    const report = await tune({ ...run, over: () => (++asked > 7 ? "interrupted" : null) });
    expect(report.ended).toBe("interrupted");
    expect(report.results).toHaveLength(7);
    expect(report.recommendation?.variations ?? []).toEqual([]);
  });

  it("is better for a goal than for the others, by that goal", async () => {
    const best = async (goal: TuneGoal) => tune({ ...run, goal, touch: "object", settings: 60 });
    const [resident, time] = [await best("resident"), await best("time")];
    expect(Math.min(...scoresOf(resident, "resident"))).toBeLessThanOrEqual(
      Math.min(...scoresOf(time, "resident")),
    );
    expect(Math.min(...scoresOf(time, "time"))).toBeLessThanOrEqual(Math.min(...scoresOf(resident, "time")));
  });

  it("is looked at for what is nowhere worse, where a longer trace makes the recommendation worse", async () => {
    const preset = patternPresets.find(({ name }) => name === "miloco");
    if (!preset) throw new Error("there is no such preset");
    const frames = {
      name: "frames",
      ...(await collectTrace(patternTrace({ ...preset.pattern, rounds: 100 }))),
    };
    const report = await tune({
      traces: [frames],
      allocators: [{ allocator: "glibc", options: {} }],
      goal: "time",
    });
    const { variations = [], sturdier } = report.recommendation ?? {};
    const worst = (all: readonly { ratios: { time: number } | null }[]) =>
      Math.max(...all.map(({ ratios }) => ratios?.time ?? Number.POSITIVE_INFINITY));
    expect(worst(variations)).toBeGreaterThan(1);
    expect(worst(sturdier?.variations ?? [])).toBeLessThanOrEqual(1);
  });

  it("is nothing but an allocator as it is, where its model does not tell the threads apart", async () => {
    const threaded = { ...small, name: "threaded", notes: { ...small.notes, threads: 3 } };
    const allocators = ["jemalloc", "glibc"].map((allocator) => ({ allocator, options: {} }));
    const report = await tune({ ...run, traces: [threaded], allocators, settings: 20 });
    expect(
      report.results.map(({ allocator }) => allocator).filter((name) => name === "jemalloc"),
    ).toHaveLength(1);
    expect(report.results).toHaveLength(20);
    expect(report.results[0]?.unsure).toEqual(["one thread's caches, whichever of the 3 threads runs"]);
    expect(tuneSentences(report)).toContain(
      "jemalloc is not recommended, whatever it comes to, so none of its settings was tried: its model has one thread's caches, whichever of the 3 threads runs.",
    );
  });

  it("needs traces that have operations", async () => {
    await expect(tune({ traces: [] })).rejects.toThrow("traces must be one or more");
    const empty = { ...small, name: "nothing", records: new Uint8Array(0), count: 0 };
    await expect(tune({ traces: [empty] })).rejects.toThrow("nothing has none");
  });

  it("keeps the options that were given, and has arenas only where there are threads", () => {
    const options = (threads: boolean) =>
      spaceOf("glibc", { topPad: 0, version: "2.43" }, threads).map(({ option }) => option);
    expect(options(false)).toEqual(["mmapThreshold", "trimThreshold", "tcacheCount"]);
    expect(options(true)).toEqual(["mmapThreshold", "trimThreshold", "arenaMax", "tcacheCount"]);
  });
});
