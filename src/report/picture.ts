/**
 * What every chart has: a heading above what is drawn, in the order
 *
 *      title
 *      subtitle, as many lines as it needs
 *      the legend, likewise
 *      the body, which the kind of chart draws
 */
import { BLACK } from "./colours.js";
import { textWidth, wrapWords } from "./fit-text.js";
import { element, svgDocument, textAt } from "./svg.js";

export interface Heading {
  title: string;
  subtitle?: string;
  legend?: readonly LegendEntry[];
}

/** What a colour stands for, as a line or as a box. */
export interface LegendEntry {
  name: string;
  style: LineStyle | { fill: string };
}

export interface LineStyle {
  colour: string;
  /** In pixels; 2 without it. */
  width?: number;
  /** Pixels drawn and left out in turn; an unbroken line without it. */
  dash?: readonly number[];
}

/** What a kind of chart draws: from (0, 0) to its width and height, but for what `left` names. */
export interface Body {
  width: number;
  height: number;
  content: readonly string[];
}

const PADDING = 14;
const SUBTITLE = { font: 12, line: 16 } as const;
const LEGEND = { font: 11, line: 18, symbol: 26, gap: 16 } as const;

/** The whole document. */
export function drawPicture({ title, subtitle = "", legend = [] }: Heading, body: Body): string {
  const width = Math.max(body.width, 320);
  let y = PADDING + 14;
  const parts = [textAt(PADDING, y, title, { class: "title" })];
  for (const line of wrapWords(subtitle, (line) => textWidth(line, SUBTITLE.font) <= width)) {
    y += SUBTITLE.line + 2;
    parts.push(textAt(PADDING, y, line, { class: "subtitle" }));
  }
  for (const row of legendRows(legend, width)) {
    y += LEGEND.line;
    parts.push(...row.map(({ x, entry }) => legendEntry(PADDING + x, y, entry)));
  }
  y += 10;
  parts.push(element("g", { transform: `translate(${PADDING} ${y})` }, ...body.content));
  return svgDocument(width + 2 * PADDING, y + body.height + PADDING, title, parts);
}

interface Placed {
  x: number;
  entry: LegendEntry;
}

/** Entries one after another, as many in a row as fit. */
function legendRows(legend: readonly LegendEntry[], width: number): Placed[][] {
  const rows: Placed[][] = [];
  let x = 0;
  for (const entry of legend) {
    const needed = LEGEND.symbol + textWidth(entry.name, LEGEND.font);
    if (rows.length === 0 || x + needed > width) {
      rows.push([]);
      x = 0;
    }
    rows.at(-1)?.push({ x, entry });
    x += needed + LEGEND.gap;
  }
  return rows;
}

function legendEntry(x: number, y: number, { name, style }: LegendEntry): string {
  const middle = y - 4;
  const symbol =
    "fill" in style
      ? element("rect", { x: x + 6, y: middle - 5, width: 14, height: 10, ...filled(style.fill, "swatch") })
      : element("line", { x1: x, y1: middle, x2: x + 20, y2: middle, ...stroked(style) });
  return symbol + textAt(x + LEGEND.symbol, y, name);
}

/** The attributes of a line. */
export function stroked({ colour, width = 2, dash }: LineStyle) {
  const isBlack = colour === BLACK;
  return {
    class: isBlack ? "line black" : "line",
    stroke: isBlack ? undefined : colour,
    "stroke-width": width,
    "stroke-dasharray": dash?.join(" "),
  };
}

/** The attributes of something filled, of a kind that tests and styles name. */
export function filled(colour: string, kind: string) {
  const isBlack = colour === BLACK;
  return { class: isBlack ? `${kind} black` : kind, fill: isBlack ? undefined : colour };
}
