/** Some curves with their points on one pair of axes, told apart by colours and dashes. */
import { lineColour } from "./colours.js";
import { type LineChart, lineChart } from "./line-chart.js";
import type { LineStyle } from "./picture.js";

/** One point of one line. */
export interface CurveAt {
  line: string;
  x: number;
  y: number;
}

export type CurveChart = Pick<LineChart, "title" | "subtitle" | "x" | "y">;

/** Draws them as an SVG document, in the order in which lines are first met. */
export function curveChart(points: readonly CurveAt[], chart: CurveChart): string {
  const names = [...new Set(points.map(({ line }) => line))];
  const lines = names.map((name, index) => ({
    name,
    points: points.filter(({ line }) => line === name),
    style: styleOf(index),
  }));
  return lineChart({
    ...chart,
    legend: lines,
    panels: [{ lines }],
    shape: "straight",
    hasDots: true,
    ...{ width: 640, height: 340 },
  });
}

/** Lines that lie on each other are told apart. */
function styleOf(index: number): LineStyle {
  const colour = lineColour(index);
  return index % 3 === 0 ? { colour } : { colour, dash: [8 - 2 * (index % 3), 3] };
}
