/**
 * The picture of a calloc loop: who zeroed the memory, and how much of it for nothing.
 *
 * One panel per size, one bar per allocator. A bar is not as long as the bytes zeroed but as the times
 * each byte asked for was zeroed, so that a linear scale serves every size: 1 is what memset costs,
 * 0 what calloc could cost. The bytes themselves stand at its end, and a bar of nothing says "0".
 */

import type { TopLevelSpec } from "vega-lite";
import { formatBytes } from "../../base/bytes.js";
import { formatCell, formatSize } from "../../base/numbers.js";
import { CHART_CONFIG, COLOURS, PANEL_HEADER } from "../../report/axis.js";
import { allocatorLabel } from "../../report/label.js";
import type { Report, Result } from "../../results/run.js";
import { blockBytes, sharedParameters } from "../runs/parameters.js";
import { callocLoopHeading } from "./sheet.js";

/** Who zeroed a byte, in the order bars are stacked. */
const PARTS = ["kernel", "allocator, needed", "allocator, needless"] as const;

/** One piece of one bar. */
export interface ZeroedPart {
  allocator: string;
  size: string;
  part: (typeof PARTS)[number];
  /** Place in the stack. */
  order: number;
  bytes: number;
  /** Times each byte asked for was zeroed: by this part, and by all of the bar. */
  times: number;
  totalTimes: number;
  /** What the end of the bar says; empty but for the bar's first part. */
  note: string;
}

/** The pieces of all bars, in the order of the report. Results that name no size of block are left out. */
export function zeroedParts(report: Report): ZeroedPart[] {
  const count = Number(sharedParameters(report).count ?? 1);
  return report.results.flatMap((result) => {
    const bytes = blockBytes(result);
    return bytes === undefined ? [] : partsOf(result, bytes, bytes * count);
  });
}

function partsOf(result: Result, size: number, asked: number): ZeroedPart[] {
  const { kernel, allocator, needless } = result.counters.zeroed;
  return [kernel, allocator - needless, needless].map((bytes, order) => ({
    allocator: allocatorLabel(result),
    size: `calloc(1, ${formatSize(size)})`,
    part: PARTS[order] as ZeroedPart["part"],
    order,
    bytes,
    times: bytes / asked,
    totalTimes: (kernel + allocator) / asked,
    note: order === 0 ? barNote(kernel + allocator, needless) : "",
  }));
}

function barNote(total: number, needless: number): string {
  if (total === 0 || needless === 0) return formatCell(total);
  return `${formatBytes(total)}, ${formatBytes(needless)} needlessly`;
}

/** The Vega-Lite specification of the chart. */
export function callocLoopChart(report: Report): TopLevelSpec {
  const parts = zeroedParts(report);
  const highest = Math.max(1, ...parts.map((part) => part.totalTimes));
  const sizes = [...new Set(parts.map((part) => part.size))];
  return {
    $schema: "https://vega.github.io/schema/vega-lite/v6.json",
    background: "white",
    padding: 12,
    title: {
      text: "Who zeroed the memory",
      subtitle: callocLoopHeading(sharedParameters(report)),
      offset: 8,
    },
    data: { values: parts },
    facet: { row: { field: "size", type: "nominal", sort: sizes, title: null, header: PANEL_HEADER } },
    spacing: 16,
    spec: {
      width: 480,
      height: { step: 28 },
      encoding: {
        y: { field: "allocator", type: "nominal", sort: null, title: null, axis: { labelLimit: 0 } },
      },
      layer: [bars(highest), notes],
    },
    config: CHART_CONFIG,
  };
}

type Layer = Extract<TopLevelSpec, { layer: unknown }>["layer"][number];

const bars = (highest: number): Layer => ({
  mark: { type: "bar", height: { band: 0.7 } },
  encoding: {
    x: {
      field: "times",
      type: "quantitative",
      stack: "zero",
      title: "times each byte asked for was zeroed",
      scale: { domain: [0, highest], nice: false },
      axis: { tickMinStep: 1, tickCount: 5 },
    },
    color: {
      field: "part",
      type: "nominal",
      title: "zeroed by",
      scale: { domain: [...PARTS], range: [COLOURS.blue, COLOURS.green, COLOURS.vermilion] },
      legend: { orient: "top", labelLimit: 0 },
    },
    order: { field: "order", type: "quantitative" },
    tooltip: [
      { field: "allocator", type: "nominal" },
      { field: "size", type: "nominal" },
      { field: "part", type: "nominal", title: "zeroed by" },
      { field: "bytes", type: "quantitative", format: "," },
    ],
  },
});

/** What each bar says at its end. */
const notes: Layer = {
  transform: [{ filter: "datum.order === 0" }],
  mark: { type: "text", align: "left", dx: 5, color: "#222" },
  encoding: { x: { field: "totalTimes", type: "quantitative" }, text: { field: "note", type: "nominal" } },
};
