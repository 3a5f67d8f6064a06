/** What a tune found, in sentences. */
import { ONE_CACHE } from "../allocator/threads.js";
import { formatCount } from "../base/bytes.js";
import { formatCell, formatSeconds, joinWords } from "../base/numbers.js";
import { allocatorLabel } from "../report/label.js";
import type { TuneFigures, TuneGoal, TuneRatios, TuneReport, TuneResult, TuneWay } from "../results/tune.js";
import { WORTH_SETTING } from "./recommend.js";
import { scoreOf, yardstickOf } from "./score.js";
import { unpricedOf } from "./space.js";

/** Of several traces what all of them come to together. */
export function together(figures: readonly TuneFigures[]): TuneFigures {
  const sum = (of: (its: TuneFigures) => number) => figures.reduce((all, its) => all + of(its), 0);
  return {
    peakResident: sum(({ peakResident }) => peakResident),
    averageResident: sum(({ averageResident }) => averageResident),
    seconds: sum(({ seconds }) => seconds),
    faults: sum(({ faults }) => faults),
    syscalls: sum(({ syscalls }) => syscalls),
    needless: sum(({ needless }) => needless),
  };
}

const GOALS: Readonly<Record<TuneGoal, string>> = {
  resident: "resident memory",
  time: "simulated time",
  both: "resident memory and simulated time together",
};

export const goalWords = (goal: TuneGoal): string => GOALS[goal];

/** All sentences, the recommendation first. */
export function tuneSentences(report: TuneReport): string[] {
  return [
    ...recommended(report),
    ...cautions(report),
    ...bounds(report),
    ...doubts(report),
    ...troubles(report),
    ...published(report),
    ended(report),
  ];
}

const goalOf = ({ parameters }: TuneReport) => parameters.goal as TuneGoal;
const labelAt = ({ results }: TuneReport, place: number) => allocatorLabel(results[place] as TuneResult);
const yardstick = (report: TuneReport) => labelAt(report, yardstickOf(report.results));

function recommended(report: TuneReport): string[] {
  const { recommendation, results } = report;
  const first = labelAt(report, 0);
  if (!recommendation) return [nothing(report)];
  if (recommendation.isBaseline) return [`${first} is best as it is. ${bestOther(report)}`];
  const { result, alone, ways, unknownWays } = recommendation;
  const its = results[result] as TuneResult;
  const part = alone && (alone.share >= 1 ? "all" : percent(alone.share));
  const said = alone ? [`${labelAt(report, alone.result)} alone brings ${part} of what that gains.`] : [];
  return [
    `Recommended for ${goalWords(goalOf(report))}: ${allocatorLabel(its)}.`,
    ...comparison(report, result),
    ...said,
    ...ways.map(({ way, lines }) => `${WAYS[way]}: ${lines.join(" ")}`),
    ...unknownWays.map(
      (setting) =>
        `No document here says how the real allocator is given ${setting}; it is the model's option.`,
    ),
  ];
}

const WAYS: Readonly<Record<TuneWay["way"], string>> = {
  environment: "Set it in the environment",
  tunables: "Or as tunables",
  program: "Or in the program, before its first malloc",
};

function nothing(report: TuneReport): string {
  const first = report.results[0];
  if (!first) return "Nothing was run.";
  const unsure = report.results.some(
    ({ outcome, unsure = [] }) => outcome.state === "done" && unsure.length > 0,
  );
  return unsure
    ? "Nothing is recommended: what would be best rests on what a model is not sure of, or is not better than that."
    : "Nothing is recommended: no run came through.";
}

/** What the best other comes to, where the baseline stays. */
function bestOther(report: TuneReport): string {
  const goal = goalOf(report);
  const others = report.results
    .slice(1)
    .flatMap(({ outcome, unsure = [] }, i) =>
      outcome.state === "done" && unsure.length === 0
        ? [{ place: i + 1, score: scoreOf(outcome.ratios, goal) }]
        : [],
    );
  others.sort((one, other) => one.score - other.score);
  const [best] = others;
  if (!best) return "Nothing else came through.";
  const least = percent(WORTH_SETTING);
  const gain = best.score < 1 ? `gains ${percent(1 - best.score)}` : "gains nothing";
  return `Of ${formatCount(others.length)} others none gains ${least} or more in ${goalWords(goal)}: the best, ${labelAt(report, best.place)}, ${gain}.`;
}

function comparison(report: TuneReport, place: number): string[] {
  const { results } = report;
  const [baseline, its, whole] = [0, place, yardstickOf(results)].map((at) => results[at]?.outcome);
  if (its?.state !== "done" || whole?.state !== "done") return [];
  const [now, before] = [together(its.figures), together(whole.figures)];
  const clause = (name: string, of: (figures: TuneFigures) => number, text: (value: number) => string) =>
    of(now) === of(before)
      ? `${name} the same (${text(of(now))})`
      : `${name} ${text(of(now))} instead of ${text(of(before))}${change(of(now), of(before))}`;
  const clauses = [
    clause("peak resident", ({ peakResident }) => peakResident, formatCell),
    clause("average resident", ({ averageResident }) => Math.round(averageResident), formatCell),
    clause("simulated time", ({ seconds }) => seconds, formatSeconds),
    clause("faults", ({ faults }) => faults, formatCount),
    clause("system calls", ({ syscalls }) => syscalls, formatCount),
    clause("needlessly zeroed", ({ needless }) => needless, formatCell),
  ];
  return [
    ...(baseline && baseline.state !== "done"
      ? [
          `${labelAt(report, 0)} ${baseline.state}: ${baseline.message}. All are compared with ${yardstick(report)}.`,
        ]
      : []),
    ...(its === whole ? [] : [`Against ${yardstick(report)}: ${clauses.join("; ")}.`]),
  ];
}

