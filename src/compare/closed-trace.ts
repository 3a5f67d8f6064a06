import type { CollectedTrace } from "../trace/collect.js";
import { OpKind, RECORD_BYTES } from "../trace/trace.js";

/** A trace that frees all it allocates, so that it can be run again and again on one instance. */
export interface ClosedTrace {
  records: Uint8Array;
  count: number;
  /** Bytes held at once, at most. */
  peakLiveBytes: number;
}

/** Adds a free of every object that the trace leaves, in the order of slots. */
export function closeTrace({ records, count }: Pick<CollectedTrace, "records" | "count">): ClosedTrace {
  const { live, peakLiveBytes } = follow(records, count);
  // Shared, so that every Worker reads this one.
  const all = new Uint8Array(new SharedArrayBuffer(records.length + live.length * RECORD_BYTES));
  all.set(records);
  const view = new DataView(all.buffer, records.length);
  live.forEach((slot, i) => {
    view.setUint32(RECORD_BYTES * i, OpKind.free, true);
    view.setUint32(RECORD_BYTES * i + 4, slot, true);
  });
  return { records: all, count: count + live.length, peakLiveBytes };
}

/** Bytes an operation that allocates asks for, by its fields; 0 for a free. */
export function bytesWanted(kind: number, first: number, second: number): number {
  if (kind === OpKind.malloc) return first;
  return kind === OpKind.calloc ? first * second : second;
}

/** What the program holds as the trace goes on, if every allocation succeeds. */
function follow(records: Uint8Array, count: number): { live: number[]; peakLiveBytes: number } {
  const view = new DataView(records.buffer, records.byteOffset);
  const sizes = new Map<number, number>();
  let [bytes, peakLiveBytes] = [0, 0];
  for (let i = 0; i < count; i++) {
    const at = RECORD_BYTES * i;
    const kind = view.getUint32(at, true);
    const slot = view.getUint32(at + 4, true);
    if (kind > OpKind.free) continue;
    const first = Number(view.getBigUint64(at + 8, true));
    const second = Number(view.getBigUint64(at + 16, true));
    const size = bytesWanted(kind, first, second);
    bytes -= sizes.get(slot) ?? 0;
    sizes.delete(slot);
    if (kind === OpKind.free) continue;
    sizes.set(slot, size);
    bytes += size;
    peakLiveBytes = Math.max(peakLiveBytes, bytes);
  }
  return { live: [...sizes.keys()].sort((one, other) => one - other), peakLiveBytes };
}
