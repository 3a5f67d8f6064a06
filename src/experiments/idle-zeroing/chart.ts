/** The picture of zeroing in idle time: where the time of a loop goes, above as it is, below without the kernel's zeroing. */

import { formatSeconds, formatShare } from "../../base/numbers.js";
import type { SimulatedTime, TimeParts } from "../../costs/simulate.js";
import { plainTicks } from "../../report/axis.js";
import { type Bar, type BarPanel, barChart } from "../../report/bar-chart.js";
import { COLOURS } from "../../report/colours.js";
import { allocatorLabel } from "../../report/label.js";
import type { IdleZeroingReport } from "../../results/idle-zeroing.js";
import { idleZeroingHeading } from "./sheet.js";

/** In the order bars are stacked. */
const PARTS: readonly { part: keyof TimeParts; name: string; colour: string }[] = [
  { part: "zeroedByAllocator", name: "allocator zeroes", colour: COLOURS.vermilion },
  { part: "faults", name: "faults", colour: COLOURS.blue },
  { part: "syscalls", name: "system calls", colour: COLOURS.grey },
  { part: "zeroedByKernel", name: "kernel zeroes, unless it did in idle time", colour: COLOURS.green },
];

/** A panel for each part written, and in it two bars for each allocator. */
export function idleZeroingPanels({ results }: IdleZeroingReport): BarPanel[] {
  const shares = results[0]?.points.map(({ share }) => share) ?? [];
  return shares.map((share, index) => ({
    name: `${formatShare(share, 1)} written`,
    rows: results.flatMap((result) => {
      const point = result.points[index];
      return point ? [{ name: allocatorLabel(result), bars: [barOf(point.onFault), barOf(point.idle)] }] : [];
    }),
  }));
}

function barOf({ seconds, parts }: SimulatedTime): Bar {
  return {
    segments: PARTS.map(({ part, name, colour }) => ({
      ...{ value: parts[part], colour },
      told: `${name}: ${formatSeconds(parts[part])}`,
    })),
    note: formatSeconds(seconds),
  };
}

/** The chart as an SVG document. */
export function idleZeroingChart(report: IdleZeroingReport): string {
  const times = report.results.flatMap(({ points }) => points.map(({ onFault }) => onFault.seconds));
  const ends = [0, Math.max(...times, 1e-6)] as const;
  return barChart({
    title: "What zeroing in idle time would save",
    subtitle: `${idleZeroingHeading(report.parameters)} (the lower bar)`,
    legend: PARTS.map(({ name, colour }) => ({ name, style: { fill: colour } })),
    x: { title: "simulated seconds", ends, ticks: plainTicks(ends, 6, String) },
    panels: idleZeroingPanels(report),
    ...{ width: 480, thickness: 12, gap: 8 },
  });
}
