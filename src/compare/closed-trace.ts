import type { CollectedTrace } from "../trace/collect.js";
import { bytesAsked, OpKind, RECORD_BYTES, TraceRecords } from "../trace/records.js";

/** A trace that frees all it allocates, so that one instance can replay it again and again. */
export interface ClosedTrace {
  records: Uint8Array;
  count: number;
  /** Most bytes the program holds at once. */
  peakLiveBytes: number;
  /** Operations after which it first does. */
  peakOperations: number;
  /** Most bytes, with those that align it, of any object. */
  largestBytes: number;
}

/** Adds a free of every object that the trace leaves alive, in the order of slots. */
export function closeTrace({ records, count }: Pick<CollectedTrace, "records" | "count">): ClosedTrace {
  const { live, ...most } = follow(records, count);
  // Shared, so that every Worker reads this one.
  const all = new Uint8Array(new SharedArrayBuffer(records.length + live.length * RECORD_BYTES));
  all.set(records);
  const added = new TraceRecords(all);
  live.forEach((slot, i) => {
    added.write(count + i, OpKind.free, slot);
  });
  return { records: all, count: count + live.length, ...most };
}

/** What the program holds during the trace if every allocation succeeds. */
function follow(records: Uint8Array, count: number) {
  const operations = new TraceRecords(records);
  const sizes = new Map<number, number>();
  let [bytes, peakLiveBytes, peakOperations, largestBytes] = [0, 0, 0, 0];
  for (let i = 0; i < count; i++) {
    const { kind, slot, first, second } = operations.read(i);
    if (kind > OpKind.free) continue;
    bytes -= sizes.get(slot) ?? 0;
    sizes.delete(slot);
    if (kind === OpKind.free) continue;
    const size = bytesAsked(kind, first, second);
    sizes.set(slot, size);
    bytes += size;
    if (bytes > peakLiveBytes) [peakLiveBytes, peakOperations] = [bytes, i + 1];
    largestBytes = Math.max(largestBytes, size + (kind === OpKind.aligned ? first : 0));
  }
  const live = [...sizes.keys()].sort((one, other) => one - other);
  return { live, peakLiveBytes, peakOperations, largestBytes };
}
