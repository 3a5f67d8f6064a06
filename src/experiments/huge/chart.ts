/** The picture of huge pages: a bar for each mode and toucher, as long as what is resident. */

import { formatCell } from "../../base/numbers.js";
import { binaryTicks } from "../../report/axis.js";
import { type BarPanel, barChart } from "../../report/bar-chart.js";
import { COLOURS } from "../../report/colours.js";
import { allocatorLabel } from "../../report/label.js";
import type { HugeReport, HugeResult } from "../../results/huge.js";
import { hugeHeading } from "./sheet.js";

const PARTS = [
  { name: "used", colour: COLOURS.green, of: (result: HugeResult) => Math.min(result.used, result.resident) },
  {
    name: "resident for nothing",
    colour: COLOURS.vermilion,
    of: (result: HugeResult) => Math.max(0, result.resident - result.used),
  },
] as const;

/** A panel for each allocator, and in it a bar for each mode and toucher. */
export function hugePanels({ results }: HugeReport): BarPanel[] {
  const names = [...new Set(results.map(allocatorLabel))];
  return names.map((name) => ({
    name,
    rows: results
      .filter((result) => allocatorLabel(result) === name)
      .map((result) => ({
        name: `${result.mode}, ${result.toucher}`,
        bars: [
          {
            segments: PARTS.map((part) => ({
              ...{ value: part.of(result), colour: part.colour },
              told: `${part.name}: ${formatCell(part.of(result))}`,
            })),
            note: formatCell(result.resident),
          },
        ],
      })),
  }));
}

/** The chart as an SVG document. */
export function hugeChart(report: HugeReport): string {
  const most = Math.max(...report.results.map(({ resident }) => resident));
  return barChart({
    title: "What huge pages make resident",
    subtitle: hugeHeading(report.parameters),
    legend: PARTS.map(({ name, colour }) => ({ name, style: { fill: colour } })),
    x: { title: "bytes resident", ends: [0, most], ticks: binaryTicks(most) },
    panels: hugePanels(report),
    ...{ width: 480, thickness: 12, gap: 6 },
  });
}
