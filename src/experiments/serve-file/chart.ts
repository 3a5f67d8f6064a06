/** The picture of serving a file: a bar for each way, of the bytes that are copied each time. */

import { formatCell } from "../../base/numbers.js";
import { binaryTicks } from "../../report/axis.js";
import { type BarPanel, barChart } from "../../report/bar-chart.js";
import { COLOURS } from "../../report/colours.js";
import { allocatorLabel } from "../../report/label.js";
import type { ServeFileReport, ServeFileResult } from "../../results/serve-file.js";
import { copiedBytes, serveFileHeading } from "./sheet.js";

/** In the order bars are stacked. */
const PARTS = [
  {
    name: "copied to the program",
    colour: COLOURS.vermilion,
    of: ({ again }: ServeFileResult) => again.copiedToUser,
  },
  {
    name: "copied to the socket",
    colour: COLOURS.blue,
    of: ({ again }: ServeFileResult) => again.copiedFromUser,
  },
] as const;

/** A panel for each allocator, a row for each way. */
export function serveFilePanels({ results }: ServeFileReport): BarPanel[] {
  return [...new Set(results.map(allocatorLabel))].map((name) => ({
    name,
    rows: results
      .filter((result) => allocatorLabel(result) === name)
      .map((result) => ({ name: result.way, bars: [barOf(result)] })),
  }));
}

function barOf(result: ServeFileResult) {
  const segments = PARTS.map(({ name, colour, of }) => ({
    ...{ value: of(result), colour },
    told: `${name}: ${formatCell(of(result))}`,
  }));
  const { first, cachedBytes } = result;
  return {
    segments,
    note: `${formatCell(copiedBytes(result.again))} copied, ${first.faults} faults at first, ${formatCell(cachedBytes)} cached`,
  };
}

/** The chart as an SVG document. */
export function serveFileChart(report: ServeFileReport): string {
  const ticks = binaryTicks(Math.max(...report.results.map(({ again }) => copiedBytes(again)), 1));
  return barChart({
    title: "What is copied to serve a file",
    subtitle: serveFileHeading(report.parameters),
    legend: PARTS.map(({ name, colour }) => ({ name, style: { fill: colour } })),
    x: { title: "bytes copied each time", ends: [0, ticks.at(-1)?.at ?? 1], ticks },
    panels: serveFilePanels(report),
    ...{ width: 480, thickness: 20, gap: 8 },
  });
}
