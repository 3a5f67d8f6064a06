/**
 * The picture of git-cinnabar: live bytes, bytes in use, system and resident against operations, one panel for each allocator
 * under the whole program, all on one scale; the ends of phases are lines across.
 */
import { formatBytes } from "../../base/bytes.js";
import { COLOURS } from "../../report/colours.js";
import { lineChart } from "../../report/line-chart.js";
import type { CinnabarReport } from "../../results/cinnabar.js";
import { bytesAxes, bytesLines, legendOf, SERIES as REPLAYED } from "../replay/chart.js";
import { cinnabarHeading, labelOf } from "./sheet.js";

/** In the order of the legend. */
const SERIES = [{ field: "live", name: "live", colour: COLOURS.green, dash: [1, 0] }, ...REPLAYED] as const;

/** The chart as an SVG document. */
export function cinnabarChart(report: CinnabarReport): string {
  const results = report.results.filter(({ without }) => without === "nothing");
  const panels = results.map((result) => ({
    name: labelOf(result),
    lines: bytesLines(SERIES, result.course),
    labels: result.moments
      .filter(({ name }) => name === "phase 1" || name === "phase 2")
      .map(({ name, operation }) => ({ x: operation, text: name })),
  }));
  const all = panels.flatMap(({ lines }) => lines.flatMap(({ points }) => points));
  const highest = all.reduce((most, { y }) => Math.max(most, y), 0);
  const operations = all.reduce((most, { x }) => Math.max(most, x), 0);
  return lineChart({
    title: "Resident memory rises while live data falls",
    subtitle: `${cinnabarHeading(report)} (highest ${formatBytes(highest)})`,
    legend: legendOf(SERIES),
    ...bytesAxes(highest, operations),
    panels,
  });
}
