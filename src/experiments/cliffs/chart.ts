/**
 * The picture of cliffs: bytes zeroed in one settled iteration of the untouched loop against the size
 * of the block, both axes logarithmic, a line for each allocator. Nothing zeroed has no place on such
 * an axis, so a line below everything else stands for 0.
 */

import type { TopLevelSpec } from "vega-lite";
import { formatCount } from "../../base/bytes.js";
import { formatSize } from "../../base/numbers.js";
import { CHART_CONFIG, LINE_COLOURS, logLabelExpression, logTicks } from "../../report/axis.js";
import { allocatorLabel } from "../../report/label.js";
import type { CliffsReport } from "../../results/cliffs.js";

/** One point of one line. */
export interface ZeroedAt {
  allocator: string;
  bytes: number;
  /** Bytes zeroed by anyone. */
  zeroed: number;
  /** Where that is drawn: the floor for 0. */
  height: number;
}

/** A cliff, named on its way down. */
export interface CliffAt {
  allocator: string;
  bytes: number;
  height: number;
  text: string;
}

export interface CliffDrawing {
  points: ZeroedAt[];
  cliffs: CliffAt[];
  /** Where 0 is drawn; absent if nothing costs 0. */
  floor?: number;
  /** Ends of the axis of height. */
  low: number;
  high: number;
}

/** What is drawn, in the order of the report. */
export function drawCliffs({ results }: CliffsReport): CliffDrawing {
  const all = results.flatMap((result) =>
    result.points.map(({ bytes, zeroed }) => ({
      allocator: allocatorLabel(result),
      bytes,
      zeroed: zeroed.kernel + zeroed.allocator,
    })),
  );
  const costs = all.map(({ zeroed }) => zeroed).filter((zeroed) => zeroed > 0);
  const least = costs.reduce((one, other) => Math.min(one, other), 2 ** 40);
  const lowest = 2 ** Math.floor(Math.log2(costs.length > 0 ? least : 2));
  const highest = costs.reduce((one, other) => Math.max(one, other), 2 * lowest);
  // Two steps below the least cost, so that it is not taken for a cost itself.
  const floor = costs.length < all.length ? lowest / 4 : undefined;
  const points = all.map((point) => ({ ...point, height: Math.max(point.zeroed, floor ?? lowest) }));
  return {
    points,
    cliffs: results.flatMap((result, index) =>
      result.cliffs.map(({ bytes }) => {
        const allocator = allocatorLabel(result);
        const [below, above] = [bytes, bytes + 1].map(
          (size) =>
            points.find((point) => point.allocator === allocator && point.bytes === size)?.height ?? lowest,
        ) as [number, number];
        // Each at another part of the upper half, for cliffs may be at one size.
        const part = (index + 1) / (results.length + 1) / 2;
        return { allocator, bytes, height: below ** (1 - part) * above ** part, text: formatCount(bytes) };
      }),
    ),
    ...(floor !== undefined && { floor }),
    low: floor ?? lowest,
    high: highest,
  };
}

/** The Vega-Lite specification of the chart. */
export function cliffsChart(report: CliffsReport): TopLevelSpec {
  const { points, cliffs, floor, low, high } = drawCliffs(report);
  const { from, to } = report.parameters;
  const labels = report.results.map(allocatorLabel);
  const sizes = logTicks(from, to);
  const heights = [
    ...(floor === undefined ? [] : [floor]),
    ...logTicks(floor === undefined ? low : low * 4, high),
  ];
  const scale = { type: "log", base: 2, nice: false } as const;
  return {
    $schema: "https://vega.github.io/schema/vega-lite/v6.json",
    background: "white",
    padding: 12,
    title: {
      text: "What an untouched calloc costs, by size",
      subtitle: `p = calloc(1, n); free(p), n from ${formatSize(from)} to ${formatSize(to)}; marked: the largest n below a cliff`,
      offset: 8,
    },
    width: WIDTH,
    height: 340,
    encoding: {
      x: {
        field: "bytes",
        type: "quantitative",
        title: "n",
        scale: { ...scale, domain: [from, Math.max(to, 2 * from)] },
        axis: { values: sizes, labelExpr: logLabelExpression(sizes), grid: false, labelOverlap: false },
      },
      y: {
        field: "height",
        type: "quantitative",
        title: "bytes zeroed per iteration, once settled",
        scale: { ...scale, domain: [low, high] },
        axis: { values: heights, labelExpr: logLabelExpression(heights, floor), labelOverlap: false },
      },
      color: {
        field: "allocator",
        type: "nominal",
        title: null,
        scale: {
          domain: labels,
          range: labels.map((_, index) => LINE_COLOURS[index % LINE_COLOURS.length] as string),
        },
        legend: {
          orient: "top",
          columns: legendColumns(labels),
          symbolType: "stroke",
          symbolStrokeWidth: 4,
          labelLimit: 0,
        },
      },
    },
    layer: [...lines(points, labels), ...(cliffs.length > 0 ? marks(cliffs) : [])],
    config: CHART_CONFIG,
  };
}

type Layer = Extract<TopLevelSpec, { layer: unknown }>["layer"][number];

const WIDTH = 640;
/** Of lines, in pixels. */
const THINNEST = 2;
const THICKEST = 9;

/** Columns the legend fits into: a letter is at most 7 pixels wide, and a symbol and what is around it 40. */
function legendColumns(labels: readonly string[]): number {
  const longest = Math.max(0, ...labels.map((label) => label.length));
  return Math.max(1, Math.floor(WIDTH / (7 * longest + 40)));
}

/** A line for each allocator, later ones thinner, so that an earlier one beneath still shows. */
function lines(points: readonly ZeroedAt[], labels: readonly string[]): Layer[] {
  const step = Math.min(2, (THICKEST - THINNEST) / labels.length);
  return labels.map((label, index) => ({
    data: { values: points.filter(({ allocator }) => allocator === label) },
    mark: { type: "line", strokeJoin: "round", strokeWidth: THINNEST + step * (labels.length - 1 - index) },
    encoding: {
      tooltip: [
        { field: "allocator", type: "nominal" },
        { field: "bytes", type: "quantitative", format: ",", title: "n" },
        { field: "zeroed", type: "quantitative", format: ",", title: "bytes zeroed" },
      ],
    },
  }));
}

/** The size at each cliff, on a white edge that keeps lines behind it off. */
function marks(cliffs: readonly CliffAt[]): Layer[] {
  const text = { type: "text", align: "left", dx: 6, fontSize: 11 } as const;
  const data = { values: [...cliffs] };
  const encoding = { text: { field: "text", type: "nominal" } } as const;
  return [
    { data, mark: { ...text, stroke: "white", strokeWidth: 4, strokeJoin: "round" }, encoding },
    { data, mark: { ...text, fontWeight: "bold" }, encoding },
  ];
}
