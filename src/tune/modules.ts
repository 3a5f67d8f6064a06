/**
 * Which wasm allocator, for this program? Modules have no settings to search, and no simulated time: each is measured
 * against the others (compare/), and what that counts and times is judged here, as settings of models are.
 */
import { geometricMean, type Ratio } from "../base/statistics.js";
import { type BenchRecord, type BenchResult, judgedTimes } from "../compare/record.js";
import { describeOutcome } from "../compare/table.js";
import type { TuneGoal } from "../results/tune.js";
import type { ModuleFigures, ModuleTuneReport, ModuleTuneResult } from "../results/tune-modules.js";
import { frontOf } from "./front.js";
import { WORTH_SETTING } from "./recommend.js";
import { scoreOf } from "./score.js";

const PAGE_BYTES = 4096;

/** How programs get those that come with the package. */
const WAYS: Readonly<Record<string, readonly string[]>> = {
  heap: [
    "C and C++: clang --target=wasm32-wasi program.c node_modules/zeropage/build/lib/libzeropage.a",
    "AssemblyScript: asc --runtime node_modules/zeropage/assembly/runtime/incremental",
    "Others: assembly/heap/USING.md in the package",
  ],
  "as-tlsf": ["AssemblyScript: asc --runtime incremental, or minimal"],
  "as-stub": ["AssemblyScript: asc --runtime stub"],
};

/** What was asked, and how it ended. */
interface Asked {
  goal: TuneGoal;
  ended: ModuleTuneReport["ended"];
  /** The threads of each trace; undefined for one. */
  threads: readonly (number | undefined)[];
}

/** What a benchmark of the modules says, whose first subject is the baseline. */
export function moduleTune(record: BenchRecord, { goal, ended, threads }: Asked): ModuleTuneReport {
  const figures = record.subjects.map(({ name }) => figuresOf(resultsOf(record, name), record.traces.length));
  const [base] = figures;
  const results = record.subjects.map(({ name, options, bytes }, place): ModuleTuneResult => {
    const its = figures[place] as Figures;
    const notes = findingsOf(resultsOf(record, name));
    return {
      ...{ allocator: name, options, bytes },
      outcome: "message" in its ? { state: "failed", ...its } : done(its.figures, base),
      ...(notes.length > 0 && { notes }),
    };
  });
  const times = record.subjects.map(({ name }, place) =>
    place === 0 ? unit(results[0]) : timeOf(resultsOf(record, name), record.traces.length),
  );
  const { touch, rounds } = record.parameters;
  return {
    scenario: "tune-modules",
    parameters: { goal, touch, rounds },
    traces: record.traces.map(({ name, operations }, i) => ({
      ...{ name, operations },
      ...(threads[i] && { threads: threads[i] }),
    })),
    ...{ ended, results },
    measured: { host: record.hosts.map(({ description }) => description).join(", "), times },
    front: frontOfModules(results, times),
    recommendation: recommendModule(results, times, goal),
  };
}

const resultsOf = (record: BenchRecord, name: string) =>
  record.results.filter(({ subject }) => subject === name);

type Figures = { figures: ModuleFigures[] } | { message: string };

function figuresOf(results: readonly BenchResult[], traces: number): Figures {
  const figures: ModuleFigures[] = [];
  for (const { trace, outcome } of results) {
    if (outcome.state !== "done") return { message: `${trace}: ${describeOutcome(outcome)}` };
    const { memory, metered } = outcome.counts;
    if (!metered) return { message: `${trace}: its pages cannot be counted` };
    const { touched, zeroed } = metered;
    figures.push({
      ...{ memory: memory.peak, touched: touched.either * PAGE_BYTES },
      ...{ zeroed: zeroed.bytes, needless: zeroed.needless },
    });
  }
  return figures.length < traces ? { message: "it was not measured on all traces" } : { figures };
}

/** Memory is compared by its size, which the host sets aside, and by the pages that are touched, which it must have. */
function done(figures: ModuleFigures[], base: Figures | undefined): ModuleTuneResult["outcome"] {
  if (!base || "message" in base) return { state: "done", figures, resident: null };
  const parts = figures.flatMap(({ memory, touched }, trace) => {
    const whole = base.figures[trace] as ModuleFigures;
    return [memory / whole.memory, touched / whole.touched];
  });
  return { state: "done", figures, resident: geometricMean(parts) };
}

const unit = (baseline: ModuleTuneResult | undefined): Ratio | null =>
  baseline?.outcome.state === "done" ? { value: 1, low: 1, high: 1 } : null;

/** Over several traces the ends of the interval are the means of theirs, which is wider than it need be. */
function timeOf(results: readonly BenchResult[], traces: number): Ratio | null {
  const ratios = results.flatMap(({ outcome }) =>
    outcome.state === "done" ? (judgedTimes(outcome).steady.ratio ?? []) : [],
  );
  if (ratios.length < traces) return null;
  const mean = (end: (ratio: Ratio) => number | null) => {
    const values = ratios.flatMap((ratio) => end(ratio) ?? []);
    return values.length < traces ? null : geometricMean(values);
  };
  return {
    value: mean(({ value }) => value) as number,
    low: mean(({ low }) => low),
    high: mean(({ high }) => high),
  };
}

const findingsOf = (results: readonly BenchResult[]): string[] => [
  ...new Set(results.flatMap(({ outcome }) => (outcome.state === "done" ? outcome.counts.findings : []))),
];

function frontOfModules(results: readonly ModuleTuneResult[], times: readonly (Ratio | null)[]): number[] {
  return frontOf(
    results.map(({ allocator, options, outcome }, place) => {
      const time = times[place]?.value;
      const isCompared = outcome.state === "done" && outcome.resident !== null && time !== undefined;
      return {
        ...{ allocator, options },
        outcome: isCompared
          ? { state: "done", figures: [], ratios: { resident: outcome.resident as number, time } }
          : { state: "failed", message: "" },
      };
    }),
  );
}

/**
 * The best of those that are better than the baseline by what is worth a change, also where its time is at the worst end of
 * its interval; else the baseline, if that came through.
 */
export function recommendModule(
  results: readonly ModuleTuneResult[],
  times: readonly (Ratio | null)[],
  goal: TuneGoal,
): ModuleTuneReport["recommendation"] {
  const compared = results.flatMap(({ outcome }, place) => {
    if (outcome.state !== "done" || outcome.resident === null) return [];
    const { resident } = outcome;
    const score = (time: number | null | undefined) =>
      goal === "resident" ? resident : scoreOf({ resident, time: time ?? Number.POSITIVE_INFINITY }, goal);
    return [{ place, score: score(times[place]?.value), worst: score(times[place]?.high) }];
  });
  const baseline = compared.find(({ place }) => place === 0);
  if (!baseline) return null;
  const better = compared.filter(({ worst }) => worst < 1 - WORTH_SETTING);
  const best = better.reduce((one, other) => (other.score < one.score ? other : one), baseline);
  const { allocator } = results[best.place] as ModuleTuneResult;
  return {
    ...{ result: best.place, isBaseline: best.place === 0 },
    ways: best.place === 0 ? [] : [...(WAYS[allocator] ?? [])],
  };
}
