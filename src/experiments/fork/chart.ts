/** The picture of forks: a bar for each program, as long as what its processes would have if they shared nothing. */

import { formatCell, formatShare } from "../../base/numbers.js";
import { binaryTicks } from "../../report/axis.js";
import { type Bar, type BarPanel, barChart } from "../../report/bar-chart.js";
import { COLOURS } from "../../report/colours.js";
import { allocatorLabel } from "../../report/label.js";
import type { ForkReport, ForkResult } from "../../results/fork.js";
import { forkHeading } from "./sheet.js";

/** What a byte is, in the order bars are stacked. */
const PARTS = [
  { name: "loaded by the parent", colour: COLOURS.blue },
  { name: "copied", colour: COLOURS.vermilion },
  { name: "new in children", colour: COLOURS.green },
  { name: "saved by sharing", colour: COLOURS.grey },
] as const;

/** A panel for each allocator, a row for each program. */
export function forkPanels({ results }: ForkReport): BarPanel[] {
  const labels = [...new Set(results.map(allocatorLabel))];
  return labels.map((name) => ({
    name,
    rows: results
      .filter((result) => allocatorLabel(result) === name)
      .map((result) => ({ name: result.program, bars: [barOf(result)] })),
  }));
}

function barOf({ loaded, working, together, separate, saved }: ForkResult): Bar {
  const bytes = [loaded, working.copiedBytes, together - loaded - working.copiedBytes, saved];
  return {
    segments: PARTS.map(({ name, colour }, part) => ({
      ...{ value: bytes[part] as number, colour },
      told: `${name}: ${formatCell(bytes[part] as number)}`,
    })),
    note: `${formatCell(together)}, ${formatShare(saved, separate)} saved`,
  };
}

/** The chart as an SVG document. */
export function forkChart(report: ForkReport): string {
  const ticks = binaryTicks(Math.max(...report.results.map(({ separate }) => separate), 1));
  return barChart({
    title: "What processes have together after a fork",
    subtitle: forkHeading(report.parameters),
    legend: PARTS.map(({ name, colour }) => ({ name, style: { fill: colour } })),
    x: { title: "bytes of all processes", ends: [0, ticks.at(-1)?.at ?? 1], ticks },
    panels: forkPanels(report),
    ...{ width: 480, thickness: 20, gap: 8 },
  });
}
