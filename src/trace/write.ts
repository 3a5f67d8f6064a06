import { TraceError } from "../base/errors.js";
import { OpKind, sliceRecords, TraceRecords } from "./records.js";
import type { TraceChunk, TraceNotes } from "./trace.js";

type Names = Pick<TraceNotes, "marks" | "sites">;

/**
 * One record in our text form, without a newline; its id is the slot. A mark or site without a name has its number for one.
 * @throws TraceError on a kind that is none.
 */
export function formatOperation(records: TraceRecords, index: number, { marks, sites }: Names = {}): string {
  const { kind, slot, first, second } = records.read(index);
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
    case OpKind.thread:
      return `t ${first}`;
    case OpKind.exit:
      return `x ${first}`;
    case OpKind.trim:
      return `k ${first}`;
    case OpKind.mark:
      return `p ${marks?.[first] ?? first}`;
    case OpKind.clock:
      return `@ ${first}`;
    case OpKind.site:
      return `s ${sites?.[first] ?? first}`;
    case OpKind.process:
      return `P ${first}`;
    case OpKind.fork:
      return `F ${first}`;
    case OpKind.end:
      return "X";
    default:
      throw new TraceError(`record ${index} is of kind ${kind}, which does not exist`);
  }
}

/** A trace in our text form, as bytes, in constant memory. `readTrace` of it gives the same records. */
export async function* writeTrace(
  trace: AsyncIterable<TraceChunk> & { readonly notes?: TraceNotes },
): AsyncGenerator<Uint8Array, void> {
  const encoder = new TextEncoder();
  const lines = new Lines(trace.notes);
  for await (const { records, count } of trace) {
    const operations = new TraceRecords(sliceRecords(records, 0, count));
    let text = "";
    for (let index = 0; index < count; index++) text += lines.next(operations, index);
    yield encoder.encode(text);
  }
}

/** The lines of operations in their order, each after that of its site. */
class Lines {
  #site = "";

  constructor(private readonly names: Names = {}) {}

  next(records: TraceRecords, index: number): string {
    const line = `${formatOperation(records, index, this.names)}\n`;
    const kind = records.kind(index);
    if (kind === OpKind.mark || kind === OpKind.clock) return line;
    if (kind !== OpKind.site) return this.#site + line;
    this.#site = records.first(index) === 0 ? "" : line;
    return "";
  }
}
