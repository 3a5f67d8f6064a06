/**
 * Draws functions as boxes and calls as arrows, as pprof does. A box and its letters are the larger, and its colour the stronger,
 * the more is measured in the function itself; an arrow is as thick as what is measured below it.
 */
import { formatShare } from "../base/numbers.js";
import type { CallGraph, GraphEdge, GraphNode } from "../profile/call-graph.js";
import { textWidth } from "./fit-text.js";
import { drawPicture, filled, stroked } from "./picture.js";
import { element, px, textAt, told } from "./svg.js";

export interface BoxGraph {
  title: string;
  subtitle: string;
  graph: CallGraph;
  format(value: number): string;
}

export interface Point {
  x: number;
  y: number;
}

/** A box with its letters, before it has a place. */
interface Box {
  lines: string[];
  fontSize: number;
  fill: string;
  width: number;
  height: number;
}

interface Arrow {
  edge: GraphEdge;
  label: string;
  points: Point[];
  /** Where the middle of its label is. */
  x: number;
  y: number;
}

export interface Layout {
  width: number;
  height: number;
  boxes: (Box & Point)[];
  arrows: Arrow[];
}

const LONGEST_NAME = 44;
const LINE = 1.25;
const LABEL_FONT = 10;
const THICKEST = 6;
/** From a function in which nothing is measured to one in which all is. */
const PALE = [246, 244, 240] as const;
const STRONG = [240, 130, 80] as const;

/** Draws it as an SVG document. Loads dagre on first use. */
export async function boxGraph({ graph, format, ...heading }: BoxGraph): Promise<string> {
  const { width, height, boxes, arrows } = await layOut(graph, format);
  const content = [...arrows.flatMap((arrow) => arrowParts(arrow, graph.total)), ...boxes.flatMap(boxParts)];
  return drawPicture(heading, { width, height, content });
}

// ---- Where things are ----

/** Where the boxes and arrows of a graph are. */
export async function layOut(graph: CallGraph, format: BoxGraph["format"]): Promise<Layout> {
  const { Graph, layout } = await import("../libraries/dagre.js");
  const plan = new Graph();
  plan.setGraph({ rankdir: "TB", nodesep: 18, ranksep: 34, edgesep: 12 });
  const boxes = graph.nodes.map((node) => boxOf(node, graph.total, format));
  // By number: a name may be one that every object of JavaScript has.
  const numbers = new Map(graph.nodes.map(({ name }, i) => [name, String(i)]));
  for (const [i, box] of boxes.entries()) plan.setNode(String(i), { ...box });
  const ends = ({ caller, callee }: GraphEdge) =>
    [numbers.get(caller), numbers.get(callee)] as [string, string];
  for (const edge of graph.edges) {
    const label = format(edge.value);
    const size = { width: textWidth(label, LABEL_FONT) + 8, height: LABEL_FONT * LINE };
    plan.setEdge(...ends(edge), { ...size, label, labelpos: "c" });
  }
  layout(plan);
  const { width = 0, height = 0 } = plan.graph();
  return {
    width: Math.max(width, 1),
    height: Math.max(height, 1),
    boxes: boxes.map((_, i) => plan.node(String(i)) as Box & Point),
    arrows: graph.edges.map((edge) => ({ edge, ...(plan.edge(...ends(edge)) as Omit<Arrow, "edge">) })),
  };
}

function boxOf({ name, flat, cumulative }: GraphNode, total: number, format: BoxGraph["format"]): Box {
  const share = total > 0 ? flat / total : 0;
  const fontSize = Math.round(10 + 10 * Math.sqrt(share));
  const of = `${flat === 0 ? "" : "of "}${format(cumulative)} (${formatShare(cumulative, total)})`;
  const lines = [
    name.length > LONGEST_NAME ? `${name.slice(0, LONGEST_NAME - 1)}…` : name,
    ...(flat === 0 ? [] : [`${format(flat)} (${formatShare(flat, total)})`]),
    ...(flat === cumulative ? [] : [flat === 0 ? `0 of ${of}` : of]),
  ];
  return {
    ...{ lines, fontSize, fill: shade(share) },
    width: Math.max(...lines.map((line) => textWidth(line, fontSize))) + 12,
    height: lines.length * fontSize * LINE + 10,
  };
}

