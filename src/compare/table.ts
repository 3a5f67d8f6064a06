/** A benchmark record as a table for people. */

import { formatBytes, formatCount } from "../base/bytes.js";
import { formatCell, formatShare, joinWords } from "../base/numbers.js";
import { geometricMean, LEAST_ROUNDS, type Ratio } from "../base/statistics.js";
import type { Cell, Column, Sheet } from "../report/sheet.js";
import {
  type BenchRecord,
  type BenchResult,
  type Clock,
  type Done,
  type DriverResult,
  judgedTimes,
  type Timing,
  type Unfinished,
} from "./record.js";

const right = (...header: string[]): Column => ({ header, align: "right" });
const spare = (turn: number, ...header: string[]): Column => ({ ...right(...header), spare: turn });
const left = (...header: string[]): Column => ({ header, align: "left" });

const COLUMNS: readonly Column[] = [
  left("allocator"),
  left("trace"),
  right("steady, ns/op:", "CPU (wall)"),
  right("CPU time to baseline's", "(95 % interval)"),
  spare(5, "the same,", "net of driver"),
  spare(7, "first pass,", "CPU ns/op"),
  spare(3, "from JS,", "CPU ns/op"),
  right("memory,", "one pass"),
  spare(4, "memory,", "all passes"),
  spare(6, "utilisation of memory,", "growth, resident"),
  spare(2, "pages", "touched"),
  right("zeroed"),
  spare(8, "needless", "share"),
  spare(1, "module", "size"),
];

export function benchSheet(record: BenchRecord): Sheet {
  const { parameters, baseline, results } = record;
  const shard = record.shard ? `, shard ${record.shard.index}/${record.shard.count}` : "";
  const interrupted = record.complete ? "" : "; interrupted, so results are missing";
  return {
    heading:
      `bench: up to ${parameters.rounds} rounds in turn, ${parameters.passes} further passes each, ` +
      `baseline ${baseline}, touch ${parameters.touch}, seed ${parameters.seed}${shard}${interrupted}`,
    columns: COLUMNS,
    rows: results.map((result) => row(record, result)),
    sentences: [
      ...idleness(record),
      ...results.flatMap(trouble),
      ...baselineTrouble(record),
      ...findings(record),
      ...means(record),
      ...(record.results.some(({ outcome }) => outcome.state === "done") ? [ABOUT_TIMES] : []),
      ...record.drivers.map(driverLine),
      ...record.resumed.map(resumption),
      ...record.hosts.map(hostLine),
    ],
  };
}

const cell = (text: string, tone: Cell["tone"] = "plain"): Cell => ({ text, tone });

function row(record: BenchRecord, { subject, trace, outcome }: BenchResult): Cell[] {
  const names = [cell(subject), cell(trace)];
  const size = record.subjects.find(({ name }) => name === subject)?.bytes ?? 0;
  const module = cell(formatBytes(size));
  if (outcome.state !== "done") {
    return [...names, stateCell(outcome), ...COLUMNS.slice(4).map(() => cell("-")), module];
  }
  const { steady, cpu, net, counts } = outcome;
  const { memory, metered } = counts;
  const judged = judgedTimes(outcome);
  const ratio = (timing: Timing | null) =>
    subject === record.baseline ? cell("1") : ratioCell(timing?.ratio ?? null, outcome.judged);
  const part = (value: number | null | undefined) => value?.toFixed(2) ?? "-";
  const { growth, resident } = counts.utilisations;
  return [
    ...names,
    cell(`${cpu ? cpu.steady.low.toFixed(1) : "-"} (${figure(steady)})`),
    ratio(judged.steady),
    ratio(net),
    cell(cpu ? cpu.first.low.toFixed(1) : "-"),
    cell(cpu?.javascript ? cpu.javascript.low.toFixed(1) : "-"),
    cell(formatBytes(memory.peak)),
    cell(formatBytes(memory.final)),
    cell([counts.utilisation, growth, resident].map(part).join(" ")),
    cell(metered ? formatCount(metered.touched.either) : "-"),
    cell(metered ? formatCell(metered.zeroed.bytes) : "-"),
    cell(metered ? formatShare(metered.zeroed.needless, metered.zeroed.bytes) : "-"),
    module,
  ];
}

const stateCell = ({ state }: Unfinished): Cell =>
  state === "undecided" ? cell("not decided") : cell(state, "bad");

const figure = ({ median, spread }: Timing): string =>
  `${median.toFixed(1)} ± ${(100 * spread).toFixed(0)} %`;

/** A ratio by the judged clock, which is named where it is not that of the header. */
function ratioCell(ratio: Ratio | null, clock: Clock): Cell {
  if (!ratio) return cell("-");
  const { value, low, high } = ratio;
  const by = clock === "cpu" ? "" : ", on the wall";
  if (low === null || high === null) return cell(`${value.toFixed(2)} (too few rounds${by})`);
  const text = `${value.toFixed(2)} (${low.toFixed(2)} to ${high.toFixed(2)}${by})`;
  return cell(text, low > 1 ? "bad" : high < 1 ? "good" : "plain");
}

