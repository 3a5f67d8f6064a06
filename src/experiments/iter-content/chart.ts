import type { TopLevelSpec } from "vega-lite";
import { formatSize } from "../../base/numbers.js";
import { logLabelExpression, logTicks } from "../../report/axis.js";
import { type CurveAt, type CurveAxis, curveChart } from "../../report/curve-chart.js";
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

export function iterContentChart(report: IterContentReport): TopLevelSpec {
  const points = iterContentPoints(report);
  const ends = (values: number[]) => [Math.min(...values), Math.max(...values)] as const;
  const [sizes, speeds] = [ends(points.map(({ x }) => x)), ends(points.map(({ y }) => y))];
  const log = (title: string, [low, high]: readonly [number, number], unit: string): CurveAxis => {
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
