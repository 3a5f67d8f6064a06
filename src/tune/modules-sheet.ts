/** What people read of a tune of wasm modules. */
import { formatBytes, formatCount } from "../base/bytes.js";
import { formatCell } from "../base/numbers.js";
import type { Ratio } from "../base/statistics.js";
import type { CsvRow } from "../report/csv.js";
import { allocatorLabel } from "../report/label.js";
import { type Cell, type Sheet, worseIf } from "../report/sheet.js";
import type { TuneGoal } from "../results/tune.js";
import type { ModuleFigures, ModuleTuneReport, ModuleTuneResult } from "../results/tune-modules.js";
import { percent } from "./words.js";

const GOALS: Readonly<Record<TuneGoal, string>> = {
  resident: "memory",
  time: "measured time",
  both: "memory and measured time together",
};

const plain = (text: string): Cell => ({ text, tone: "plain" });

export function moduleTuneSheet(report: ModuleTuneReport): Sheet {
  const { traces, parameters, results } = report;
  const names = traces.map(({ name }) => name).join(", ");
  const all = traces.length > 1 ? ", figures of all together" : "";
  const right = (...header: string[]) => ({ header, align: "right" as const });
  return {
    heading: `tune ${names} for ${GOALS[parameters.goal as TuneGoal]} (touch ${parameters.touch}${all})`,
    columns: [
      { header: ["allocator"], align: "left" },
      ...[right("memory"), right("pages", "touched"), right("zeroed"), right("needlessly", "zeroed")],
      ...[right("module", "size"), right("measured time", "(95 % interval)")],
      { header: [""], align: "left" },
    ],
    rows: results.map((_, place) => rowOf(report, place)),
    sentences: [
      ...recommended(report),
      ...troubles(report),
      ...oneThread(report),
      about(report),
      ended(report),
    ],
  };
}

const together = (figures: readonly ModuleFigures[], of: keyof ModuleFigures): number =>
  figures.reduce((sum, its) => sum + its[of], 0);

function rowOf({ results, measured, front, recommendation }: ModuleTuneReport, place: number): Cell[] {
  const result = results[place] as ModuleTuneResult;
  const { outcome, bytes } = result;
  const isRecommended = recommendation?.result === place;
  const sum = (of: keyof ModuleFigures) =>
    plain(outcome.state === "done" ? formatCell(together(outcome.figures, of)) : "-");
  const words = [
    ...(isRecommended ? ["recommended"] : []),
    ...(place === 0 ? ["baseline"] : []),
    ...(front.includes(place) ? ["front"] : []),
    ...(outcome.state === "done" ? [] : [outcome.state]),
  ];
  return [
    { text: allocatorLabel(result), tone: isRecommended ? "good" : "plain" },
    ...[sum("memory"), sum("touched"), sum("zeroed"), sum("needless"), plain(formatBytes(bytes))],
    plain(place === 0 ? "1" : ratioText(measured.times[place] ?? null)),
    { text: words.join(", "), tone: isRecommended ? "good" : worseIf(outcome.state !== "done") },
  ];
}

function ratioText(ratio: Ratio | null): string {
  if (!ratio) return "-";
  const { value, low, high } = ratio;
  const interval = low === null || high === null ? "no interval" : `${low.toFixed(2)} to ${high.toFixed(2)}`;
  return `${value.toFixed(2)} (${interval})`;
}

function recommended({ results, recommendation, measured, parameters }: ModuleTuneReport): string[] {
  const goal = GOALS[parameters.goal as TuneGoal];
  const first = allocatorLabel(results[0] as ModuleTuneResult);
  if (!recommendation)
    return [`Nothing is recommended: ${first}, which all are compared with, did not come through.`];
  const { result, isBaseline, ways } = recommendation;
  if (isBaseline) {
    return [`${first} is best: no other is surely better by ${percent(0.01)} in ${goal}.`];
  }
  const its = results[result] as ModuleTuneResult;
  const resident = its.outcome.state === "done" ? (its.outcome.resident ?? 1) : 1;
  return [
    `Recommended for ${goal}: ${allocatorLabel(its)}, which takes ${percent(resident)} of the memory of ${first}, ` +
      `and ${ratioText(measured.times[result] ?? null)} times its time.`,
    ...ways.map((way) => `${way}.`),
  ];
}

function troubles({ results }: ModuleTuneReport): string[] {
  return results.flatMap((result) =>
    result.outcome.state === "failed"
      ? [`${allocatorLabel(result)} cannot be recommended: ${result.outcome.message}.`]
      : [],
  );
}

/** What is taken for granted of a program with threads. */
const oneThread = ({ traces }: ModuleTuneReport): string[] =>
  traces.flatMap(({ name, threads = 1 }) =>
    threads > 1
      ? [
          `${name} has ${formatCount(threads)} threads; a wasm module has one, and does in their order what all of them do.`,
        ]
      : [],
  );

const about = ({ measured, parameters }: ModuleTuneReport): string =>
  "Memory is exact, and the same on every host: it is compared by its size and by the pages touched, whose geometric mean counts. " +
  `Time is measured, in up to ${parameters.rounds} rounds, on ${measured.host || "this host"}: another run has other figures.`;

function ended({ ended }: ModuleTuneReport): string {
  const why = {
    converged: "All rounds were run",
    time: "Fewer rounds were run: --budget was over",
    interrupted: "It was interrupted",
  } as const;
  return `${why[ended]}.`;
}

/** A row for each trace of each module. Its time, over all traces, is measured; all else is exact. */
export function moduleTuneRows(report: ModuleTuneReport): CsvRow[] {
  const { scenario, parameters, traces, results, measured, front, recommendation } = report;
  return results.flatMap(({ allocator, options, bytes, outcome }, place): CsvRow[] => {
    const run = {
      ...{ scenario, allocator, options, parameters, bytes, state: outcome.state },
      ...{ front: front.includes(place) ? 1 : 0, recommended: recommendation?.result === place ? 1 : 0 },
      measured: measured.times[place] ?? {},
    };
    if (outcome.state !== "done") return [{ ...run, message: outcome.message }];
    return outcome.figures.map((figures, trace) => ({
      ...{ ...run, trace: traces[trace]?.name, ...figures, resident: outcome.resident },
    }));
  });
}
