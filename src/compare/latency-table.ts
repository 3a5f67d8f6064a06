/** How long single calls took, as a table for people, and as a chart. */
import type { TopLevelSpec } from "vega-lite";
import { formatCount } from "../base/bytes.js";
import { CHART_CONFIG, LINE_COLOURS, PANEL_HEADER } from "../report/axis.js";
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

/** The share of all calls in each bar of the histograms, a panel for each trace and kind of call. */
export function latencyChart(record: BenchRecord): TopLevelSpec | undefined {
  const timed = timedCalls(record);
  if (timed.length === 0) return undefined;
  const values = timed.flatMap(({ allocator, trace, latency }) =>
    kindsOf(latency).flatMap((kind) =>
      (latency.steady[kind]?.histogram ?? []).map(([from, calls]) => ({
        ...{ allocator, panel: `${trace}: ${kind}`, from },
        share: calls / (latency.steady[kind]?.calls ?? 1),
      })),
    ),
  );
  const panels = [...new Set(values.map(({ panel }) => panel))];
  const names = record.subjects.map(({ name }) => name);
  const range = names.map((_, index) => LINE_COLOURS[index % LINE_COLOURS.length] as string);
  return {
    $schema: "https://vega.github.io/schema/vega-lite/v6.json",
    background: "white",
    padding: 12,
    title: {
      text: "Single calls by what they took, in nanoseconds: share of each kind, second pass",
      offset: 8,
    },
    data: { values },
    facet: { row: { field: "panel", type: "nominal", title: null, header: PANEL_HEADER, sort: panels } },
    spec: {
      width: 560,
      height: 90,
      mark: { type: "line", interpolate: "step-after", strokeWidth: 2 },
      encoding: {
        x: { field: "from", type: "quantitative", title: null, scale: { type: "log", nice: false } },
        y: { field: "share", type: "quantitative", title: null, axis: { format: ".0%", tickCount: 3 } },
        color: {
          ...{ field: "allocator", type: "nominal", title: null, scale: { domain: names, range } },
          legend: { orient: "top", symbolType: "stroke", symbolStrokeWidth: 4 },
        },
      },
    },
    config: CHART_CONFIG,
  };
}
