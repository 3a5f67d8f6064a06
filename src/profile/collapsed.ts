import type { Stack } from "./stacks.js";

/**
 * Stacks in the format of Brendan Gregg's flamegraph.pl and similar tools: a line for each stack, its functions from the
 * outermost in, joined by semicolons, then a space and one of its values: by default the first, nanoseconds of simulated time.
 */
export function collapsedStacks(stacks: readonly Stack[], which = 0): string {
  return stacks
    .filter(({ values }) => values[which] !== 0)
    .map(({ frames, values }) => `${frames.map(frameName).join(";")} ${values[which]}\n`)
    .join("");
}

/** A name without the characters that would end it. */
function frameName(name: string): string {
  return name.replace(/[;\r\n]/g, ":");
}
