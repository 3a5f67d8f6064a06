/**
 * Draws functions as boxes and calls as arrows, as pprof does. A box and its letters are the larger, and its colour the stronger,
 * the more is measured in the function itself; an arrow is as thick as what is measured below it.
 */
import type { TopLevelSpec } from "vega-lite";
import { formatShare } from "../base/numbers.js";
import type { CallGraph, GraphEdge, GraphNode } from "../profile/call-graph.js";
import { CHART_CONFIG } from "./axis.js";
import { textWidth } from "./fit-text.js";

export interface BoxGraph {
  title: string;
  subtitle: string;
  graph: CallGraph;
  format(value: number): string;
}

interface Point {
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

interface Layout {
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

/** Loads dagre on first use. */
export async function boxGraph({ title, subtitle, graph, format }: BoxGraph): Promise<TopLevelSpec> {
  const { width, height, boxes, arrows } = await layOut(graph, format);
  const position = {
    x: { field: "x", type: "quantitative", axis: null, scale: pixels(width) },
    y: { field: "y", type: "quantitative", axis: null, scale: pixels(height) },
  } as const;
  return {
    $schema: "https://vega.github.io/schema/vega-lite/v6.json",
    ...{ background: "white", padding: 12, width, height },
    title: { text: title, subtitle, offset: 10 },
    layer: [...arrowLayers(arrows, graph.total, position), ...boxLayers(boxes, position)],
    config: CHART_CONFIG,
  };
}

const pixels = (size: number) => ({ domain: [0, size], range: [0, size], nice: false, zero: false });

// ---- Where things are ----

async function layOut(graph: CallGraph, format: BoxGraph["format"]): Promise<Layout> {
  const { Graph, layout } = await import("@dagrejs/dagre");
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

type Layer = Extract<TopLevelSpec, { layer: unknown }>["layer"][number];
type Position = Record<"x" | "y", object>;

function boxLayers(boxes: Layout["boxes"], position: Position): Layer[] {
  const rects = boxes.map(({ x, y, width, height, fill, lines }) => ({
    ...{ x: x - width / 2, x2: x + width / 2, y: y - height / 2, y2: y + height / 2 },
    ...{ fill, told: lines.join(", ") },
  }));
  const texts = boxes.flatMap(({ x, y, lines, fontSize }) =>
    lines.map((text, i) => ({
      ...{ x, y: y + (i - (lines.length - 1) / 2) * fontSize * LINE },
      ...{ text, fontSize },
    })),
  );
  return [
    {
      data: { values: rects },
      mark: { type: "rect", stroke: "#777", strokeWidth: 1, cornerRadius: 2 },
      encoding: {
        ...{ ...position, x2: { field: "x2" }, y2: { field: "y2" } },
        fill: { field: "fill", type: "nominal", scale: null },
        description: { field: "told" },
      },
    },
    {
      data: { values: texts },
      mark: { type: "text", align: "center", baseline: "middle", color: "#111", aria: false },
      encoding: {
        ...{ ...position, text: { field: "text" } },
        size: { field: "fontSize", type: "quantitative", scale: null },
      },
    },
  ] as Layer[];
}

function arrowLayers(arrows: readonly Arrow[], total: number, position: Position): Layer[] {
  const lines = arrows.flatMap(({ edge, points }, arrow) => {
    const style = { arrow, thick: thickness(edge, total), dash: edge.skips ? [5, 4] : [1, 0] };
    return shortened(points, headLength(edge, total)).map((point, order) => ({ ...point, order, ...style }));
  });
  const heads = arrows.map(({ edge, points }) => ({
    ...headOf(points),
    // The shape of a point is in a square of 2 units, as large as its size.
    size: (2 * headLength(edge, total)) ** 2,
  }));
  const labels = arrows.map(({ x, y, label }) => ({ x, y, label }));
  const colour = "#8a8078";
  const text = { type: "text", align: "center", baseline: "middle", fontSize: LABEL_FONT, aria: false };
  const label = { ...position, text: { field: "label" } };
  return [
    {
      data: { values: lines },
      mark: { type: "line", interpolate: "basis", color: colour, aria: false },
      encoding: {
        ...{ ...position, detail: { field: "arrow" }, order: { field: "order" } },
        strokeWidth: { field: "thick", type: "quantitative", scale: null },
        strokeDash: { field: "dash", type: "nominal", scale: null },
      },
    },
    {
      data: { values: heads },
      mark: {
        type: "point",
        filled: true,
        opacity: 1,
        color: colour,
        shape: "M0,0L-0.5,-1L0.5,-1Z",
        aria: false,
      },
      encoding: {
        ...position,
        angle: { field: "angle", type: "quantitative", scale: null },
        size: { field: "size", type: "quantitative", scale: null },
      },
    },
    { data: { values: labels }, mark: { ...text, stroke: "white", strokeWidth: 3 }, encoding: label },
    { data: { values: labels }, mark: { ...text, color: "#444" }, encoding: label },
  ] as Layer[];
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
