/**
 * A profile in the style of macOS's `sample`: first the call graph as an indented tree, heaviest first, where the time
 * of a node includes that of its callees; then the functions by the time spent at the top of the stack.
 */

import { formatCount } from "../base/bytes.js";
import { formatSeconds, formatShare } from "../base/numbers.js";
import type { CostProfile } from "../costs/profile.js";
import { simulatedTime } from "../costs/simulate.js";
import type { ProfileNode } from "../sandbox/call-tree.js";

/** A node with its own time, and the time including all nodes below it, in seconds. */
interface Timed {
  name: string;
  calls: number;
  self: number;
  total: number;
  children: Timed[];
}

/** The profile as text. Leaves out what took no time. Ends in a newline. */
export function sampleText(root: ProfileNode, costs: CostProfile): string {
  const tree = timed(root, costs);
  const tops = [...timeAtTop(tree)].filter(([, self]) => self > 0).sort(([, one], [, other]) => other - one);
  const width = Math.max(0, ...tops.map(([name]) => name.length));
  const lines = [
    `Call graph, in simulated time by ${costs.name}:`,
    ...treeLines(tree, tree.total, ""),
    "",
    "Sort by top of stack:",
    ...tops.map(([name, self]) => `    ${name.padEnd(width)}  ${timeText(self, tree.total)}`),
  ];
  return `${lines.join("\n")}\n`;
}

function timed({ name, calls, counters, children }: ProfileNode, costs: CostProfile): Timed {
  const below = children.map((child) => timed(child, costs));
  const self = simulatedTime(counters, costs).seconds;
  const total = below.reduce((sum, child) => sum + child.total, self);
  return { name, calls, self, total, children: below.sort((one, other) => other.total - one.total) };
}

/** As in `sample`, each level has its own mark, so that the eye can follow it down. */
const MARKS = "+!:|";

function treeLines({ name, calls, total, children }: Timed, whole: number, indent: string): string[] {
  const times = calls > 0 ? `  (${formatCount(calls)} ${calls === 1 ? "call" : "calls"})` : "";
  const mark = MARKS[(indent.length / 2) % MARKS.length];
  return [
    `    ${indent}${timeText(total, whole)}  ${name}${times}`,
    ...children
      .filter((child) => child.total > 0)
      .flatMap((child) => treeLines(child, whole, `${indent}${mark} `)),
  ];
}

function timeText(seconds: number, whole: number): string {
  return `${formatSeconds(seconds)} (${formatShare(seconds, whole)})`;
}

function timeAtTop(root: Timed): Map<string, number> {
  const tops = new Map<string, number>();
  const visit = ({ name, self, children }: Timed) => {
    tops.set(name, (tops.get(name) ?? 0) + self);
    children.forEach(visit);
  };
  visit(root);
  return tops;
}
