/** What people read of a report of cliffs: for each allocator the ranges of sizes over which cost is of one kind. */

import { formatBytes, formatCount } from "../../base/bytes.js";
import { exactBytes, formatCell, formatSeconds, formatShare, formatSize } from "../../base/numbers.js";
import { allocatorLabel } from "../../report/label.js";
import { type Cell, type Column, type Sheet, worseIf } from "../../report/sheet.js";
import type {
  Bands,
  Cliff,
  CliffsReport,
  CliffsResult,
  CurvePoint,
  SizeRange,
} from "../../results/cliffs.js";
import type { CostKind } from "../../results/loop.js";
import { costsNote } from "../costs-note.js";
import { isInBands } from "../loop/bands.js";

/** Neighbouring sizes over which cost is of one kind. */
export interface CostRange {
  cost: CostKind;
  /** Its smallest and its largest size. */
  from: CurvePoint;
  to: CurvePoint;
}

/** The ranges between the cliffs, in ascending order, as if there were no bands in them. */
export function costRanges({ points, bands }: CliffsResult): CostRange[] {
  const ranges: CostRange[] = [];
  for (const point of points) {
    if (bands.some((one) => isInBands(one, point.bytes))) continue;
    const last = ranges.at(-1);
    if (last?.cost === point.cost) last.to = point;
    else ranges.push({ cost: point.cost, from: point, to: point });
  }
  return ranges;
}

const COLUMNS: readonly Column[] = [
  { header: ["allocator"], align: "left" },
  { header: ["n, from", "(bytes)"], align: "right" },
  { header: ["to", "(bytes)"], align: "right" },
  { header: ["cost"], align: "left" },
  { header: ["zeroed by", "kernel"], spare: 4, align: "right" },
  { header: ["zeroed by", "allocator"], align: "right" },
  { header: ["of that", "needless"], spare: 3, align: "right" },
  { header: ["faults"], spare: 2, align: "right" },
  { header: ["simulated", "time"], align: "right" },
  { header: ["system calls"], spare: 1, align: "left" },
];

/** A row per range: what an iteration costs at its smallest and largest size. */
export function cliffsSheet(report: CliffsReport): Sheet {
  const { from, to } = report.parameters;
  return {
    heading: `p = calloc(1, n); free(p), one iteration once settled, n from ${formatSize(from)} to ${formatSize(to)}`,
    columns: COLUMNS,
    rows: report.results.flatMap((result) =>
      costRanges(result).map((range, index) => rangeRow(range, index === 0 ? allocatorLabel(result) : "")),
    ),
    sentences: [
      ...report.results.map((result) => `${allocatorLabel(result)}: ${sentence(result, to)}`),
      ...costsNote(
        report.results.map((result) => ({ allocator: allocatorLabel(result), costs: result.costs })),
      ),
    ],
  };
}

function rangeRow({ cost, from, to }: CostRange, label: string): Cell[] {
  const plain = (text: string): Cell => ({ text, tone: "plain" });
  const { allocator, needless } = to.zeroed;
  return [
    plain(label),
    plain(formatCount(from.bytes)),
    plain(formatCount(to.bytes)),
    { text: cost, tone: cost === "constant" ? "good" : "bad" },
    plain(span(from.zeroed.kernel, to.zeroed.kernel, formatCell)),
    plain(span(from.zeroed.allocator, allocator, formatCell)),
    { text: formatShare(needless, allocator), tone: worseIf(needless > 0) },
    plain(span(from.faults, to.faults, formatMean)),
    plain(span(from.simulatedSeconds, to.simulatedSeconds, formatSeconds)),
    plain(syscallsText(to)),
  ];
}

function span(from: number, to: number, format: (value: number) => string): string {
  if (Number.isNaN(to)) return "-";
  return from === to ? format(to) : `${format(from)} – ${format(to)}`;
}

/** A mean over iterations need not be whole. */
function formatMean(count: number): string {
  return count.toLocaleString("en-US", { maximumFractionDigits: 2 });
}

/** The kinds of madvise are one here. Linear memory, whose time is not simulated, has none. */
function syscallsText({ syscalls, simulatedSeconds }: CurvePoint): string {
  if (Number.isNaN(simulatedSeconds)) return "-";
  const counts = new Map<string, number>();
  for (const [kind, count] of Object.entries(syscalls)) {
    const name = kind.startsWith("madvise") ? "madvise" : kind;
    counts.set(name, (counts.get(name) ?? 0) + count);
  }
  const calls = [...counts].map(([name, count]) => (count === 1 ? name : `${name} × ${formatMean(count)}`));
  return calls.join(", ") || "none";
}

function sentence(result: CliffsResult, asked: number): string {
  return [
    `${kinds(result)}.`,
    ...result.bands.map(bandsSentence),
    ...limit(result, asked),
    ...settling(result),
  ].join(" ");
}

function kinds({ cliffs, points }: CliffsResult): string {
  const last = cliffs.at(-1);
  if (!last) return `${points[0]?.cost} throughout, no cliff`;
  const lower = cliffs.map((cliff) => `${cliff.below} up to ${edge(cliff)}`);
  return `${lower.join(", ")}, ${last.above} from ${formatCount(last.bytes + 1)} on`;
}

function bandsSentence({ cost, first, last, period, count }: Bands): string {
  const range = ({ from, to }: SizeRange) =>
    from === to ? formatCount(from) : `${formatCount(from)} to ${formatCount(to)}`;
  if (count === 1) return `But ${cost} at ${range(first)}.`;
  const width = formatCount(first.to - first.from + 1);
  const apart = formatCount(period);
  return `But ${cost} in ${formatCount(count)} bands of ${width} bytes, one every ${apart} bytes: the first ${range(first)}, the last ${range(last)}.`;
}

function edge({ bytes }: Cliff): string {
  const about = formatBytes(bytes);
  const isExact = bytes < 1024 || exactBytes(bytes) === about.replace(/[ ,]/g, "");
  return `${formatCount(bytes)} bytes${bytes < 1024 ? "" : ` (${isExact ? "" : "about "}${about})`}`;
}

function limit({ points }: CliffsResult, asked: number): string[] {
  const largest = points.at(-1)?.bytes ?? asked;
  return largest < asked ? [`There is no memory for more than ${formatCount(largest)} bytes.`] : [];
}

/** How long the loop took until it cost what it costs ever after. */
function settling({ points }: CliffsResult): string[] {
  const settled = points.flatMap(({ settledAfter }) => settledAfter ?? []);
  const most = Math.max(0, ...settled);
  const never = points.length - settled.length;
  const sentences: string[] = [];
  if (most > 0)
    sentences.push(`It settles after ${most === 1 ? "an iteration" : `${most} iterations at most`}.`);
  if (never > 0)
    sentences.push(
      `At ${formatCount(never)} of ${formatCount(points.length)} sizes no two iterations cost the same: those are means.`,
    );
  return sentences;
}
