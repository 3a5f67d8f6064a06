import type { CostProfile } from "../costs/profile.js";
import type { ProfileNode } from "../sandbox/call-tree.js";
import { MEASURES } from "./measures.js";

/** A call path in which something happened. */
export interface Stack {
  /** Names of functions, outermost first. */
  frames: readonly string[];
  /** What happened in the innermost function, in the order of MEASURES. */
  values: readonly number[];
}

/** All call paths in which anything happened, callers before callees. */
export function stacksOf(root: ProfileNode, costs: CostProfile): Stack[] {
  const stacks: Stack[] = [];
  const visit = (node: ProfileNode, callers: readonly string[]) => {
    const frames = [...callers, node.name];
    const values = MEASURES.map(({ of }) => of(node.counters, costs));
    if (values.some((value) => value !== 0)) stacks.push({ frames, values });
    for (const child of node.children) visit(child, frames);
  };
  visit(root, []);
  return stacks;
}
