/** Charts of some curves on one pair of axes, a line for each. */

import type { TopLevelSpec } from "vega-lite";
import { formatShare, formatSize } from "../base/numbers.js";
import { CHART_CONFIG, LINE_COLOURS, logLabelExpression, logTicks } from "../report/axis.js";
import { allocatorLabel } from "../report/label.js";
import type { CallocFixesReport, IterContentReport } from "../results/results.js";
import { WAY_NAMES } from "./iter-content/table.js";

/** One point of one line. */
export interface CurveAt {
  line: string;
  x: number;
  y: number;
}

interface Axes {
  title: string;
  subtitle: string;
  x: Axis;
  y: Axis;
}

type Encoding = NonNullable<Extract<TopLevelSpec, { encoding?: unknown }>["encoding"]>;
type Axis = Pick<Extract<Encoding["x"], { scale?: unknown }>, "scale" | "axis"> & { title: string };

/** Throughput against the size of a chunk, both logarithmic. What costs nothing has no place there. */
export function iterContentPoints({ results }: IterContentReport): CurveAt[] {
  return results.flatMap((result) => {
    const line = `${allocatorLabel(result)}, ${WAY_NAMES[result.way]}`;
    return result.bytesPerSecond === null ? [] : [{ line, x: result.chunk, y: result.bytesPerSecond }];
  });
}

export function iterContentChart(report: IterContentReport): TopLevelSpec {
  const points = iterContentPoints(report);
  const ends = (values: number[]) => [Math.min(...values), Math.max(...values)] as const;
  const [sizes, speeds] = [ends(points.map(({ x }) => x)), ends(points.map(({ y }) => y))];
  const log = (title: string, [low, high]: readonly [number, number], unit: string): Axis => {
    const ticks = logTicks(low / 2, high * 2);
    const labels = logLabelExpression(ticks);
    return {
      title,
      scale: { type: "log", base: 2, nice: false, domain: [low / 1.5, high * 1.5] },
      axis: { values: ticks, labelExpr: unit ? `${labels} + '${unit}'` : labels, labelOverlap: true },
    };
  };
  return curveChart(points, {
    title: "What the buffer of a read does to throughput",
    subtitle: `a body of ${formatSize(report.parameters.body)} over TLS, 16 KiB a read; simulated, the cost of buffers alone`,
    x: log("size of a chunk, and of each buffer", sizes, ""),
    y: log("throughput, at most", speeds, "/s"),
  });
}

/** Simulated milliseconds of an iteration against the part of pages written. */
export function callocFixesPoints({ results }: CallocFixesReport): CurveAt[] {
  return results.flatMap((result) =>
    result.points.map(({ share, simulatedSeconds }) => ({
      line: allocatorLabel(result),
      x: share,
      y: simulatedSeconds * 1000,
    })),
  );
}

export function callocFixesChart(report: CallocFixesReport): TopLevelSpec {
  const { bytes, costs } = report.parameters;
  const marks = report.crossovers.map(({ share }) => formatShare(share, 1));
  const crossings = marks.length > 0 ? `; lines cross at ${[...new Set(marks)].join(", ")}` : "";
  return curveChart(callocFixesPoints(report), {
    title: "What calloc could do instead",
    subtitle: `calloc(1, ${formatSize(bytes)}), write, free; simulated by ${costs}${crossings}`,
    x: { title: "part of the pages written", scale: { domain: [0, 1] }, axis: { format: "%" } },
    y: { title: "milliseconds per iteration", scale: { zero: true }, axis: {} },
  });
}

function curveChart(points: readonly CurveAt[], { title, subtitle, x, y }: Axes): TopLevelSpec {
  const lines = [...new Set(points.map(({ line }) => line))];
  const range = lines.map((_, index) => LINE_COLOURS[index % LINE_COLOURS.length] as string);
  return {
    $schema: "https://vega.github.io/schema/vega-lite/v6.json",
    background: "white",
    padding: 12,
    title: { text: title, subtitle, offset: 8 },
    width: 640,
    height: 340,
    data: { values: [...points] },
    mark: { type: "line", point: true, strokeWidth: 2 },
    encoding: {
      x: { field: "x", type: "quantitative", ...x },
      y: { field: "y", type: "quantitative", ...y },
      color: {
        field: "line",
        type: "nominal",
        title: null,
        scale: { domain: lines, range },
        legend: { orient: "top", columns: 2, labelLimit: 0, symbolType: "stroke", symbolStrokeWidth: 4 },
      },
      // Lines that lie on each other are told apart.
      strokeDash: {
        field: "line",
        type: "nominal",
        scale: { domain: lines, range: lines.map(dash) },
      },
    },
    config: CHART_CONFIG,
  };
}

const dash = (_: string, index: number): number[] => (index % 3 === 0 ? [1, 0] : [8 - 2 * (index % 3), 3]);
