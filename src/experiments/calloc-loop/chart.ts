/**
 * The picture of a calloc loop: who zeroed the memory, and how much of it for nothing.
 *
 * One panel per size, one bar per allocator. A bar is not as long as the bytes zeroed but as the times
 * each byte asked for was zeroed, so that a linear scale serves every size: 1 is what memset costs,
 * 0 what calloc could cost. The bytes themselves stand at its end, and a bar of nothing says "0".
 */

import { formatBytes } from "../../base/bytes.js";
import { formatCell, formatSize } from "../../base/numbers.js";
import { plainTicks } from "../../report/axis.js";
import { type Bar, barChart } from "../../report/bar-chart.js";
import { COLOURS } from "../../report/colours.js";
import { allocatorLabel } from "../../report/label.js";
import type { Report, Result } from "../../results/run.js";
import { blockBytes, sharedParameters } from "../runs/parameters.js";
import { callocLoopHeading } from "./sheet.js";

/** Who zeroed a byte, in the order bars are stacked. */
const PARTS = [
  { name: "kernel", colour: COLOURS.blue },
  { name: "allocator, needed", colour: COLOURS.green },
  { name: "allocator, needless", colour: COLOURS.vermilion },
] as const;

/** The bars of one size, in the order of the report. */
export interface SizePanel {
  name: string;
  rows: { name: string; bars: readonly [Bar] }[];
}

/** All bars. Results that name no size of block are left out. */
export function zeroedPanels(report: Report): SizePanel[] {
  const count = Number(sharedParameters(report).count ?? 1);
  const panels = new Map<number, SizePanel>();
  for (const result of report.results) {
    const bytes = blockBytes(result);
    if (bytes === undefined) continue;
    const panel = panels.get(bytes) ?? { name: `calloc(1, ${formatSize(bytes)})`, rows: [] };
    panels.set(bytes, panel);
    panel.rows.push({ name: allocatorLabel(result), bars: [barOf(result, bytes * count)] });
  }
  return [...panels.values()];
}

/** @param asked bytes that the loop asked for in all. */
function barOf({ counters }: Result, asked: number): Bar {
  const { kernel, allocator, needless } = counters.zeroed;
  const bytes = [kernel, allocator - needless, needless];
  return {
    segments: PARTS.map(({ name, colour }, part) => ({
      ...{ value: (bytes[part] as number) / asked, colour },
      told: `${name}: ${formatCell(bytes[part] as number)}`,
    })),
    note: barNote(kernel + allocator, needless),
  };
}

function barNote(total: number, needless: number): string {
  if (total === 0 || needless === 0) return formatCell(total);
  return `${formatBytes(total)}, ${formatBytes(needless)} needlessly`;
}

/** The chart as an SVG document. */
export function callocLoopChart(report: Report): string {
  const panels = zeroedPanels(report);
  const lengths = panels.flatMap(({ rows }) =>
    rows.map(({ bars: [{ segments }] }) => segments.reduce((sum, { value }) => sum + value, 0)),
  );
  const ends = [0, Math.max(1, ...lengths)] as const;
  return barChart({
    title: "Who zeroed the memory",
    subtitle: callocLoopHeading(sharedParameters(report)),
    legend: PARTS.map(({ name, colour }) => ({ name, style: { fill: colour } })),
    x: { title: "times each byte asked for was zeroed", ends, ticks: plainTicks(ends, 5) },
    panels,
    ...{ width: 480, thickness: 20, gap: 8 },
  });
}
