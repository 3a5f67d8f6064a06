/** A bench as people read it. */

import { formatBytes, formatCount } from "../base/bytes.js";
import { formatCell, formatShare } from "../base/numbers.js";
import { geometricMean, LEAST_ROUNDS } from "../base/statistics.js";
import type { Cell, Column, Sheet } from "../report/sheet.js";
import type { BenchRecord, BenchResult, Done, Outcome, Timing } from "./record.js";

const right = (...header: string[]): Column => ({ header, align: "right" });
const left = (...header: string[]): Column => ({ header, align: "left" });

const COLUMNS: readonly Column[] = [
  left("allocator"),
  left("trace"),
  right("steady,", "ns/op"),
  left("time to baseline's", "(95 % interval)"),
  right("first pass,", "ns/op"),
  right("from JS,", "ns/op"),
  right("memory,", "one pass"),
  right("memory,", "all passes"),
  right("utili-", "sation"),
  right("pages", "touched"),
  right("zeroed"),
  right("needless", "share"),
  right("module", "size"),
];

export function benchSheet(record: BenchRecord): Sheet {
  const { parameters, baseline, results } = record;
  const shard = record.shard ? `, shard ${record.shard.index}/${record.shard.count}` : "";
  const interrupted = record.complete ? "" : "; interrupted, so this is what there was";
  return {
    heading:
      `bench: up to ${parameters.rounds} rounds in turn, ${parameters.passes} further passes each, ` +
      `baseline ${baseline}, touch ${parameters.touch}, seed ${parameters.seed}${shard}${interrupted}`,
    columns: COLUMNS,
    rows: results.map((result) => row(record, result)),
    sentences: [
      ...idleness(record),
      ...results.flatMap(trouble),
      ...findings(record),
      ...means(record),
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
    return [...names, cell(outcome.state, "bad"), ...COLUMNS.slice(4).map(() => cell("-")), module];
  }
  const { first, steady, javascript, counts } = outcome;
  const { memory, utilisation, metered } = counts;
  return [
    ...names,
    cell(figure(steady)),
    ratioCell(steady),
    cell(figure(first)),
    cell(javascript ? figure(javascript) : "-"),
    cell(formatBytes(memory.peak)),
    cell(formatBytes(memory.final)),
    cell(utilisation.toFixed(2)),
    cell(metered ? formatCount(metered.touched.either) : "-"),
    cell(metered ? formatCell(metered.zeroed.bytes) : "-"),
    cell(metered ? formatShare(metered.zeroed.needless, metered.zeroed.bytes) : "-"),
    module,
  ];
}

const figure = ({ median, spread }: Timing): string =>
  `${median.toFixed(1)} ± ${(100 * spread).toFixed(0)} %`;

function ratioCell({ ratio }: Timing): Cell {
  if (!ratio) return cell("1");
  const { value, low, high } = ratio;
  if (low === null || high === null) return cell(`${value.toFixed(2)} (too few rounds)`);
  const text = `${value.toFixed(2)} (${low.toFixed(2)} to ${high.toFixed(2)})`;
  return cell(text, low > 1 ? "bad" : high < 1 ? "good" : "plain");
}

/** What an outcome that is not "done" means. */
export function describeOutcome(outcome: Exclude<Outcome, Done>): string {
  if (outcome.state === "late") return `it did not finish a round within ${outcome.seconds} seconds`;
  if (outcome.state === "failed") return `${outcome.error}: ${outcome.message}`;
  const { operations, failedAllocations, trapped, memoryBytes } = outcome;
  const how = trapped ? "trapped" : `had none for ${formatCount(failedAllocations)} allocations`;
  return `it ran out of memory after ${formatCount(operations)} operations, at ${formatBytes(memoryBytes)}, and ${how}`;
}

function trouble({ subject, trace, outcome }: BenchResult): string[] {
  return outcome.state === "done" ? [] : [`${subject} on ${trace}: ${describeOutcome(outcome)}.`];
}

function idleness({ shard, complete, results }: BenchRecord): string[] {
  if (!shard || !complete || results.length > 0) return [];
  return [
    `Shard ${shard.index} has nothing to measure, for there are more shards than pairs to deal out of an allocator, the baseline apart, and a trace.`,
  ];
}

/** What is odd about each module, once. */
function findings({ subjects, results }: BenchRecord): string[] {
  return subjects.flatMap(({ name }) => {
    const found = results.flatMap(({ subject, outcome }) =>
      subject === name && outcome.state === "done" ? outcome.counts.findings : [],
    );
    return [...new Set(found)].map((finding) => `${name}: ${finding}.`);
  });
}

/** Over several traces, the geometric mean of each allocator's ratios. */
function means({ subjects, traces, baseline, results }: BenchRecord): string[] {
  if (traces.length < 2) return [];
  return subjects.flatMap(({ name }) => {
    const ratios = results.flatMap(({ subject, outcome }) =>
      subject === name && outcome.state === "done" && outcome.steady.ratio
        ? [outcome.steady.ratio.value]
        : [],
    );
    if (ratios.length === 0) return [];
    const mean = geometricMean(ratios).toFixed(2);
    return [
      `${name} takes ${mean} times the time of ${baseline}, the geometric mean of ${ratios.length} traces.`,
    ];
  });
}

const resumption = (kept: number): string =>
  `It was interrupted, and continued with ${formatCount(kept)} results kept as they were.`;

function hostLine({ shard, description }: BenchRecord["hosts"][number], _: number, all: unknown[]): string {
  return `${all.length > 1 ? `Shard ${shard} on` : "On"} ${description}.`;
}

/**
 * Sentences about what is slower than the baseline by more than a part, such as 0.05: where the whole interval says
 * so. And about what did not come through a trace that the baseline did, or with too few rounds to say; or that the
 * baseline came through none, for then nothing is known.
 */
export function slowerThan({ results, baseline }: BenchRecord, part: number): string[] {
  const fine = new Set(
    results.flatMap(({ subject, trace, outcome }) =>
      subject === baseline && outcome.state === "done" ? [trace] : [],
    ),
  );
  if (results.length > 0 && fine.size === 0)
    return [`${baseline} came through no trace, so that nothing can be compared with it`];
  return results.flatMap(({ subject, trace, outcome }) => {
    if (!fine.has(trace)) return [];
    if (outcome.state !== "done") return [`${subject} on ${trace}: ${describeOutcome(outcome)}`];
    const { ratio } = outcome.steady;
    if (!ratio) return [];
    if (ratio.low === null)
      return [
        `${subject} on ${trace} had fewer than ${LEAST_ROUNDS} rounds beside ${baseline}, which are too few to judge it: allow more --rounds, or a larger --budget`,
      ];
    if (ratio.low <= 1 + part) return [];
    const least = ((ratio.low - 1) * 100).toFixed(1);
    return [`${subject} on ${trace} is at least ${least} % slower than ${baseline}`];
  });
}
