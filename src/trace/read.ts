import { TraceError } from "../base/errors.js";
import { DETECT_BYTES, detectFormat, type TraceFormat } from "./detect.js";
import { TraceEncoder } from "./encode.js";
import { decompressed } from "./gunzip.js";
import { type LineReader, LineScanner } from "./lines.js";
import { RepReader } from "./rep.js";
import { chunksOf, PeekedSource, type TraceSource } from "./source.js";
import { TextReader } from "./text.js";
import type { Trace, TraceChunk, TraceNotes } from "./trace.js";
import { ValgrindReader } from "./valgrind.js";

export interface ReadTraceOptions {
  /** Without it, the first 64 KiB tell. */
  format?: TraceFormat;
}

/**
 * Opens a trace in any format, gzipped or not. It is read as its chunks are asked for, once, in memory that grows
 * only with the objects alive at once; leaving the loop early cancels the source. A trace without operations is one.
 * `notes.losses` is complete when the last chunk was read.
 * @throws TraceError if the format is not recognised; the loop over the chunks throws it, with the line, on what
 * does not follow the format or does not make sense. What the chunks before said is then of no use.
 */
export async function readTrace(source: TraceSource, options: ReadTraceOptions = {}): Promise<Trace> {
  const bytes = await PeekedSource.open(decompressed(chunksOf(source)), DETECT_BYTES);
  try {
    return new StreamedTrace(bytes, openFormat(options.format ?? detectFormat(bytes.head)));
  } catch (error) {
    await bytes.return();
    throw error;
  }
}

interface OpenFormat {
  encoder: TraceEncoder;
  reader: LineReader & { readonly notes: TraceNotes };
}

function openFormat(format: TraceFormat): OpenFormat {
  const encoder = new TraceEncoder(format === "valgrind" ? ValgrindReader.nameKey : undefined);
  switch (format) {
    case "text":
      return { encoder, reader: new TextReader(encoder) };
    case "rep":
      return { encoder, reader: new RepReader(encoder) };
    case "valgrind":
      return { encoder, reader: new ValgrindReader(encoder) };
    default:
      throw new TraceError(`there is no trace format "${format}": there are text, rep and valgrind`);
  }
}

class StreamedTrace implements Trace {
  readonly notes: TraceNotes;
  #wasRead = false;

  constructor(
    private readonly source: AsyncIterable<Uint8Array>,
    private readonly format: OpenFormat,
  ) {
    this.notes = format.reader.notes;
  }

  [Symbol.asyncIterator](): AsyncIterator<TraceChunk> {
    if (this.#wasRead) {
      throw new TraceError(
        "this trace was already read, which can be done once: open it again with readTrace",
      );
    }
    this.#wasRead = true;
    return chunksOfTrace(this.source, this.format);
  }
}

async function* chunksOfTrace(
  source: AsyncIterable<Uint8Array>,
  format: OpenFormat,
): AsyncGenerator<TraceChunk> {
  const { encoder, reader } = format;
  const scanner = new LineScanner();
  for await (const bytes of source) {
    scanner.push(bytes);
    while (fillChunk(scanner, format)) yield encoder.take();
  }
  if (scanner.finish()) readLine(scanner, format);
  reader.finish(scanner.line);
  if (encoder.count > 0) yield encoder.take();
}

/** Reads lines until the chunk is full. Returns false if the bytes ran out first. */
function fillChunk(scanner: LineScanner, format: OpenFormat): boolean {
  const { encoder } = format;
  while (!encoder.full) {
    if (!scanner.next()) return false;
    readLine(scanner, format);
  }
  return true;
}

function readLine(scanner: LineScanner, { encoder, reader }: OpenFormat): void {
  encoder.line = scanner.line;
  reader.readLine(scanner);
}