function shade(share: number): string {
  const mixed = PALE.map((from, i) => Math.round(from + ((STRONG[i] as number) - from) * Math.sqrt(share)));
  return `rgb(${mixed.join(",")})`;
}

// ---- What is drawn there ----

const ARROW = "#8a8078";

function boxParts({ x, y, width, height, fill, lines, fontSize }: Box & Point): string[] {
  const size = { x: x - width / 2, y: y - height / 2, width, height, rx: 2 };
  const edge = { stroke: "#777", "stroke-width": 1 };
  return [
    told("rect", { ...size, ...edge, ...filled(fill, "box") }, lines.join(", ")),
    ...lines.map((line, i) => {
      const middle = y + (i - (lines.length - 1) / 2) * fontSize * LINE;
      return textAt(x, middle + 0.35 * fontSize, line, { class: "on middle", "font-size": fontSize });
    }),
  ];
}

function arrowParts({ edge, points, x, y, label }: Arrow, total: number): string[] {
  const length = headLength(edge, total);
  const style = {
    colour: ARROW,
    width: thickness(edge, total),
    ...(edge.skips && { dash: [5, 4] }),
  };
  const { x: tipX, y: tipY, angle } = headOf(points);
  const head = `M0 0L${px(-length / 2)} ${px(-length)}L${px(length / 2)} ${px(-length)}Z`;
  return [
    element("path", { d: curveThrough(shortened(points, length)), ...stroked(style) }),
    element("path", {
      ...{ d: head, fill: ARROW, class: "head" },
      transform: `translate(${px(tipX)} ${px(tipY)}) rotate(${px(angle)})`,
    }),
    textAt(x, y + 4, label, { class: "halo middle", "font-size": LABEL_FONT }),
  ];
}

/** A curve from the first point to the last that is drawn towards those between: a quadratic B-spline. */
function curveThrough(points: readonly Point[]): string {
  const at = ({ x, y }: Point) => `${px(x)} ${px(y)}`;
  const [first, ...others] = points as [Point, ...Point[]];
  const last = others.at(-1) ?? first;
  const bends = others.slice(0, -1).map((point, i) => {
    const next = others[i + 1] as Point;
    const middle = { x: (point.x + next.x) / 2, y: (point.y + next.y) / 2 };
    return `Q${at(point)} ${at(middle)}`;
  });
  return `M${at(first)}${bends.join("")}L${at(last)}`;
}

const thickness = ({ value }: GraphEdge, total: number): number => 1 + (THICKEST - 1) * (value / total);

const headLength = (edge: GraphEdge, total: number): number => 5 + 1.5 * thickness(edge, total);

/** The points of a line that ends before its head's tip, so that the tip stays sharp. */
function shortened(points: readonly Point[], by: number): Point[] {
  const [tip, before] = [points.at(-1) as Point, points.at(-2) as Point];
  const length = Math.hypot(tip.x - before.x, tip.y - before.y);
  const part = Math.max(0, 1 - (by * 0.8) / length);
  const end = { x: before.x + (tip.x - before.x) * part, y: before.y + (tip.y - before.y) * part };
  return [...points.slice(0, -1), end];
}

/** Where the tip of an arrow is, and how it is turned from straight down, clockwise in degrees. */
function headOf(points: readonly Point[]): Point & { angle: number } {
  const [tip, before] = [points.at(-1) as Point, points.at(-2) as Point];
  return { ...tip, angle: (Math.atan2(before.x - tip.x, tip.y - before.y) * 180) / Math.PI };
}