function change(now: number, before: number): string {
  if (before === 0) return "";
  const part = now / before - 1;
  return ` (${part < 0 ? "-" : "+"}${percent(Math.abs(part))})`;
}

/** Two digits of small parts, whole percents of large ones. Only all is 100%. */
export function percent(part: number): string {
  const value = 100 * part;
  if (part !== 1 && Math.round(value) === 100) return `${value.toFixed(1)}%`;
  return `${value >= 10 ? Math.round(value).toLocaleString("en-US") : Number(value.toPrecision(2))}%`;
}

function cautions({ recommendation, results }: TuneReport): string[] {
  if (!recommendation) return [];
  const { allocator, options } = results[recommendation.result] as TuneResult;
  return unpricedOf(allocator, options).map((text) => `But ${text}.`);
}

/** The bounds over all variations, the recording as it is among them. */
function bounds(report: TuneReport): string[] {
  const { recommendation, results } = report;
  if (!recommendation || recommendation.variations.length === 0) return [];
  const { variations, result } = recommendation;
  const { outcome } = results[result] as TuneResult;
  const all = [
    ...(outcome.state === "done" ? [outcome.ratios] : []),
    ...variations.flatMap(({ ratios }) => (ratios ? [ratios] : [])),
  ];
  const range = (of: (ratios: TuneRatios) => number) => {
    const values = all.map(of);
    const [low, high] = [percent(Math.min(...values)), percent(Math.max(...values))];
    return low === high ? low : `${low} to ${high}`;
  };
  const worse = variations.filter(({ ratios }) => ratios && scoreOf(ratios, goalOf(report)) > 1);
  const failed = variations.filter(({ ratios }) => !ratios);
  return [
    `Where something is otherwise (below), it takes ${range(({ resident }) => resident)} of the resident memory and ${range(({ time }) => time)} of the simulated time that ${yardstick(report)} takes there.`,
    ...(worse.length > 0
      ? [`It is worse than ${yardstick(report)} with ${joinWords(worse.map(({ name }) => name))}.`]
      : []),
    ...sturdier(report),
    ...(failed.length > 0 ? [`A run failed with ${joinWords(failed.map(({ name }) => name))}.`] : []),
  ];
}

/** What is a safer choice, and how it is set. */
function sturdier(report: TuneReport): string[] {
  const other = report.recommendation?.sturdier;
  if (!other) return [];
  const { outcome } = report.results[other.result] as TuneResult;
  const gain = outcome.state === "done" ? percent(1 - scoreOf(outcome.ratios, goalOf(report))) : "less";
  const [first] = other.ways;
  return [
    `${labelAt(report, other.result)}, which gains ${gain} in ${goalWords(goalOf(report))}, is nowhere worse: ${first ? `${first.lines.join(" ")} sets it` : "nothing is to be set for it"}.`,
  ];
}

/** Who is not recommended because of what its model does not know, by the reasons. */
function doubts({ results }: TuneReport): string[] {
  const allocators = new Map<string, Set<string>>();
  for (const { allocator, unsure = [] } of results) {
    for (const why of unsure) allocators.set(why, (allocators.get(why) ?? new Set()).add(allocator));
  }
  return [...allocators].map(([why, names]) => {
    const all = [...names];
    const isOne = all.length === 1;
    const is = isOne
      ? "is not recommended, whatever it comes to"
      : "are not recommended, whatever they come to";
    if (!why.startsWith(ONE_CACHE)) return `${joinWords(all)} ${is}: ${why}.`;
    const untried = `so none of ${isOne ? "its" : "their"} settings was tried`;
    return `${joinWords(all)} ${is}, ${untried}: ${isOne ? "its model has" : "their models have"} ${why}.`;
  });
}

function troubles({ results }: TuneReport): string[] {
  return (["failed", "refused"] as const).flatMap((state) => {
    const found = results.filter(({ outcome }) => outcome.state === state);
    const [first] = found;
    if (!first || first.outcome.state === "done") return [];
    const some = found.length === 1 ? "1 candidate" : `${formatCount(found.length)} candidates`;
    const was = state === "refused" ? (found.length === 1 ? "was refused" : "were refused") : state;
    return [`${some} ${was} and cannot be recommended: ${allocatorLabel(first)}: ${first.outcome.message}.`];
  });
}

/** What reporters found, to stand beside what comes out here. */
const published = ({ traces }: TuneReport): string[] =>
  traces.flatMap(({ name, published }) => (published ? [`Published of ${name}: ${published}.`] : []));

function ended({ ended, results }: TuneReport): string {
  const tried = `${formatCount(results.length)} ${results.length === 1 ? "candidate was" : "candidates were"} tried`;
  const why = {
    converged: "until nothing was left that the search tries",
    settings: "as many as were allowed; more may find better",
    time: "in the time that was allowed; more may find better",
    interrupted: "before it was interrupted",
  } as const;
  return `${tried}, ${why[ended]}.`;
}
