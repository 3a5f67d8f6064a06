/** What a module's own memories or tables may have together under one limit. */
import type { Limits } from "./limits.js";

/**
 * The same with maxima, so that they never have more than `most` together: of what they do not begin with each may grow by
 * an equal part. Undefined if they begin with more.
 */
export function limitTogether(all: readonly Limits[], most: number): Limits[] | undefined {
  const room = most - all.reduce((sum, { initial }) => sum + initial, 0);
  if (room < 0) return undefined;
  const part = Math.floor(room / all.length);
  return all.map((limits) => {
    const { initial, maximum = Number.POSITIVE_INFINITY } = limits;
    return { ...limits, maximum: Math.min(maximum, initial + part) };
  });
}
