/** What people read of a tune: the front, the defaults and the recommendation in one table, and its variations in another. */
import { formatCount } from "../base/bytes.js";
import { formatCell, formatSeconds } from "../base/numbers.js";
import { costsNote } from "../experiments/costs-note.js";
import { allocatorLabel } from "../report/label.js";
import { type Cell, type ColumnOf, plainColumns, type Sheet, worseIf } from "../report/sheet.js";
import type { TuneFigures, TuneGoal, TuneReport, TuneResult } from "../results/tune.js";
import { yardstickOf } from "./score.js";
import { goalWords, percent, together, tuneSentences } from "./words.js";

const COLUMNS: readonly ColumnOf<[TuneFigures]>[] = [
  {
    header: ["peak", "resident"],
    align: "right",
    text: ({ peakResident }) => formatCell(peakResident),
  },
  {
    header: ["average", "resident"],
    align: "right",
    text: ({ averageResident }) => formatCell(Math.round(averageResident)),
  },
  { header: ["simulated", "time"], align: "right", text: ({ seconds }) => formatSeconds(seconds) },
  { header: ["faults"], align: "right", spare: 2, text: ({ faults }) => formatCount(faults) },
  { header: ["system", "calls"], align: "right", spare: 1, text: ({ syscalls }) => formatCount(syscalls) },
  {
    header: ["needlessly", "zeroed"],
    align: "right",
    spare: 3,
    text: ({ needless }) => formatCell(needless),
  },
];

const plain = (text: string): Cell => ({ text, tone: "plain" });

export function tuneSheet(report: TuneReport): Sheet {
  const { traces, parameters, results } = report;
  const names = traces.map(({ name }) => name).join(", ");
  const all = traces.length > 1 ? ", figures of all together" : "";
  return {
    heading: `tune ${names} for ${goalWords(parameters.goal as TuneGoal)} (touch ${parameters.touch}${all})`,
    columns: plainColumns([
      { header: ["allocator and settings"], align: "left" },
      ...COLUMNS,
      { header: [""], align: "left" },
    ]),
    rows: shownOf(report).map((place) => rowOf(report, place)),
    sentences: [...tuneSentences(report), ...leftOut(report), ...timeNote(results, parameters.costs)],
  };
}

function leftOut(report: TuneReport): string[] {
  const more = report.front.length - frontShown(report).length;
  if (more === 0) return [];
  return [
    `${formatCount(more)} of the front that ${more === 1 ? "is close to another is" : "are close to others are"} left out; JSON and CSV have all.`,
  ];
}

/** Simulated time leaves out what the allocator computes, which matters most where it is little. */
function timeNote(results: readonly TuneResult[], chosen: string | number | undefined): string[] {
  const [first] = results;
  if (!first) return [];
  const costs = chosen === undefined ? "linux-vm" : String(chosen);
  return [
    ...costsNote([{ allocator: allocatorLabel(first), costs }]),
    "It is that of faults, zeroing and system calls: what allocators compute themselves is not in it.",
  ];
}

/** Of the front, what takes so much less than the one before it is shown. */
const SHOWN_STEP = 0.01;

/** The places of the rows, the least time first: each allocator as it is, most of the front, the recommendation. */
function shownOf(report: TuneReport): number[] {
  const { results, recommendation } = report;
  const firsts = results.flatMap(({ allocator }, place) =>
    results.findIndex((one) => one.allocator === allocator) === place ? [place] : [],
  );
  const shown = new Set([
    ...firsts,
    ...frontShown(report),
    ...(recommendation ? [recommendation.result] : []),
  ]);
  const time = (place: number) => {
    const { outcome } = results[place] as TuneResult;
    return outcome.state === "done" ? outcome.ratios.time : Number.POSITIVE_INFINITY;
  };
  return [...shown].sort((one, other) => time(one) - time(other) || one - other);
}

function frontShown({ results, front }: TuneReport): number[] {
  let last = Number.POSITIVE_INFINITY;
  return front.filter((place) => {
    const { outcome } = results[place] as TuneResult;
    const resident = outcome.state === "done" ? outcome.ratios.resident : Number.POSITIVE_INFINITY;
    const isFar = resident <= last * (1 - SHOWN_STEP);
    if (isFar) last = resident;
    return isFar;
  });
}

function rowOf({ results, front, recommendation }: TuneReport, place: number): Cell[] {
  const result = results[place] as TuneResult;
  const { outcome, unsure } = result;
  const isRecommended = recommendation?.result === place;
  const figures = outcome.state === "done" ? together(outcome.figures) : undefined;
  const words = [
    ...(isRecommended ? ["recommended"] : []),
    ...(place === 0 ? ["baseline"] : []),
    ...(front.includes(place) ? ["front"] : []),
    ...(unsure ? ["not sure"] : []),
    ...(outcome.state === "done" ? [] : [outcome.state]),
  ];
  return [
    { text: allocatorLabel(result), tone: isRecommended ? "good" : "plain" },
    ...COLUMNS.map(({ text }) => plain(figures ? text(figures) : "-")),
    { text: words.join(", "), tone: isRecommended ? "good" : worseIf(outcome.state !== "done") },
  ];
}

/** What the recommendation comes to where something is otherwise; nothing where it was not looked at. */
export function variationSheets({ recommendation, results }: TuneReport): Sheet[] {
  if (!recommendation || recommendation.variations.length === 0) return [];
  const cell = (part: number | undefined): Cell =>
    part === undefined ? plain("failed") : { text: percent(part), tone: worseIf(part > 1) };
  return [
    {
      heading: `the recommendation where something is otherwise, in parts of ${allocatorLabel(results[yardstickOf(results)] as TuneResult)} there`,
      columns: [
        { header: ["otherwise"], align: "left" },
        { header: ["resident"], align: "right" },
        { header: ["simulated", "time"], align: "right" },
      ],
      rows: recommendation.variations.map(({ name, ratios }) => [
        plain(name),
        cell(ratios?.resident),
        cell(ratios?.time),
      ]),
      sentences: [],
    },
  ];
}
