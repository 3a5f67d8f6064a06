import { formatBytes, formatCount } from "../../base/bytes.js";
import { allocatorLabel } from "../../report/label.js";
import { SERIES } from "./chart.js";
import type { ReplayTimeline } from "./timeline.js";

const LEVELS = "▁▂▃▄▅▆▇█";
const NOTHING = "·";

/**
 * Timelines as text: three lines of blocks for each allocator, all to one scale, each with its
 * highest value. A column is the highest value of its operations; nothing at all is a dot. Where points are further
 * apart than an operation, what is not counted may have been more, which is said.
 * Ends in a newline; empty when there is nothing to draw.
 */
export function timelineText(timelines: readonly ReplayTimeline[], width = 48): string {
  const lines = timelines.filter(({ points }) => points.length > 0);
  if (lines.length === 0) return "";
  const highest = Math.max(...lines.flatMap(({ points }) => SERIES.map(({ field }) => peak(points, field))));
  const names = lines.map(allocatorLabel);
  const nameWidth = Math.max(...names.map((name) => name.length));
  const rows = lines.flatMap((timeline, index) =>
    SERIES.map(({ field, name }, series) => {
      const label = (series === 0 ? (names[index] ?? "") : "").padEnd(nameWidth);
      const blocks = columns(timeline.points, field, width).map((bytes) => block(bytes, highest));
      return `${label}  ${name.padEnd(8)}  ${blocks.join("")}  ${most(timeline, field)}`;
    }),
  );
  const apart = Math.max(...lines.map(({ points }) => stride(points)));
  const told = `≥: the most that was seen after every ${formatCount(apart)} operations; resident is its peak`;
  return `${[...rows, ...(apart > 1 ? [told] : [])].join("\n")}\n`;
}

/** The highest value: what was counted, or else what was seen. */
function most({ points, peakResident = Number.NaN }: ReplayTimeline, field: Field): string {
  if (field === "resident" && !Number.isNaN(peakResident)) return formatBytes(peakResident);
  return `${stride(points) > 1 ? "≥ " : ""}${formatBytes(peak(points, field))}`;
}

/** The most operations between two points. */
function stride(points: Points): number {
  return points.reduce((widest, { operation }, index) => {
    return Math.max(widest, operation - (points[index - 1]?.operation ?? 0));
  }, 0);
}

type Points = ReplayTimeline["points"];
type Field = (typeof SERIES)[number]["field"];

function peak(points: Points, field: Field): number {
  return points.reduce((most, point) => Math.max(most, point[field]), 0);
}

/** The highest value of each `width`-th part of the operations. A part without a point repeats the last value. */
function columns(points: Points, field: Field, width: number): number[] {
  const first = points[0]?.operation ?? 0;
  const span = Math.max(1, (points.at(-1)?.operation ?? 0) - first);
  const found: (number | undefined)[] = Array.from({ length: width });
  const last: number[] = [];
  for (const point of points) {
    const column = Math.min(width - 1, Math.floor(((point.operation - first) / span) * width));
    found[column] = Math.max(found[column] ?? 0, point[field]);
    last[column] = point[field];
  }
  let before = 0;
  return found.map((value, column) => {
    const bytes = value ?? before;
    before = last[column] ?? before;
    return bytes;
  });
}

function block(bytes: number, highest: number): string {
  if (bytes <= 0) return NOTHING;
  return LEVELS[Math.min(LEVELS.length - 1, Math.floor((bytes / highest) * LEVELS.length))] as string;
}
