import { formatSize } from "../../base/numbers.js";
import { type Axis, sizeTicks } from "../../report/axis.js";
import { type CurveAt, curveChart } from "../../report/curve-chart.js";
import { allocatorLabel } from "../../report/label.js";
import type { IterContentReport } from "../../results/iter-content.js";
import { WAY_NAMES } from "./sheet.js";

/** Throughput against the size of a chunk, both logarithmic. What costs nothing has no place there. */
export function iterContentPoints({ results }: IterContentReport): CurveAt[] {
  return results.flatMap((result) => {
    const line = `${allocatorLabel(result)}, ${WAY_NAMES[result.way]}`;
    return result.bytesPerSecond === null ? [] : [{ line, x: result.chunk, y: result.bytesPerSecond }];
  });
}

/** The chart as an SVG document. */
export function iterContentChart(report: IterContentReport): string {
  const points = iterContentPoints(report);
  const axis = (title: string, values: number[], unit: string): Axis => {
    const [low, high] = [Math.min(...values) / 1.5, Math.max(...values) * 1.5];
    const ticks = sizeTicks(low, high).map(({ at, label }) => ({ at, label: label + unit }));
    return { title, ends: [low, high], isLogarithmic: true, ticks };
  };
  return curveChart(points, {
    title: "What the buffer of a read does to throughput",
    subtitle: `a body of ${formatSize(report.parameters.body)} over TLS, 16 KiB a read; simulated, the cost of buffers alone`,
    x: axis(
      "size of a chunk, and of each buffer",
      points.map(({ x }) => x),
      "",
    ),
    y: axis(
      "throughput, at most",
      points.map(({ y }) => y),
      "/s",
    ),
  });
}
