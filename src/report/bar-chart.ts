/** Bars in panels one below the other, all from 0 on one axis. A row may have several bars, and a bar several segments. */
import { type Axis, placeOn } from "./axis.js";
import { COLOURS } from "./colours.js";
import { textWidth } from "./fit-text.js";
import { axisBelow } from "./line-chart.js";
import { type Body, drawPicture, filled, type Heading } from "./picture.js";
import { element, textAt, told } from "./svg.js";

/** A part of a bar, behind those before it. */
export interface Segment {
  value: number;
  colour: string;
  /** Its words where the pointer rests on it. */
  told: string;
}

export interface Bar {
  segments: readonly Segment[];
  /** What its end says. */
  note?: string;
  /** Ends of a line that shows how far the value is sure. */
  spread?: readonly [low: number, high: number];
}

export interface BarPanel {
  name: string;
  rows: readonly { name: string; bars: readonly Bar[] }[];
}

export interface BarChart extends Heading {
  x: Axis;
  panels: readonly BarPanel[];
  /** Pixels of a panel, without what is written around it. */
  width: number;
  /** Pixels of a bar, and of what is free between two rows. */
  thickness: number;
  gap: number;
}

const FONT = 11;
const NAME_LINE = 20;

/** Draws it as an SVG document. */
export function barChart(chart: BarChart): string {
  return drawPicture(chart, barBody(chart));
}

function barBody(chart: BarChart): Body {
  const { x, panels, width, thickness, gap } = chart;
  const rows = panels.flatMap((panel) => panel.rows);
  const left = Math.max(0, ...rows.map(({ name }) => textWidth(name, FONT))) + 10;
  const content: string[] = [];
  let top = 0;
  for (const panel of panels) {
    content.push(textAt(left, top + 12, panel.name, { class: "name" }));
    top += NAME_LINE;
    for (const { name, bars } of panel.rows) {
      const height = bars.length * thickness;
      content.push(textAt(left - 6, top + gap / 2 + height / 2 + 4, name, { class: "end" }));
      for (const [index, bar] of bars.entries()) {
        content.push(...barParts(chart, bar, left, top + gap / 2 + index * thickness));
      }
      top += height + gap;
    }
    top += 10;
  }
  content.push(...axisBelow(x, { left, top: top - 6, width, height: 0 }));
  const height = top + (x.title ? 40 : 22);
  return {
    width: left + Math.max(width + 24, ...rows.flatMap(({ bars }) => bars.map(endOf(chart)))),
    height,
    content,
  };
}

const lengthOf = ({ segments }: Bar): number => segments.reduce((sum, { value }) => sum + value, 0);

/** Where the words at a bar's end are over. */
const endOf =
  ({ x, width }: BarChart) =>
  (bar: Bar): number =>
    placeOn(x, lengthOf(bar)) * width + textWidth(bar.note ?? "", FONT) + 8;

function barParts({ x, width, thickness }: BarChart, bar: Bar, left: number, top: number): string[] {
  const place = (value: number) => left + placeOn(x, value) * width;
  const middle = top + thickness / 2;
  let from = 0;
  const segments = bar.segments.map((segment) => {
    const start = place(from);
    from += segment.value;
    const size = { x: start, y: top, width: place(from) - start, height: thickness - 1 };
    return told("rect", { ...size, ...filled(segment.colour, "bar") }, segment.told);
  });
  const [low, high] = bar.spread ?? [];
  const isSpread = low !== undefined && high !== undefined && high > low;
  const spread = { y1: middle, y2: middle, stroke: COLOURS.vermilion, "stroke-width": 2, class: "spread" };
  return [
    ...segments,
    ...(isSpread ? [element("line", { x1: place(low), x2: place(high), ...spread })] : []),
    ...(bar.note ? [textAt(place(from) + 5, middle + 4, bar.note)] : []),
  ];
}
