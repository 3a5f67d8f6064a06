/**
 * Lines in panels one below the other, all on the same axes, so that panels compare:
 *
 *      title of y
 *      name of the first panel
 *      8 ┤    ╭──╮
 *      4 ┤ ╭──╯  ╰──
 *      0 ┼─┴─────────
 *      name of the second panel …
 *      0 ┼───┬───┬───
 *        0   5   10
 *         title of x
 */
import { type Axis, placeOn } from "./axis.js";
import { textWidth } from "./fit-text.js";
import { type Body, drawPicture, filled, type Heading, type LineStyle, stroked } from "./picture.js";
import { element, px, textAt, told } from "./svg.js";

export interface Point {
  x: number;
  y: number;
}

export interface Line {
  name: string;
  points: readonly Point[];
  style: LineStyle;
}

/** A word at a point, or at a line across the panel if it has no `y`. */
export interface Label {
  x: number;
  y?: number;
  text: string;
}

export interface LinePanel {
  name?: string;
  lines: readonly Line[];
  labels?: readonly Label[];
}

export interface LineChart extends Heading {
  x: Axis;
  y: Axis;
  panels: readonly LinePanel[];
  /** How one point is reached from the last: at once, or as late as possible. */
  shape: "straight" | "steps";
  /** Whether the points themselves are drawn. */
  hasDots?: boolean;
  /** Pixels of a panel, without what is written around it. */
  width: number;
  height: number;
}

/** Where a panel is, in pixels of the body. */
interface Area {
  left: number;
  top: number;
  width: number;
  height: number;
}

const FONT = 11;
const LINE = 18;

/** Draws it as an SVG document. */
export function lineChart(chart: LineChart): string {
  return drawPicture(chart, lineBody(chart));
}

function lineBody(chart: LineChart): Body {
  const { x, y, panels, width, height } = chart;
  const left = Math.max(...y.ticks.map(({ label }) => textWidth(label, FONT)), 0) + 10;
  const content: string[] = [];
  let top = 4;
  if (y.title) {
    content.push(textAt(0, top + 8, y.title));
    top += LINE;
  }
  for (const panel of panels) {
    if (panel.name) {
      content.push(textAt(left, top + 10, panel.name, { class: "name" }));
      top += LINE;
    }
    content.push(...panelParts(chart, panel, { left, top, width, height }));
    top += height + 14;
  }
  const bottom = { left, top: top - 14, width, height: 0 };
  content.push(...axisBelow(x, bottom));
  // Half of the last label may stand out.
  return { width: left + width + 24, height: bottom.top + (x.title ? 2 * LINE + 4 : LINE + 4), content };
}

/** The labels and the title of a horizontal axis, below an area. Labels that would touch the last one are left out. */
export function axisBelow(axis: Axis, { left, top, width }: Area): string[] {
  const parts = [element("line", { x1: left, y1: top, x2: left + width, y2: top, class: "axis" })];
  let free = Number.NEGATIVE_INFINITY;
  for (const { at, label } of axis.ticks) {
    const x = left + placeOn(axis, at) * width;
    const half = textWidth(label, FONT) / 2;
    if (x - half < free) continue;
    free = x + half + 4;
    parts.push(element("line", { x1: x, y1: top, x2: x, y2: top + 4, class: "axis" }));
    parts.push(textAt(x, top + 15, label, { class: "middle" }));
  }
  if (axis.title) parts.push(textAt(left + width / 2, top + 15 + LINE, axis.title, { class: "middle" }));
  return parts;
}

function panelParts(chart: LineChart, { lines, labels = [] }: LinePanel, area: Area): string[] {
  return [
    ...gridLines(chart.y, area),
    ...labels.filter(({ y }) => y === undefined).map((label) => ruleAt(chart, label, area)),
    ...lines.filter(({ points }) => points.length > 0).map((line) => linePath(chart, line, area)),
    ...(chart.hasDots ? lines.flatMap((line) => dots(chart, line, area)) : []),
    ...labels.filter(({ y }) => y !== undefined).map((label) => wordAt(chart, label, area)),
  ];
}

function gridLines(axis: Axis, { left, top, width, height }: Area): string[] {
  return axis.ticks.map(({ at, label }) => {
    const y = top + (1 - placeOn(axis, at)) * height;
    const line = element("line", { x1: left, y1: y, x2: left + width, y2: y, class: "grid" });
    return line + textAt(left - 6, y + 4, label, { class: "end" });
  });
}

function pixelOf({ x, y }: Pick<LineChart, "x" | "y">, point: Point, area: Area): Point {
  return {
    x: area.left + placeOn(x, point.x) * area.width,
    y: area.top + (1 - placeOn(y, point.y)) * area.height,
  };
}

function linePath(chart: LineChart, { name, points, style }: Line, area: Area): string {
  const steps = points.map((point, index) => {
    const at = pixelOf(chart, point, area);
    if (index === 0) return `M${px(at.x)} ${px(at.y)}`;
    return chart.shape === "steps" ? `H${px(at.x)}V${px(at.y)}` : `L${px(at.x)} ${px(at.y)}`;
  });
  return told("path", { d: steps.join(""), ...stroked(style) }, name);
}

function dots(chart: LineChart, { name, points, style }: Line, area: Area): string[] {
  return points.map((point) => {
    const { x, y } = pixelOf(chart, point, area);
    return told("circle", { cx: x, cy: y, r: 2.5, ...filled(style.colour, "dot") }, name);
  });
}

/** A line across, with its word at the top, left of it. */
function ruleAt(chart: LineChart, { x, text }: Label, area: Area): string {
  const at = pixelOf(chart, { x, y: chart.y.ends[0] }, area).x;
  const ends = { x1: at, y1: area.top, x2: at, y2: area.top + area.height };
  const line = element("line", { ...ends, class: "axis", "stroke-dasharray": "1 3" });
  return line + textAt(at - 4, area.top + 10, text, { class: "end" });
}

/** A word right of a point, on an edge that keeps the lines behind it off. */
function wordAt(chart: LineChart, { x, y = chart.y.ends[0], text }: Label, area: Area): string {
  const at = pixelOf(chart, { x, y }, area);
  return textAt(at.x + 6, at.y + 4, text, { class: "halo bold" });
}
