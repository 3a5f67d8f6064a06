import { TraceError } from "../base/errors.js";
import { decompressed } from "./decompress.js";
import { HEAD_BYTES, type ReadingOptions, type TraceFormat, type TraceReading } from "./format.js";
import { detectFormat, findFormat, type TraceFormatName } from "./formats.js";
import { chunksOf, PeekedSource, type TraceSource } from "./source.js";
import type { Trace, TraceChunk, TraceNotes } from "./trace.js";

/** How a trace is read. */
export interface ReadTraceOptions {
  /** Its format; without it, the first 64 KiB tell. */
  format?: TraceFormatName;
  /** The process to read, by the number that the trace has for it. Without it, a trace of several is an error that lists them. */
  process?: number;
}

/**
 * Opens a trace in any format, plain, gzipped or packed by zstd. It is read as its chunks are asked for, once, in memory that grows
 * only with the objects alive at once; leaving the loop early cancels the source. A trace without operations is one.
 * `notes.losses` is complete when the last chunk was read.
 * @throws TraceError if the format is not recognised; the loop over the chunks throws it, with the line, on what
 * does not follow the format or does not make sense. What the chunks before said is then of no use.
 */
export async function readTrace(source: TraceSource, options: ReadTraceOptions = {}): Promise<Trace> {
  const bytes = await PeekedSource.open(decompressed(chunksOf(source)), HEAD_BYTES);
  try {
    const format = options.format === undefined ? detectFormat(bytes.head) : findFormat(options.format);
    return new StreamedTrace(format.read(bytes, readingOptions(format, options)));
  } catch (error) {
    await bytes.return();
    throw error;
  }
}

function readingOptions({ name, processes }: TraceFormat, { process }: ReadTraceOptions): ReadingOptions {
  if (process === undefined) return {};
  if (!(Number.isSafeInteger(process) && process >= 0))
    throw new RangeError(`process must be a whole number from 0 on, not ${process}`);
  if (!processes)
    throw new TraceError(`a trace in the format ${name} does not tell processes apart: leave out --process`);
  return { process };
}

class StreamedTrace implements Trace {
  readonly notes: TraceNotes;
  #wasRead = false;

  constructor(private readonly reading: TraceReading) {
    this.notes = reading.notes;
  }

  [Symbol.asyncIterator](): AsyncIterator<TraceChunk> {
    if (this.#wasRead) {
      throw new TraceError(
        "this trace was already read, which can be done once: open it again with readTrace",
      );
    }
    this.#wasRead = true;
    return this.reading.chunks[Symbol.asyncIterator]();
  }
}
