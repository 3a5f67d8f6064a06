/** Reading formats that are made of lines. */
import { TraceEncoder } from "./encode.js";
import type { TraceReading } from "./format.js";
import { LineScanner } from "./lines.js";
import type { TraceChunk, TraceNotes } from "./trace.js";

/** The lines of a trace in one format, turned into operations. */
export interface LineReader {
  readonly notes: TraceNotes;
  /** Reads the line the scanner is at. At most one operation comes of it. @throws TraceError with the line. */
  readLine(line: LineScanner): void;
  /** After the last line: checks of the whole, and what to note about it. @throws TraceError. */
  finish(lastLine: number): void;
}

/**
 * Reads a trace line by line.
 * @param open makes the reader, which gives its operations to the encoder.
 * @param nameKey how errors call an object.
 */
export function readLines(
  bytes: AsyncIterable<Uint8Array>,
  open: (encoder: TraceEncoder) => LineReader,
  nameKey?: (key: number) => string,
): TraceReading {
  const encoder = new TraceEncoder(nameKey);
  const reader = open(encoder);
  return { notes: reader.notes, chunks: chunksOf(bytes, encoder, reader) };
}

async function* chunksOf(
  source: AsyncIterable<Uint8Array>,
  encoder: TraceEncoder,
  reader: LineReader,
): AsyncGenerator<TraceChunk> {
  const scanner = new LineScanner();
  const readLine = () => {
    encoder.line = scanner.line;
    reader.readLine(scanner);
  };
  const take = () => {
    encoder.note(reader.notes);
    return encoder.take();
  };
  for await (const bytes of source) {
    scanner.push(bytes);
    while (scanner.next()) {
      readLine();
      if (encoder.full) yield take();
    }
  }
  if (scanner.finish()) readLine();
  reader.finish(scanner.line);
  if (encoder.count > 0) yield take();
}
