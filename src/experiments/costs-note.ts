import { joinWords } from "../base/numbers.js";

/** Says which cost profile simulated time was counted with, and for which allocators; nothing without any. */
export function costsNote(
  priced: readonly { allocator: string; costs: string | undefined }[],
): readonly string[] {
  const allocators = new Map<string, Set<string>>();
  for (const { allocator, costs } of priced) {
    if (costs === undefined) continue;
    allocators.set(costs, (allocators.get(costs) ?? new Set()).add(allocator));
  }
  if (allocators.size === 0) return [];
  const by = [...allocators].map(([costs, names]) => `${costs} for ${joinWords([...names])}`);
  const profile = allocators.size === 1 ? [...allocators.keys()][0] : by.join("; ");
  return [`Simulated time is events times the costs of a profile: ${profile}.`];
}
