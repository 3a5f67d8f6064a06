/** The functions of a profile's stacks, and who calls whom: what pprof draws as boxes and arrows. */

/** A call path, outermost first, and what is measured in its innermost function. */
export interface WeightedStack {
  frames: readonly string[];
  value: number;
}

/** A function on any call path. */
export interface GraphNode {
  name: string;
  /** What is measured in itself. */
  flat: number;
  /** And in all that it calls. A function that calls itself counts once. */
  cumulative: number;
}

export interface GraphEdge {
  caller: string;
  callee: string;
  value: number;
  /** Whether functions between them are left out on some path. */
  skips: boolean;
}

export interface CallGraph {
  /** What is measured of all stacks. */
  total: number;
  /** Heaviest first. */
  nodes: GraphNode[];
  /** Heaviest first. A call of itself is none. */
  edges: GraphEdge[];
  /** How many functions, and how many calls between those that are kept, were left out. */
  leftOut: { nodes: number; edges: number };
}

/** Calls of a smaller share of the total are left out, but for the heaviest of each function. */
export const LEAST_EDGE = 0.01;

/** Makes the graph of the `most` heaviest functions. What calls, and is called by, one that is left out is joined. */
export function callGraph(stacks: readonly WeightedStack[], most: number): CallGraph {
  const weighty = stacks.filter(({ value }) => value > 0);
  const all = nodesOf(weighty);
  const nodes = all.slice(0, most);
  const kept = new Set(nodes.map(({ name }) => name));
  const total = weighty.reduce((sum, { value }) => sum + value, 0);
  const calls = edgesOf(weighty, kept);
  const edges = worthDrawing(calls, total);
  return {
    ...{ total, nodes, edges },
    leftOut: { nodes: all.length - nodes.length, edges: calls.length - edges.length },
  };
}

/** @param edges heaviest first. */
function worthDrawing(edges: readonly GraphEdge[], total: number): GraphEdge[] {
  const called = new Set<string>();
  return edges.filter(({ callee, value }) => {
    const isHeaviest = !called.has(callee);
    called.add(callee);
    return isHeaviest || value >= LEAST_EDGE * total;
  });
}

function nodesOf(stacks: readonly WeightedStack[]): GraphNode[] {
  const nodes = new Map<string, GraphNode>();
  for (const { frames, value } of stacks) {
    for (const name of new Set(frames)) {
      const node = nodes.get(name) ?? { name, flat: 0, cumulative: 0 };
      nodes.set(name, node);
      node.cumulative += value;
      if (name === frames.at(-1)) node.flat += value;
    }
  }
  return [...nodes.values()].sort(
    (one, other) =>
      other.cumulative - one.cumulative || other.flat - one.flat || byName(one.name, other.name),
  );
}

function edgesOf(stacks: readonly WeightedStack[], kept: ReadonlySet<string>): GraphEdge[] {
  const edges = new Map<string, GraphEdge>();
  for (const { frames, value } of stacks) {
    for (const [key, edge] of callsOf(frames, kept)) {
      const known = edges.get(key);
      if (!known) edges.set(key, { ...edge, value });
      else Object.assign(known, { value: known.value + value, skips: known.skips || edge.skips });
    }
  }
  return [...edges.values()].sort(
    (one, other) =>
      other.value - one.value || byName(one.caller, other.caller) || byName(one.callee, other.callee),
  );
}

/** The calls on a path between functions that are kept, each once. */
function callsOf(
  frames: readonly string[],
  kept: ReadonlySet<string>,
): Map<string, Omit<GraphEdge, "value">> {
  const calls = new Map<string, Omit<GraphEdge, "value">>();
  const path = frames.map((name, depth) => ({ name, depth })).filter(({ name }) => kept.has(name));
  for (const [i, { name: callee, depth }] of path.entries()) {
    const caller = path[i - 1];
    if (!caller || caller.name === callee) continue;
    const key = JSON.stringify([caller.name, callee]);
    const skips = depth - caller.depth > 1 || calls.get(key)?.skips === true;
    calls.set(key, { caller: caller.name, callee, skips });
  }
  return calls;
}

const byName = (one: string, other: string): number => (one < other ? -1 : one > other ? 1 : 0);
