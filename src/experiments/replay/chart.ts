/**
 * The picture of a replay: bytes in use, system and resident against operations, one panel per
 * allocator, all on one scale so that panels compare.
 */

import type { TopLevelSpec } from "vega-lite";
import { formatBytes } from "../../base/bytes.js";
import {
  binaryLabelExpression,
  binaryTicks,
  CHART_CONFIG,
  COLOURS,
  PANEL_HEADER,
} from "../../report/axis.js";
import { allocatorLabel } from "../../report/label.js";
import type { ReplayTimeline } from "./timeline.js";

/** What is drawn, in the order of the legend. Dashes tell the lines apart where colours do not. */
export const SERIES = [
  { field: "inUse", name: "in use", colour: COLOURS.blue, dash: [1, 0] },
  { field: "system", name: "system", colour: COLOURS.grey, dash: [6, 3] },
  { field: "resident", name: "resident", colour: COLOURS.vermilion, dash: [2, 2] },
] as const;

/** A line of such a chart. */
interface Series {
  name: string;
  colour: string;
  dash: readonly number[];
}

/** The lines, from 0 to the highest bytes, of points that have `operation`, `series` and `bytes`. */
export function bytesLines(series: readonly Series[], highest: number) {
  const ticks = binaryTicks(highest);
  const quantitative = "quantitative" as const;
  const nominal = "nominal" as const;
  const names = series.map(({ name }) => name);
  return {
    mark: { type: "line" as const, interpolate: "step-after" as const, strokeWidth: 1.6 },
    encoding: {
      x: { field: "operation", type: quantitative, title: "operations", scale: { nice: false } },
      y: {
        field: "bytes",
        type: quantitative,
        title: null,
        scale: { domain: [0, ticks.at(-1) ?? 1], nice: false },
        axis: { values: ticks, labelExpr: binaryLabelExpression(ticks) },
      },
      color: {
        field: "series",
        type: nominal,
        title: null,
        scale: { domain: names, range: series.map(({ colour }) => colour) },
        legend: { orient: "top" as const, symbolSize: 400 },
      },
      strokeDash: {
        field: "series",
        type: nominal,
        scale: { domain: names, range: series.map(({ dash }) => [...dash]) },
      },
    },
  };
}

/** One point of one line. */
export interface BytesAt {
  allocator: string;
  operation: number;
  series: (typeof SERIES)[number]["name"];
  bytes: number;
}

/** Every point of every line. */
export function timelinePoints(timelines: readonly ReplayTimeline[]): BytesAt[] {
  return timelines.flatMap((timeline) =>
    SERIES.flatMap(({ field, name }) =>
      timeline.points.map((point) => ({
        allocator: allocatorLabel(timeline),
        operation: point.operation,
        series: name,
        bytes: point[field],
      })),
    ),
  );
}

/** The Vega-Lite specification of the chart. `subtitle` names the replay. */
export function timelineChart(timelines: readonly ReplayTimeline[], subtitle: string): TopLevelSpec {
  const points = timelinePoints(timelines);
  const highest = points.reduce((most, point) => Math.max(most, point.bytes), 0);
  const labels = timelines.map(allocatorLabel);
  return {
    $schema: "https://vega.github.io/schema/vega-lite/v6.json",
    background: "white",
    padding: 12,
    title: {
      text: "Bytes over a replay",
      subtitle: `${subtitle} (highest ${formatBytes(highest)})`,
      offset: 8,
    },
    data: { values: points },
    facet: { row: { field: "allocator", type: "nominal", sort: labels, title: null, header: PANEL_HEADER } },
    spacing: 14,
    spec: {
      width: 640,
      height: 150,
      ...bytesLines(SERIES, highest),
    },
    config: CHART_CONFIG,
  };
}
