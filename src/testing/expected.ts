/** What a test expects of a count: a number, or bounds. */
import { formatCount } from "../base/bytes.js";

/** A count that is expected: exactly so many, or within bounds, which are included. */
export type Expected = number | { atLeast?: number; atMost?: number };

export function isMet(expected: Expected, count: number): boolean {
  if (typeof expected === "number") return count === expected;
  const { atLeast = Number.NEGATIVE_INFINITY, atMost = Number.POSITIVE_INFINITY } = expected;
  return count >= atLeast && count <= atMost;
}

/** In words, such as "at most 3". */
export function inWords(expected: Expected): string {
  if (typeof expected === "number") return formatCount(expected);
  const { atLeast, atMost } = expected;
  if (atLeast === undefined) return atMost === undefined ? "any number" : `at most ${formatCount(atMost)}`;
  const least = formatCount(atLeast);
  return atMost === undefined ? `at least ${least}` : `${least} to ${formatCount(atMost)}`;
}

/** Whether a value is one, and not something with parts. */
export function isExpected(value: unknown): value is Expected {
  if (typeof value === "number") return true;
  const keys = Object.keys((value ?? {}) as object);
  return keys.length > 0 && keys.every((key) => key === "atLeast" || key === "atMost");
}
