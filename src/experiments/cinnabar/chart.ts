/**
 * The picture of git-cinnabar: live bytes, bytes in use, system and resident against operations, one panel for each allocator
 * under the whole program, all on one scale; the ends of phases are lines across.
 */
import type { TopLevelSpec } from "vega-lite";
import { formatBytes } from "../../base/bytes.js";
import { CHART_CONFIG, COLOURS, PANEL_HEADER } from "../../report/axis.js";
import type { CinnabarReport } from "../../results/cinnabar.js";
import { bytesLines, SERIES as REPLAYED } from "../replay/chart.js";
import { cinnabarHeading, labelOf } from "./sheet.js";

/** In the order of the legend. */
const SERIES = [{ field: "live", name: "live", colour: COLOURS.green, dash: [1, 0] }, ...REPLAYED] as const;

const PHASE_LINE = { type: "rule" as const, color: "#888", strokeDash: [1, 3] };

export function cinnabarChart(report: CinnabarReport): TopLevelSpec {
  const results = report.results.filter(({ without }) => without === "nothing");
  const points = results.flatMap((result) =>
    SERIES.flatMap(({ field, name }) =>
      result.course.map((point) => ({
        ...{ panel: labelOf(result), operation: point.operation },
        ...{ series: name, bytes: point[field] },
      })),
    ),
  );
  const ends = results.flatMap((result) =>
    result.moments
      .filter(({ name }) => name === "phase 1" || name === "phase 2")
      .map(({ name, operation }) => ({ panel: labelOf(result), end: name, operation })),
  );
  const highest = points.reduce((most, { bytes }) => Math.max(most, bytes), 0);
  const lines = bytesLines(SERIES, highest);
  const { x } = lines.encoding;
  return {
    $schema: "https://vega.github.io/schema/vega-lite/v6.json",
    background: "white",
    padding: 12,
    title: {
      text: "Resident memory rises while live data falls",
      subtitle: `${cinnabarHeading(report)} (highest ${formatBytes(highest)})`,
      offset: 8,
    },
    data: { values: [...points, ...ends] },
    facet: {
      row: { field: "panel", type: "nominal", sort: results.map(labelOf), title: null, header: PANEL_HEADER },
    },
    spacing: 14,
    spec: {
      width: 640,
      height: 150,
      layer: [
        { transform: [{ filter: "isValid(datum.series)" }], ...lines },
        { transform: [{ filter: "isValid(datum.end)" }], mark: PHASE_LINE, encoding: { x } },
        {
          transform: [{ filter: "isValid(datum.end)" }],
          mark: { type: "text", align: "right", baseline: "top", dx: -4, color: "#555", fontSize: 10 },
          encoding: { x, y: { value: 2 }, text: { field: "end" } },
        },
      ],
    },
    config: CHART_CONFIG,
  };
}
