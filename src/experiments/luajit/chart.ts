/** The picture of low memory: a bar for each amount that a host has loaded, as long as what LuaJIT can get. */

import { formatCell, formatSize } from "../../base/numbers.js";
import { binaryTicks } from "../../report/axis.js";
import { type Bar, type BarPanel, barChart } from "../../report/bar-chart.js";
import { COLOURS } from "../../report/colours.js";
import { allocatorLabel } from "../../report/label.js";
import type { LuajitPoint, LuajitReport } from "../../results/luajit.js";
import { luajitHeading, WINDOW } from "./sheet.js";

const PARTS = [
  { name: "left for MAP_32BIT", colour: COLOURS.green, of: ({ low }: LuajitPoint) => low },
  { name: "gone", colour: COLOURS.vermilion, of: ({ low }: LuajitPoint) => WINDOW - low },
] as const;

/** A panel for each allocator, and in it a bar for each amount. */
export function luajitPanels({ results }: LuajitReport): BarPanel[] {
  return results.map((result) => ({
    name: allocatorLabel(result),
    rows: result.points.map((point) => ({
      name: `${formatSize(point.loaded)} loaded`,
      bars: [barOf(point)],
    })),
  }));
}

function barOf(point: LuajitPoint): Bar {
  return {
    segments: PARTS.map(({ name, colour, of }) => ({
      ...{ value: of(point), colour },
      told: `${name}: ${formatCell(of(point))}`,
    })),
    note: formatCell(point.low),
  };
}

/** The chart as an SVG document. */
export function luajitChart(report: LuajitReport): string {
  return barChart({
    title: "Low memory that an allocator leaves to LuaJIT",
    subtitle: luajitHeading(report.parameters),
    legend: PARTS.map(({ name, colour }) => ({ name, style: { fill: colour } })),
    x: { title: "bytes of MAP_32BIT", ends: [0, WINDOW], ticks: binaryTicks(WINDOW) },
    panels: luajitPanels(report),
    ...{ width: 480, thickness: 12, gap: 6 },
  });
}
