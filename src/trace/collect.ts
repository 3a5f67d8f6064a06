import { RECORD_BYTES } from "./records.js";
import type { Trace, TraceChunk, TraceNotes } from "./trace.js";

/** A whole trace in memory. */
export interface CollectedTrace {
  /** `count` records, RECORD_BYTES each. */
  records: Uint8Array;
  count: number;
  notes: TraceNotes;
}

/** Reads a whole trace into one array, so that it can be replayed more than once. @throws what reading it throws. */
export async function collectTrace(trace: Trace): Promise<CollectedTrace> {
  let records = new Uint8Array(4096 * RECORD_BYTES);
  let length = 0;
  for await (const chunk of trace) {
    const end = length + chunk.count * RECORD_BYTES;
    if (end > records.length) records = grown(records, length, Math.max(end, records.length * 2));
    records.set(chunk.records.subarray(0, end - length), length);
    length = end;
  }
  return { records: records.slice(0, length), count: length / RECORD_BYTES, notes: trace.notes };
}

/** A trace of chunks that are in memory. Unlike one from a file it can be read again. */
export function traceOf(
  chunks: readonly TraceChunk[],
  notes: TraceNotes = { format: "text", losses: [] },
): Trace {
  return {
    notes,
    async *[Symbol.asyncIterator]() {
      yield* chunks;
    },
  };
}

function grown(records: Uint8Array, used: number, length: number): Uint8Array<ArrayBuffer> {
  const larger = new Uint8Array(length);
  larger.set(records.subarray(0, used));
  return larger;
}
