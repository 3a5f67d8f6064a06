/** How long single calls took, as a table for people, and as a chart. */
import { formatCount } from "../base/bytes.js";
import { formatShare } from "../base/numbers.js";
import { decimalTicks, plainTicks } from "../report/axis.js";
import { lineColour } from "../report/colours.js";
import { type LinePanel, lineChart } from "../report/line-chart.js";
import type { Cell, Column, Sheet } from "../report/sheet.js";
import { CALL_KINDS } from "./latency.js";
import type { BenchRecord, CallKind, CallTimes, DriverResult, Latency } from "./record.js";

const right = (...header: string[]): Column => ({ header, align: "right" });
const left = (...header: string[]): Column => ({ header, align: "left" });

const COLUMNS: readonly Column[] = [
  left("allocator"),
  left("trace"),
  left("call"),
  right("calls"),
  right("first pass:", "median"),
  right("p99"),
  right("worst"),
  right("second pass:", "median"),
  right("p99"),
  right("worst"),
];

/** One allocator on one trace, of which single calls were timed. */
interface TimedCalls {
  allocator: string;
  trace: string;
  latency: Latency;
}

function timedCalls({ results }: BenchRecord): TimedCalls[] {
  return results.flatMap(({ subject, trace, outcome }) =>
    outcome.state === "done" && outcome.latency
      ? [{ allocator: subject, trace, latency: outcome.latency }]
      : [],
  );
}

/** A row for each allocator, trace and kind of call; undefined if no calls were timed. */
export function latencySheet(record: BenchRecord): Sheet | undefined {
  const timed = timedCalls(record);
  if (timed.length === 0) return undefined;
  return {
    heading:
      "single calls, in nanoseconds on the wall: of each call the least of " +
      `${record.parameters.latencyRuns} runs, each on a new instance`,
    columns: COLUMNS,
    rows: timed.flatMap(({ allocator, trace, latency }) =>
      kindsOf(latency).map((kind) => row(allocator, trace, kind, latency)),
    ),
    sentences: (record.drivers ?? []).flatMap(driverLine),
  };
}

const kindsOf = ({ first }: Latency) => CALL_KINDS.filter((kind) => first[kind] !== undefined);

function row(allocator: string, trace: string, kind: CallKind, { first, steady }: Latency): Cell[] {
  const figures = (times: CallTimes | undefined) =>
    times ? [times.median, times.p99, times.worst].map((ns) => formatCount(Math.round(ns))) : ["-", "-", "-"];
  const calls = formatCount(first[kind]?.calls ?? 0);
  const texts = [allocator, trace, kind, calls, ...figures(first[kind]), ...figures(steady[kind])];
  return texts.map((text) => ({ text, tone: "plain" }));
}

/** What of each time is not the allocator's. */
function driverLine({ trace, latency }: DriverResult): string[] {
  if (!latency) return [];
  const own = kindsOf(latency).map((kind) => `${Math.round(latency.steady[kind]?.median ?? 0)} of ${kind}`);
  const clock = Math.round(latency.clockNs);
  return [
    `On ${trace}, the clock and the driver take ${own.join(", ")}: the medians on an allocator that does nothing; two readings of the clock alone are ${clock} apart.`,
  ];
}

/**
 * The share of all calls in each bar of the histograms, a panel for each trace and kind of call, as an SVG document;
 * undefined if no calls were timed.
 */
export function latencyChart(record: BenchRecord): string | undefined {
  const panels = latencyPanels(record);
  const points = panels.flatMap(({ lines }) => lines.flatMap((line) => line.points));
  if (points.length === 0) return undefined;
  const most = points.reduce((high, { y }) => Math.max(high, y), 0);
  const [x, y] = [points.map((point) => point.x), [0, most] as const];
  const ends = [Math.max(1, Math.min(...x)), Math.max(2, ...x)] as const;
  return lineChart({
    title: "Single calls by what they took: share of each kind, second pass",
    legend: record.subjects.map(({ name }, index) => ({ name, style: { colour: lineColour(index) } })),
    x: { title: "nanoseconds", ends, isLogarithmic: true, ticks: decimalTicks(ends) },
    y: { ends: y, ticks: plainTicks(y, 3, (share) => formatShare(share, 1)) },
    panels,
    shape: "steps",
    ...{ width: 560, height: 90 },
  });
}

/** A panel for each trace and kind of call, in the order of the results, with a line for each allocator. */
function latencyPanels(record: BenchRecord): LinePanel[] {
  const colours = new Map(record.subjects.map(({ name }, index) => [name, lineColour(index)]));
  const panels = new Map<string, LinePanel & { lines: LinePanel["lines"][number][] }>();
  for (const { allocator, trace, latency } of timedCalls(record)) {
    for (const kind of kindsOf(latency)) {
      const name = `${trace}: ${kind}`;
      const panel = panels.get(name) ?? { name, lines: [] };
      panels.set(name, panel);
      const { calls = 1, histogram = [] } = latency.steady[kind] ?? {};
      const points = histogram.map(([from, count]) => ({ x: Math.max(1, from), y: count / calls }));
      panel.lines.push({
        name: allocator,
        points,
        style: { colour: colours.get(allocator) ?? lineColour(0) },
      });
    }
  }
  return [...panels.values()];
}
