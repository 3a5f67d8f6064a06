import type { TopLevelSpec } from "vega-lite";
import { CHART_CONFIG, LINE_COLOURS } from "./axis.js";

/** One point of one line. */
export interface CurveAt {
  line: string;
  x: number;
  y: number;
}

/** What is said around the curves, and how they are laid out. */
export interface CurveChart {
  title: string;
  subtitle: string;
  x: CurveAxis;
  y: CurveAxis;
}

type Encoding = NonNullable<Extract<TopLevelSpec, { encoding?: unknown }>["encoding"]>;
export type CurveAxis = Pick<Extract<Encoding["x"], { scale?: unknown }>, "scale" | "axis"> & {
  title: string;
};

/** Some curves on one pair of axes, a line for each. */
export function curveChart(points: readonly CurveAt[], { title, subtitle, x, y }: CurveChart): TopLevelSpec {
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
