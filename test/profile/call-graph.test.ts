import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { callGraph, LEAST_EDGE, type WeightedStack } from "../../src/profile/call-graph.js";

const stack = (path: string, value: number): WeightedStack => ({ frames: path.split(" "), value });

describe("the call graph", () => {
  it("has what a function has itself, and with all that it calls, once where it calls itself", () => {
    const stacks = [stack("main parse grow", 30), stack("main walk walk grow", 10), stack("main walk", 2)];
    expect(callGraph(stacks, 9)).toEqual({
      total: 42,
      nodes: [
        { name: "main", flat: 0, cumulative: 42 },
        { name: "grow", flat: 40, cumulative: 40 },
        { name: "parse", flat: 0, cumulative: 30 },
        { name: "walk", flat: 2, cumulative: 12 },
      ],
      edges: [
        { caller: "main", callee: "parse", value: 30, skips: false },
        { caller: "parse", callee: "grow", value: 30, skips: false },
        { caller: "main", callee: "walk", value: 12, skips: false },
        { caller: "walk", callee: "grow", value: 10, skips: false },
      ],
      leftOut: { nodes: 0, edges: 0 },
    });
  });

  it("joins what is on both sides of a function that is left out, and says so", () => {
    const stacks = [stack("main a grow", 5), stack("main b grow", 6), stack("main grow", 1)];
    const { nodes, edges, leftOut } = callGraph(stacks, 3);
    expect(nodes.map(({ name }) => name)).toEqual(["grow", "main", "b"]);
    expect(edges).toEqual([
      { caller: "b", callee: "grow", value: 6, skips: false },
      { caller: "main", callee: "b", value: 6, skips: false },
      { caller: "main", callee: "grow", value: 6, skips: true },
    ]);
    expect(leftOut).toEqual({ nodes: 1, edges: 0 });
  });

  it("leaves out light calls, but for the heaviest of each function", () => {
    const stacks = [stack("main big", 1000), stack("main small", 1), stack("other big", 9)];
    const { edges, leftOut } = callGraph(stacks, 9);
    expect(edges.map(({ caller, callee }) => `${caller} ${callee}`)).toEqual(["main big", "main small"]);
    expect(leftOut).toEqual({ nodes: 0, edges: 1 });
  });

  it("adds up, whatever the stacks", () => {
    const names = fc.constantFrom("a", "b", "c", "d", "__proto__", "constructor");
    const stacks = fc.array(
      fc.record({ frames: fc.array(names, { minLength: 1, maxLength: 6 }), value: fc.nat(9) }),
    );
    fc.assert(
      fc.property(stacks, fc.integer({ min: 1, max: 6 }), (all, most) => {
        const { total, nodes, edges, leftOut } = callGraph(all, most);
        const values = (which: (frames: readonly string[]) => boolean) =>
          all.reduce((sum, { frames, value }) => sum + (which(frames) ? value : 0), 0);
        expect(total).toBe(values(() => true));
        for (const { name, flat, cumulative } of nodes) {
          expect(flat).toBe(values((frames) => frames.at(-1) === name));
          expect(cumulative).toBe(values((frames) => frames.includes(name)));
        }
        const kept = nodes.map(({ name }) => name);
        expect(new Set(kept).size + leftOut.nodes).toBe(
          new Set(all.filter(({ value }) => value > 0).flatMap(({ frames }) => frames)).size,
        );
        for (const { caller, callee, value } of edges) {
          expect(caller).not.toBe(callee);
          const calls = (frames: readonly string[]) => {
            const path = frames.filter((name) => kept.includes(name));
            return path.some((name, i) => name === callee && path[i - 1] === caller);
          };
          expect(value).toBe(values(calls));
          const heaviest = Math.max(
            ...edges.filter((edge) => edge.callee === callee).map((edge) => edge.value),
          );
          expect(value >= LEAST_EDGE * total || value === heaviest).toBe(true);
        }
      }),
      { numRuns: 500 },
    );
  });
});
