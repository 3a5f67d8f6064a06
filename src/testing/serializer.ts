/** How counters are in snapshots: without what is zero, so that a counter more changes none. */
import { isCounters } from "./received.js";

type Tree = { readonly [key: string]: number | Tree };

/** Prints a value as snapshots have it. */
// biome-ignore lint/suspicious/noExplicitAny: the rest is the printer's own, and is handed on.
export type SnapshotPrinter = (value: unknown, ...rest: any[]) => string;

/** A serializer, as `expect.addSnapshotSerializer` takes it. */
export interface SnapshotSerializer {
  /** Whether it prints a value. */
  test(value: unknown): boolean;
  /** Prints a value. What is between the two is the printer's, and is handed on. */
  serialize(
    value: unknown,
    config: unknown,
    indentation: string,
    depth: number,
    refs: unknown,
    printer: SnapshotPrinter,
  ): string;
}

/** Counters of which nothing is left to leave out. */
const printed = new WeakSet<object>();

/** For `expect.addSnapshotSerializer`. */
export const countersSerializer: SnapshotSerializer = {
  test: (value) => isCounters(value) && !printed.has(value),

  serialize(value, config, indentation, depth, refs, printer) {
    const counted = withoutZeros(value as Tree);
    printed.add(counted);
    return printer(counted, config, indentation, depth, refs);
  },
};

function withoutZeros(tree: Tree): Tree {
  const entries = Object.entries(tree).map(([key, value]): [string, number | Tree] => [
    key,
    typeof value === "object" ? withoutZeros(value) : value,
  ]);
  return Object.fromEntries(entries.filter(([, value]) => value !== 0 && !isEmpty(value)));
}

const isEmpty = (value: number | Tree): boolean =>
  typeof value === "object" && Object.keys(value).length === 0;
