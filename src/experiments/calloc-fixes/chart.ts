import type { TopLevelSpec } from "vega-lite";
import { formatShare, formatSize } from "../../base/numbers.js";
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
