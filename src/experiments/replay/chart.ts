/**
 * The picture of a replay: bytes in use, system and resident against operations, one panel per
 * allocator, all on one scale so that panels compare.
 */

import { formatBytes } from "../../base/bytes.js";
import { binaryTicks, plainTicks } from "../../report/axis.js";
import { COLOURS } from "../../report/colours.js";
import { allocatorLabel } from "../../report/label.js";
import { type Line, lineChart } from "../../report/line-chart.js";
import type { ReplayTimeline } from "./timeline.js";

/** What is drawn, in the order of the legend. Dashes tell the lines apart where colours do not. */
export const SERIES = [
  { field: "inUse", name: "in use", colour: COLOURS.blue, dash: [1, 0] },
  { field: "system", name: "system", colour: COLOURS.grey, dash: [6, 3] },
  { field: "resident", name: "resident", colour: COLOURS.vermilion, dash: [2, 2] },
] as const;

/** What lines of bytes have in common: axes from 0 to the highest bytes, over so many operations. */
export function bytesAxes(highest: number, operations: number) {
  const ticks = binaryTicks(highest);
  const ends = [0, Math.max(1, operations)] as const;
  return {
    x: { title: "operations", ends, ticks: plainTicks(ends) },
    y: { ends: [0, ticks.at(-1)?.at ?? 1] as const, ticks },
    shape: "steps" as const,
    ...{ width: 640, height: 150 },
  };
}

/** The lines of some points, in the order of `series`. */
export function bytesLines<Field extends string>(
  series: readonly { field: Field; name: string; colour: string; dash: readonly number[] }[],
  points: readonly (Record<Field, number> & { operation: number })[],
): Line[] {
  return series.map(({ field, name, colour, dash }) => ({
    name,
    points: points.map((point) => ({ x: point.operation, y: point[field] })),
    style: { colour, dash, width: 1.6 },
  }));
}

/** The legend of such lines. */
export const legendOf = (series: readonly { name: string; colour: string; dash: readonly number[] }[]) =>
  series.map(({ name, colour, dash }) => ({ name, style: { colour, dash } }));

/** The chart as an SVG document. `subtitle` names the replay. */
export function timelineChart(timelines: readonly ReplayTimeline[], subtitle: string): string {
  const panels = timelines.map((timeline) => ({
    name: allocatorLabel(timeline),
    lines: bytesLines(SERIES, timeline.points),
  }));
  const all = panels.flatMap(({ lines }) => lines.flatMap(({ points }) => points));
  const highest = all.reduce((most, { y }) => Math.max(most, y), 0);
  const operations = all.reduce((most, { x }) => Math.max(most, x), 0);
  return lineChart({
    title: "Bytes over a replay",
    subtitle: `${subtitle} (highest ${formatBytes(highest)})`,
    legend: legendOf(SERIES),
    ...bytesAxes(highest, operations),
    panels,
  });
}
