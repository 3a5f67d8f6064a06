/** Traces that programs of this library make. */
import { TraceEncoder } from "./encode.js";
import type { Trace, TraceNotes } from "./trace.js";

/**
 * The trace of a program, made as its chunks are asked for. It can be read again. `operationsOf` begins the program, which
 * yields before each operation, so that there is room for it. `endsChunk` says for what it yields a chunk ends there.
 */
export function madeTrace<Event>(
  operationsOf: (encoder: TraceEncoder) => Iterable<Event>,
  endsChunk: (event: Event) => boolean = () => false,
): Trace {
  const notes: TraceNotes = { format: "text", losses: [] };
  return {
    notes,
    async *[Symbol.asyncIterator]() {
      const encoder = new TraceEncoder();
      const taken = () => {
        encoder.note(notes);
        return encoder.take();
      };
      for (const event of operationsOf(encoder)) if (encoder.full || endsChunk(event)) yield taken();
      yield taken();
    },
  };
}
