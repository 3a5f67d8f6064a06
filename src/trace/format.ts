/** What a format of traces tells about itself. Each is a file beside this one, and a line in formats.ts. */
import type { TraceChunk, TraceNotes } from "./trace.js";

/** Bytes at the beginning of a trace that tell its format. */
export const HEAD_BYTES = 65536;

/** The beginning of a trace: HEAD_BYTES of it, or all of a shorter one. */
export interface TraceHead {
  bytes: Uint8Array;
  /** The same as text: whole lines, or the one line that there is. */
  lines: readonly string[];
}

/** A trace that is being read. `notes` is complete when the last chunk was read. */
export interface TraceReading {
  notes: TraceNotes;
  chunks: AsyncIterable<TraceChunk>;
}

/** What a reader is told besides. */
export interface ReadingOptions {
  /** The process to read, of a trace that has several. */
  process?: number;
}

/** A format of traces: how it is told from the others, and how it is read. */
export interface TraceFormat<Name extends string = string> {
  readonly name: Name;
  /** What it is, in a few words that follow its name. */
  readonly about: string;
  /** Whether a trace that begins so is one of this format. */
  looksLike(head: TraceHead): boolean;
  /** What to do about a trace that is nearly one of this format, in a sentence; undefined for any other. */
  remedy?(head: TraceHead): string | undefined;
  /** Whether its traces may have several processes, of which one is read. */
  readonly processes?: boolean;
  /** Reads a trace, decompressed already, as its chunks are asked for. The chunks throw TraceError. */
  read(bytes: AsyncIterable<Uint8Array>, options?: ReadingOptions): TraceReading;
}

export function headOf(bytes: Uint8Array): TraceHead {
  const lines = new TextDecoder().decode(bytes).split("\n");
  if (bytes.length >= HEAD_BYTES && lines.length > 1) lines.pop();
  return { bytes, lines };
}
