/**
 * Draws stacks as a flame graph, from the outermost function down. A box is as wide as its share of the whole, with the
 * functions that it calls below it, widest first:
 *
 *      ├──────────── all ────────────┤
 *      ├─────── main ───────┼ worker ┤
 *      ├─── parse ───┼ walk ┼── run ─┤
 */
import type { WeightedStack } from "../profile/call-graph.js";
import { cutToWidth } from "./fit-text.js";
import { drawPicture, filled } from "./picture.js";
import { textAt, told } from "./svg.js";

export interface FlameGraph {
  title: string;
  subtitle: string;
  stacks: readonly WeightedStack[];
  format(value: number): string;
}

const WIDTH = 960;
const ROW = 19;
const FONT = 11;
/** Narrower boxes, in pixels, are not seen. */
const NARROWEST = 0.4;
/** Dark text reads on all of them; the root's comes first. Neighbours differ by turns. */
const FILLS = ["#E8E8E8", "#FBD3A6", "#F7BE83", "#FCE0BE"] as const;

/** A function on one path. */
interface Box {
  name: string;
  value: number;
  callees: Map<string, Box>;
}

/** A box as it is drawn, in pixels. */
export interface Rect {
  x: number;
  x2: number;
  y: number;
  y2: number;
  text: string;
  fill: string;
  told: string;
}

/** Draws it as an SVG document. */
export function flameGraph({ stacks, format, ...heading }: FlameGraph): string {
  const rects = flameRects(stacks, format);
  const height = Math.max(...rects.map(({ y2 }) => y2));
  return drawPicture(heading, { width: WIDTH, height, content: rects.flatMap(rectParts) });
}

/** A flame graph in a sentence: all of it, and its widest path. */
export function flameText({ title, stacks, format }: Omit<FlameGraph, "subtitle">): string {
  const all = stacks.reduce((sum, { value }) => sum + value, 0);
  const [widest] = [...stacks].sort((one, other) => other.value - one.value);
  const most = widest && all > 0 ? `, most of it in ${widest.frames.at(-1)}: ${format(widest.value)}` : "";
  return `${title}: ${format(all)} in all${most}.`;
}

function rectParts({ x, x2, y, y2, text, fill, told: telling }: Rect): string[] {
  // A gap of a pixel sets boxes apart on every background.
  const size = { x, y, width: Math.max(x2 - x - 0.8, 0.2), height: y2 - y - 0.8 };
  const box = told("rect", { ...size, ...filled(fill, "box") }, telling);
  return text === "" ? [box] : [box, textAt(x + 4, y + ROW / 2 + 4, text, { class: "on" })];
}

/** The boxes of a flame graph, callers before callees. Those too narrow to be seen are left out. */
export function flameRects(stacks: readonly WeightedStack[], format: FlameGraph["format"]): Rect[] {
  return rectsOf(treeOf(stacks), format);
}

function treeOf(stacks: readonly WeightedStack[]): Box {
  const root: Box = { name: "all", value: 0, callees: new Map() };
  for (const { frames, value } of stacks) {
    let box = root;
    box.value += value;
    for (const name of frames) {
      const callee: Box = box.callees.get(name) ?? { name, value: 0, callees: new Map() };
      box.callees.set(name, callee);
      callee.value += value;
      box = callee;
    }
  }
  return root;
}

function rectsOf(root: Box, format: FlameGraph["format"]): Rect[] {
  const rects: Rect[] = [];
  const scale = root.value > 0 ? WIDTH / root.value : 0;
  const place = (box: Box, x: number, width: number, depth: number, turn: number) => {
    if (width < NARROWEST) return;
    const told = `${box.name}: ${format(box.value)}`;
    rects.push({
      ...{ x, x2: x + width, y: ROW * depth, y2: ROW * (depth + 1) },
      ...{ text: cutToWidth(depth === 0 ? told : box.name, width - 6, FONT), told },
      fill: FILLS[depth === 0 ? 0 : 1 + ((depth + turn) % (FILLS.length - 1))] as string,
    });
    let from = x;
    const callees = [...box.callees.values()].sort((one, other) => other.value - one.value);
    for (const [i, callee] of callees.entries()) {
      place(callee, from, callee.value * scale, depth + 1, i);
      from += callee.value * scale;
    }
  };
  place(root, 0, WIDTH, 0, 0);
  return rects;
}
