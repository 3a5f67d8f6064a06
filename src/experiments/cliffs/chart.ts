/**
 * The picture of cliffs: bytes zeroed in one settled iteration of the untouched loop against the size
 * of the block, both axes logarithmic, a line for each allocator. Nothing zeroed has no place on such
 * an axis, so a line below everything else stands for 0.
 */

import { formatCount } from "../../base/bytes.js";
import { formatSize } from "../../base/numbers.js";
import { sizeTicks } from "../../report/axis.js";
import { lineColour } from "../../report/colours.js";
import { allocatorLabel } from "../../report/label.js";
import { lineChart } from "../../report/line-chart.js";
import type { LineStyle } from "../../report/picture.js";
import type { CliffsReport } from "../../results/cliffs.js";

/** One point of one line. */
export interface ZeroedAt {
  allocator: string;
  bytes: number;
  /** Bytes zeroed by anyone. */
  zeroed: number;
  /** Where that is drawn: the floor for 0. */
  height: number;
}

/** A cliff, named on its way down. */
export interface CliffAt {
  allocator: string;
  bytes: number;
  height: number;
  text: string;
}

export interface CliffDrawing {
  points: ZeroedAt[];
  cliffs: CliffAt[];
  /** Where 0 is drawn; absent if nothing costs 0. */
  floor?: number;
  /** Ends of the axis of height. */
  low: number;
  high: number;
}

/** What is drawn, in the order of the report. */
export function drawCliffs({ results }: CliffsReport): CliffDrawing {
  const all = results.flatMap((result) =>
    result.points.map(({ bytes, zeroed }) => ({
      allocator: allocatorLabel(result),
      bytes,
      zeroed: zeroed.kernel + zeroed.allocator,
    })),
  );
  const costs = all.map(({ zeroed }) => zeroed).filter((zeroed) => zeroed > 0);
  const least = costs.reduce((one, other) => Math.min(one, other), 2 ** 40);
  const lowest = 2 ** Math.floor(Math.log2(costs.length > 0 ? least : 2));
  const highest = costs.reduce((one, other) => Math.max(one, other), 2 * lowest);
  // Two steps below the least cost, so that it is not taken for a cost itself.
  const floor = costs.length < all.length ? lowest / 4 : undefined;
  const points = all.map((point) => ({ ...point, height: Math.max(point.zeroed, floor ?? lowest) }));
  return {
    points,
    cliffs: results.flatMap((result, index) =>
      result.cliffs.map(({ bytes }) => {
        const allocator = allocatorLabel(result);
        const [below, above] = [bytes, bytes + 1].map(
          (size) =>
            points.find((point) => point.allocator === allocator && point.bytes === size)?.height ?? lowest,
        ) as [number, number];
        // Each at another part of the upper half, for cliffs may be at one size.
        const part = (index + 1) / (results.length + 1) / 2;
        return { allocator, bytes, height: below ** (1 - part) * above ** part, text: formatCount(bytes) };
      }),
    ),
    ...(floor !== undefined && { floor }),
    low: floor ?? lowest,
    high: highest,
  };
}

/** The chart as an SVG document. */
export function cliffsChart(report: CliffsReport): string {
  const { points, cliffs, floor, low, high } = drawCliffs(report);
  const { from, to } = report.parameters;
  const labels = report.results.map(allocatorLabel);
  const styles = labels.map((_, index) => ({
    colour: lineColour(index),
    width: lineWidth(index, labels.length),
  }));
  const zero = floor === undefined ? [] : [{ at: floor, label: "0" }];
  return lineChart({
    title: "What an untouched calloc costs, by size",
    subtitle: `p = calloc(1, n); free(p), n from ${formatSize(from)} to ${formatSize(to)}; marked: the largest n below a cliff`,
    legend: labels.map((name, index) => ({ name, style: { ...(styles[index] as LineStyle), width: 4 } })),
    x: { title: "n", ends: [from, Math.max(to, 2 * from)], isLogarithmic: true, ticks: sizeTicks(from, to) },
    y: {
      title: "bytes zeroed per iteration, once settled",
      ends: [low, high],
      isLogarithmic: true,
      ticks: [...zero, ...sizeTicks(floor === undefined ? low : low * 4, high)],
    },
    panels: [
      {
        lines: labels.map((name, index) => ({
          name,
          points: points
            .filter(({ allocator }) => allocator === name)
            .map(({ bytes, height }) => ({ x: bytes, y: height })),
          style: styles[index] as LineStyle,
        })),
        labels: cliffs.map(({ bytes, height, text }) => ({ x: bytes, y: height, text })),
      },
    ],
    shape: "straight",
    width: 640,
    height: 340,
  });
}

/** Of lines, in pixels. */
const THINNEST = 2;
const THICKEST = 9;

/** Later lines are thinner, so that an earlier one beneath still shows. */
function lineWidth(index: number, count: number): number {
  const step = Math.min(2, (THICKEST - THINNEST) / count);
  return THINNEST + step * (count - 1 - index);
}
