import { TraceError } from "../base/errors.js";
import { OpKind, RECORD_BYTES, type TraceChunk } from "./trace.js";

const TWO_TO_32 = 2 ** 32;

/**
 * One record in our text form, without a newline; its id is the slot.
 * @throws TraceError on a kind that is none.
 */
export function formatOperation(records: DataView, index: number): string {
  const at = index * RECORD_BYTES;
  const kind = records.getUint32(at, true);
  const slot = records.getUint32(at + 4, true);
  const first = u64(records, at + 8);
  const second = u64(records, at + 16);
  switch (kind) {
    case OpKind.malloc:
      return `a ${slot} ${first}`;
    case OpKind.calloc:
      return `c ${slot} ${first} ${second}`;
    case OpKind.aligned:
      return `m ${slot} ${first} ${second}`;
    case OpKind.realloc:
      return `r ${slot} ${second}`;
    case OpKind.free:
      return `f ${slot}`;
    case OpKind.write:
      return `w ${slot} ${first} ${second}`;
    case OpKind.read:
      return `l ${slot} ${first} ${second}`;
    default:
      throw new TraceError(`record ${index} is of kind ${kind}, which does not exist`);
  }
}

/** A trace in our text form, as bytes, in constant memory. `readTrace` of it gives the same records. */
export async function* writeTrace(trace: AsyncIterable<TraceChunk>): AsyncGenerator<Uint8Array, void> {
  const encoder = new TextEncoder();
  for await (const { records, count } of trace) {
    const view = new DataView(records.buffer, records.byteOffset, count * RECORD_BYTES);
    let text = "";
    for (let index = 0; index < count; index++) text += `${formatOperation(view, index)}\n`;
    yield encoder.encode(text);
  }
}

/** Exact, as sizes are at most 2^47. */
function u64(view: DataView, at: number): number {
  return view.getUint32(at, true) + view.getUint32(at + 4, true) * TWO_TO_32;
}
