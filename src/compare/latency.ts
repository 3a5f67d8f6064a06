/** How long single calls take. An average over a trace hides what is rare: sweeps, growth, the first touch of memory. */
import { quantile } from "../base/statistics.js";
import { OpKind, TraceRecords } from "../trace/records.js";
import type { CallKind, CallTimes } from "./record.js";

/** The kinds of operation that are calls, in the order of reports. */
export const CALL_KINDS: readonly CallKind[] = ["malloc", "calloc", "aligned", "realloc", "free"];

/** Bars of a histogram in each doubling. */
const BARS = 4;

/** The calls of each kind among the records that the trace has, from the nanoseconds that each operation took. */
export function callTimesOf(records: Uint8Array, took: Float64Array): Partial<Record<CallKind, CallTimes>> {
  const read = new TraceRecords(records);
  return Object.fromEntries(
    CALL_KINDS.flatMap((kind) => {
      const its = took.filter((_, i) => read.kind(i) === OpKind[kind]);
      return its.length === 0 ? [] : [[kind, summary(its.sort())]];
    }),
  );
}

/** @param sorted nanoseconds in ascending order, at least one. */
function summary(sorted: Float64Array): CallTimes {
  return {
    calls: sorted.length,
    median: at(sorted, 0.5),
    p99: at(sorted, 0.99),
    worst: sorted[sorted.length - 1] as number,
    histogram: histogram(sorted),
  };
}

/** The value that so many of all lie at or below. */
const at = (sorted: Float64Array, part: number): number =>
  sorted[Math.max(0, Math.ceil(part * sorted.length) - 1)] as number;

function histogram(sorted: Float64Array): [from: number, calls: number][] {
  const bars = new Map<number, number>();
  for (const ns of sorted) {
    const bar = Math.floor(BARS * Math.log2(Math.max(1, ns)));
    bars.set(bar, (bars.get(bar) ?? 0) + 1);
  }
  return [...bars].map(([bar, calls]) => [Number((2 ** (bar / BARS)).toPrecision(4)), calls]);
}

/** Nanoseconds between two readings of a clock in a row, where nothing disturbs: what it adds to everything that it times. */
export function clockCost(now: () => number): number {
  const differences: number[] = [];
  for (let i = 0; i < 10_000; i++) {
    const start = now();
    differences.push(now() - start);
  }
  return quantile(differences, 0.1);
}
