import { formatShare, formatSize } from "../../base/numbers.js";
import { plainTicks } from "../../report/axis.js";
import { type CurveAt, curveChart } from "../../report/curve-chart.js";
import { allocatorLabel } from "../../report/label.js";
import type { CallocFixesReport } from "../../results/calloc-fixes.js";

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

/** The chart as an SVG document. */
export function callocFixesChart(report: CallocFixesReport): string {
  const { bytes, costs } = report.parameters;
  const marks = report.crossovers.map(({ share }) => formatShare(share, 1));
  const crossings = marks.length > 0 ? `; lines cross at ${[...new Set(marks)].join(", ")}` : "";
  const points = callocFixesPoints(report);
  const slowest = [0, 1.05 * Math.max(...points.map(({ y }) => y), 1e-6)] as const;
  return curveChart(points, {
    title: "What calloc could do instead",
    subtitle: `calloc(1, ${formatSize(bytes)}), write, free; simulated by ${costs}${crossings}`,
    x: {
      title: "part of the pages written",
      ends: [0, 1],
      ticks: plainTicks([0, 1], 5, (share) => formatShare(share, 1)),
    },
    y: { title: "milliseconds per iteration", ends: slowest, ticks: plainTicks(slowest, 6, String) },
  });
}
