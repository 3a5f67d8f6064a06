/** Two compared records as a table for people. */
import { formatBytes, formatCount } from "../base/bytes.js";
import { formatCell } from "../base/numbers.js";
import { LEAST_ROUNDS, type Ratio } from "../base/statistics.js";
import type { Cell, Column, Sheet } from "../report/sheet.js";
import type { BenchComparison, ComparedCounts, ComparedResult, Verdict } from "./comparison.js";

const right = (...header: string[]): Column => ({ header, align: "right" });
const left = (...header: string[]): Column => ({ header, align: "left" });

const COLUMNS: readonly Column[] = [
  left("allocator"),
  left("trace"),
  right("steady, ns/op:", "old, new"),
  right("new to old", "(95 % interval)"),
  right("the same, as a multiple", "of the baseline's"),
  left("time is"),
  right("memory,", "one pass"),
  right("utilisation of", "resident pages"),
  right("pages", "touched"),
  right("zeroed"),
];

const TONES: Record<Verdict, Cell["tone"]> = {
  faster: "good",
  slower: "bad",
  noise: "plain",
  unknown: "plain",
};

const ABOUT =
  "Time is faster or slower where the whole interval is, and noise where it holds 1: an interval of multiples of the " +
  `baseline's, where both records have the same one. It takes ${LEAST_ROUNDS} rounds. What has one value did not change.`;

export function comparisonSheet(comparison: BenchComparison): Sheet {
  const { old, new: fresh, results, differences, drivers } = comparison;
  return {
    heading: `bench: ${fresh} compared with ${old}`,
    columns: COLUMNS,
    rows: results.map(row),
    sentences: [
      ...differences.map((difference) => `${difference.charAt(0).toUpperCase()}${difference.slice(1)}.`),
      ...(results.length > 0 ? [ABOUT] : ["The records have no allocator and trace in common."]),
      ...drivers.map(
        ({ trace, ratio }) =>
          `On ${trace}, the driver alone took ${ratioText(ratio)} times as long as before: that is the machine's doing.`,
      ),
    ],
  };
}

const cell = (text: string, tone: Cell["tone"] = "plain"): Cell => ({ text, tone });

function row({ subject, trace, states, time, counts }: ComparedResult): Cell[] {
  const names = [cell(subject), cell(trace)];
  if (!time || !counts) {
    const change = states.old === states.new ? states.new : `${states.old}, now ${states.new}`;
    return [...names, cell(change, "bad"), ...COLUMNS.slice(3).map(() => cell("-"))];
  }
  const { clock, ratio, toBaseline, verdict } = time;
  const by = clock === "cpu" ? "" : " on the wall";
  const change = (of: (counts: ComparedCounts) => number | null, format: (value: number) => string) => {
    const [before, after] = [of(counts.old), of(counts.new)].map((one) => (one === null ? "-" : format(one)));
    return cell(before === after ? `${after}` : `${before} → ${after}`);
  };
  return [
    ...names,
    cell(`${time.old.toFixed(1)} → ${time.new.toFixed(1)}${by}`),
    cell(ratio ? ratioText(ratio) : "-"),
    cell(toBaseline ? ratioText(toBaseline) : "-"),
    cell(verdict, TONES[verdict]),
    change(({ memory }) => memory, formatBytes),
    change(
      ({ resident }) => resident,
      (part) => part.toFixed(2),
    ),
    change(({ touched }) => touched, formatCount),
    change(({ zeroed }) => zeroed, formatCell),
  ];
}

function ratioText({ value, low, high }: Ratio): string {
  if (low === null || high === null) return `${value.toFixed(2)} (too few rounds)`;
  return `${value.toFixed(2)} (${low.toFixed(2)} to ${high.toFixed(2)})`;
}

/** A sentence for each allocator and trace whose time is more than so much slower, or cannot be judged, or did not come through. */
export function slowerThanBefore({ results }: BenchComparison, part: number): string[] {
  return results.flatMap(({ subject, trace, states, time }) => {
    if (states.old !== "done") return [];
    if (!time) return [`${subject} on ${trace} came through before, and now it is ${states.new}`];
    const low = (time.toBaseline ?? time.ratio)?.low ?? null;
    if (low === null)
      return [
        `${subject} on ${trace} cannot be judged: compare runs of ${LEAST_ROUNDS} rounds or more on one machine`,
      ];
    if (low <= 1 + part) return [];
    return [`${subject} on ${trace} is at least ${((low - 1) * 100).toFixed(1)} % slower than before`];
  });
}
