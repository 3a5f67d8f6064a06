/** Flame graphs and graphs of boxes: where their parts are, and what is on them. */
import { describe, expect, it } from "vitest";
import { callGraph, type WeightedStack } from "../../src/profile/call-graph.js";
import { boxGraph, layOut, type Point } from "../../src/report/box-graph.js";
import { cutToWidth, textWidth } from "../../src/report/fit-text.js";
import { flameGraph, flameRects, type Rect } from "../../src/report/flame-graph.js";

const stack = (path: string, value: number): WeightedStack => ({ frames: path.split(";"), value });

const STACKS = [
  stack("main;parse file;grow", 600),
  stack("main;walk;walk;grow", 300),
  stack("__proto__;constructor", 95),
  stack("main;tiny", 0.01),
  stack("<worker> & co", 5),
];

const told = { title: "Bytes", subtitle: "of a test", format: (value: number) => `${value} B` };

type Area = Pick<Rect, "x" | "x2" | "y" | "y2">;

const overlap = (one: Area, other: Area) =>
  one.x < other.x2 - 1e-6 && other.x < one.x2 - 1e-6 && one.y < other.y2 && other.y < one.y2;

describe("a flame graph", () => {
  const rects = flameRects(STACKS, told.format);
  const find = (start: string) => rects.find((rect) => rect.told.startsWith(start)) as Rect;

  it("has a box for each function on each path, as wide as its share", () => {
    const total = 1000.01;
    expect(find("all").x2).toBe(960);
    expect(find("main").x2 - find("main").x).toBeCloseTo((960 * 900.01) / total, 6);
    expect(rects.filter((rect) => rect.told.startsWith("grow"))).toHaveLength(2);
    expect(rects.some((rect) => rect.told.startsWith("tiny"))).toBe(false);
  });

  it("has what is called below its caller, widest first, and nothing over another", () => {
    const [main, parse, walk] = [find("main"), find("parse file"), find("walk")];
    expect([parse.x, walk.x]).toEqual([main.x, parse.x2]);
    expect([parse.y, walk.y]).toEqual([main.y2, main.y2]);
    for (const [i, one] of rects.entries()) {
      for (const other of rects.slice(i + 1)) expect(overlap(one, other)).toBe(false);
    }
  });

  it("is drawn with the names on it", () => {
    const svg = flameGraph({ ...told, stacks: STACKS });
    for (const text of ["parse file", "&lt;worker&gt; &amp; co: 5 B", "Bytes"]) expect(svg).toContain(text);
  });

  it("is a single box where nothing is measured", async () => {
    expect(flameGraph({ ...told, stacks: [] })).toContain("all: 0 B");
  });
});

describe("a graph of boxes", () => {
  const draw = (stacks: readonly WeightedStack[]) => boxGraph({ ...told, graph: callGraph(stacks, 40) });

  it("has boxes apart from each other, and arrows from one to the other", async () => {
    const graph = callGraph(STACKS, 40);
    const layout = await layOut(graph, told.format);
    const boxes = layout.boxes.map(({ x, y, width, height }) => ({
      ...{ x: x - width / 2, x2: x + width / 2, y: y - height / 2, y2: y + height / 2 },
    }));
    expect(layout.boxes.map(({ lines }) => lines[0])).toEqual(graph.nodes.map(({ name }) => name));
    for (const [i, one] of boxes.entries()) {
      for (const other of boxes.slice(i + 1)) expect(overlap(one, other)).toBe(false);
    }
    const boxOf = (name: string) => boxes[graph.nodes.findIndex((node) => node.name === name)] as Area;
    const isAt = ({ x, y }: Point, box: Area) =>
      x >= box.x - 1 && x <= box.x2 + 1 && y >= box.y - 1 && y <= box.y2 + 1;
    for (const { edge, points } of layout.arrows) {
      expect(isAt(points[0] as Point, boxOf(edge.caller)), edge.caller).toBe(true);
      expect(isAt(points.at(-1) as Point, boxOf(edge.callee)), edge.callee).toBe(true);
    }
  });

  it("is drawn with shares on it, the same each time", async () => {
    const svg = await draw(STACKS);
    for (const text of ["900 B (90%)", "0 of 600 B (60%)", "constructor"]) expect(svg).toContain(text);
    expect(await draw(STACKS)).toBe(svg);
  });

  it("is empty where nothing is measured", async () => {
    expect(await draw([])).toContain("of a test");
  });
});

describe("text in a box", () => {
  it("is cut to its width, or left out", () => {
    expect(cutToWidth("sqlite3VdbeExec", 1000, 11)).toBe("sqlite3VdbeExec");
    const cut = cutToWidth("sqlite3VdbeExec", 60, 11);
    expect(cut).toBe("sqlite3…");
    expect(textWidth(cut, 11)).toBeLessThanOrEqual(60);
    expect(cutToWidth("sqlite3VdbeExec", 30, 11)).toBe("");
  });
});
