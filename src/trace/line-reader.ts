/** Reading formats that are made of lines. */
import { CallEncoder, nameOfAddress } from "./calls.js";
import { TraceEncoder } from "./encode.js";
import type { ReadingOptions, TraceReading } from "./format.js";
import { LineScanner } from "./lines.js";
import type { TraceChunk, TraceNotes } from "./trace.js";

/** The lines of a trace in one format, turned into operations. */
export interface LineReader {
  readonly notes: TraceNotes;
  /** Reads the line the scanner is at. No more records come of it than the encoder was told to expect. @throws TraceError with the line. */
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

/** The lines of a log of calls, of which most only need to be read. */
export interface CallReader {
  /** Gives the calls of the line the scanner is at. @throws TraceError with the line. */
  readLine(line: LineScanner): void;
  /** After the last line. */
  finish?(): void;
}

/**
 * Reads a log of calls line by line.
 * @param losses what the format does not record.
 * @param open makes the reader, which gives its calls to the encoder of calls.
 */
export function readCalls(
  bytes: AsyncIterable<Uint8Array>,
  format: string,
  losses: readonly string[],
  { process }: ReadingOptions,
  open: (calls: CallEncoder, notes: TraceNotes) => CallReader,
): TraceReading {
  const notes: TraceNotes = { format, losses: [...losses] };
  const openLines = (encoder: TraceEncoder): LineReader => {
    const calls = new CallEncoder(encoder, notes, process);
    const reader = open(calls, notes);
    return {
      notes,
      readLine: (line) => reader.readLine(line),
      finish(lastLine) {
        reader.finish?.();
        calls.finish();
        if (lastLine > 0 && !calls.any) notes.losses.push(`no line is a call in the format ${format}`);
      },
    };
  };
  return readLines(bytes, openLines, nameOfAddress);
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
