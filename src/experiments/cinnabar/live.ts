import { bytesAsked, OpKind, TraceRecords } from "../../trace/records.js";
import type { Trace } from "../../trace/trace.js";

/** Bytes asked for and not freed after each of some numbers of operations, which ascend. */
export async function liveBytes(trace: Trace, after: readonly number[]): Promise<number[]> {
  const held: number[] = [];
  const found: number[] = [];
  let live = 0;
  let operation = 0;
  for await (const { records, count } of trace) {
    const operations = new TraceRecords(records);
    for (let i = 0; i < count; i++) {
      const { kind, slot, first, second } = operations.read(i);
      if (kind <= OpKind.free) {
        const bytes = kind === OpKind.free ? 0 : bytesAsked(kind, first, second);
        live += bytes - (held[slot] ?? 0);
        held[slot] = bytes;
      }
      operation++;
      while (after[found.length] === operation) found.push(live);
    }
  }
  return found;
}