/** An outcome other than "done" in words. */
export function describeOutcome(outcome: Unfinished): string {
  if (outcome.state === "undecided") return `not decided: ${outcome.message}`;
  if (outcome.state === "late") return `it did not finish a round within ${outcome.seconds} seconds`;
  if (outcome.state === "failed") return `${outcome.error}: ${outcome.message}`;
  const { operations, failedAllocations, trapped, memoryBytes } = outcome;
  const how = trapped ? "trapped" : `failed ${formatCount(failedAllocations)} allocations`;
  return `it ran out of memory after ${formatCount(operations)} operations, at ${formatBytes(memoryBytes)}, and ${how}`;
}

function trouble({ subject, trace, outcome }: BenchResult): string[] {
  return outcome.state === "done" ? [] : [`${subject} on ${trace}: ${describeOutcome(outcome)}.`];
}

/** Where the baseline has no time, nothing stands in for it. */
function baselineTrouble({ subjects, baseline, results }: BenchRecord): string[] {
  if (subjects.length < 2) return [];
  const lost = results.filter(({ subject, outcome }) => subject === baseline && outcome.state !== "done");
  if (lost.length === 0) return [];
  const traces = joinWords(lost.map(({ trace }) => trace));
  return [
    `The baseline ${baseline} has no time on ${traces}, so nothing is compared there, with no other in its place: name one by --baseline.`,
  ];
}

/** A sentence for each allocator that failed: it trapped, broke its contract, or could not be opened. */
export function failuresOf({ results }: BenchRecord): string[] {
  return results.flatMap(({ subject, trace, outcome }) =>
    outcome.state === "failed" ? [`${subject} on ${trace}: ${describeOutcome(outcome)}`] : [],
  );
}

function idleness({ shard, complete, results }: BenchRecord): string[] {
  if (!shard || !complete || results.length > 0) return [];
  return [
    `Shard ${shard.index} has nothing to measure: there are more shards than pairs of an allocator, not counting the baseline, and a trace.`,
  ];
}

/** The findings on each module, each once. */
function findings({ subjects, results }: BenchRecord): string[] {
  return subjects.flatMap(({ name }) => {
    const found = results.flatMap(({ subject, outcome }) =>
      subject === name && outcome.state === "done" ? outcome.counts.findings : [],
    );
    return [...new Set(found)].map((finding) => `${name}: ${finding}.`);
  });
}

const ABOUT_TIMES =
  "CPU time is that of the whole process; its figures are lower quartiles. Ratios and their intervals are of " +
  "these. What the wall clock said is in brackets: medians, with half the distance of the quartiles.";

/** What the driver alone takes. */
function driverLine({ trace, steady, cpu }: DriverResult): string {
  const own = cpu ? `${cpu.steady.low.toFixed(1)} ns of CPU time` : `${steady.low.toFixed(1)} ns`;
  return `Of the steady times on ${trace}, ${own} an operation are the driver's, as an allocator that does nothing shows.`;
}

/** The geometric mean of each allocator's ratios, if there are several traces. */
function means({ subjects, traces, baseline, results }: BenchRecord): string[] {
  if (traces.length < 2) return [];
  return subjects.flatMap(({ name }) => {
    const done = results.flatMap(({ subject, outcome }) =>
      subject === name && outcome.state === "done" ? [outcome] : [],
    );
    const valuesOf = (timing: (outcome: Done) => Timing | null) =>
      done.flatMap((outcome) => timing(outcome)?.ratio?.value ?? []);
    const ratios = valuesOf((outcome) => judgedTimes(outcome).steady);
    if (ratios.length === 0) return [];
    const mean = (values: number[]) => geometricMean(values).toFixed(2);
    const net = valuesOf((outcome) => outcome.net).filter((value) => value > 0);
    const beyond = net.length === ratios.length ? `, ${mean(net)} net of the driver` : "";
    return [
      `${name} takes ${mean(ratios)} times the time of ${baseline}${beyond}, the geometric mean of ${ratios.length} traces.`,
    ];
  });
}

const resumption = (kept: number): string =>
  `The run was interrupted, and resumed with ${formatCount(kept)} results kept.`;

function hostLine({ shard, description }: BenchRecord["hosts"][number], _: number, all: unknown[]): string {
  return `${all.length > 1 ? `Shard ${shard} on` : "On"} ${description}.`;
}

/**
 * A sentence for each result that is slower than the baseline by more than `part`, such as 0.05, with its whole
 * interval; for each that did not finish a trace which the baseline finished, or has too few rounds to judge it. If the
 * baseline finished no trace, one sentence that says so.
 */
export function slowerThan({ results, baseline }: BenchRecord, part: number): string[] {
  const fine = new Set(
    results.flatMap(({ subject, trace, outcome }) =>
      subject === baseline && outcome.state === "done" ? [trace] : [],
    ),
  );
  if (results.length > 0 && fine.size === 0)
    return [`${baseline} finished no trace, so that nothing can be compared with it`];
  return results.flatMap(({ subject, trace, outcome }) => {
    if (!fine.has(trace)) return [];
    if (outcome.state !== "done") return [`${subject} on ${trace}: ${describeOutcome(outcome)}`];
    const { ratio } = judgedTimes(outcome).steady;
    if (!ratio) return [];
    if (ratio.low === null)
      return [
        `${subject} on ${trace} did fewer than ${LEAST_ROUNDS} rounds together with ${baseline}, too few to judge it: allow more --rounds, or a larger --budget`,
      ];
    if (ratio.low <= 1 + part) return [];
    const least = ((ratio.low - 1) * 100).toFixed(1);
    return [`${subject} on ${trace} is at least ${least} % slower than ${baseline}`];
  });
}
