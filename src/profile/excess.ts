/** What one profile has more of than another: a profile again. */
import type { WeightedStack } from "./call-graph.js";

/** On each call path what there is beyond what the other has there; paths without any are left out. */
export function stacksBeyond(
  stacks: readonly WeightedStack[],
  others: readonly WeightedStack[],
): WeightedStack[] {
  const left = new Map<string, number>();
  for (const { frames, value } of others) {
    const path = frames.join(";");
    left.set(path, (left.get(path) ?? 0) + value);
  }
  return stacks.flatMap(({ frames, value }) => {
    const path = frames.join(";");
    const taken = Math.min(value, left.get(path) ?? 0);
    left.set(path, (left.get(path) ?? 0) - taken);
    return value > taken ? [{ frames, value: value - taken }] : [];
  });
}
