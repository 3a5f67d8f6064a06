/** The file that a trace is recorded into. */
import { closeSync, openSync, rmSync, statSync } from "node:fs";
import { basename } from "node:path";
import { pipeline } from "node:stream/promises";
import { createGzip } from "node:zlib";
import { UsageError } from "../base/errors.js";
import { OpKind, sliceRecords, TraceRecords } from "../trace/records.js";
import type { Trace, TraceChunk, TraceNotes } from "../trace/trace.js";
import { writeTrace } from "../trace/write.js";
import { reasonOf } from "./draft.js";
import { type OutStream, prepareStream } from "./outfile.js";

/** What is asked of an allocator, unlike touches, times and threads. */
const ASKED = new Set<number>([
  ...[OpKind.malloc, OpKind.calloc, OpKind.aligned, OpKind.realloc, OpKind.free, OpKind.trim],
]);

/** Makes sure that the trace of a program can be written to `output`, or else in this folder by a name that no file has. */
export async function prepareTraceFile(output: string | undefined, program: string): Promise<OutStream> {
  if (output === "-") throw new UsageError("--output: standard output is the program's: name a file");
  if (output !== undefined) return prepareStream("--output", output);
  const path = takeName(basename(program, ".wasm"), ".trace.gz");
  const stream = prepareStream("--output", path);
  return {
    ...stream,
    discard() {
      stream.discard();
      if (statSync(path).size === 0) rmSync(path);
    },
  };
}

/** Does what comes before a trace is written. Where it fails, its file is not kept. */
export async function beforeWriting<T>(stream: OutStream, work: () => T | Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    stream.discard();
    throw error;
  }
}

/** Takes a name by an empty file, so that nobody else who records takes it. */
export function takeName(name: string, ending: string): string {
  for (let number = 1; ; number++) {
    const path = number === 1 ? `${name}${ending}` : `${name}-${number}${ending}`;
    try {
      closeSync(openSync(path, "wx"));
      return path;
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code !== "EEXIST") throw new UsageError(`--output: cannot write "${path}": ${reasonOf(error)}`);
    }
  }
}

/**
 * Writes a trace, gzipped where the file's name ends so, with comments before it. Returns how many operations it asks of an
 * allocator.
 */
export async function writeTraceFile(
  trace: Trace,
  stream: OutStream,
  header: string,
  onProgress: (operations: number) => void,
): Promise<number> {
  const append = async (source: AsyncIterable<Uint8Array>) => {
    for await (const bytes of source) stream.append(bytes);
  };
  const counted = new CountedTrace(trace, onProgress);
  const text = textOf(header, counted);
  try {
    await (stream.path.endsWith(".gz") ? pipeline(text, createGzip(), append) : append(text));
    stream.finish();
    return counted.operations;
  } catch (error) {
    stream.discard();
    throw error;
  }
}

/** A trace that counts what it asks of an allocator. */
class CountedTrace implements Trace {
  operations = 0;
  readonly notes: TraceNotes;

  constructor(
    private readonly trace: Trace,
    private readonly onProgress: (operations: number) => void,
  ) {
    this.notes = trace.notes;
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<TraceChunk> {
    for await (const chunk of this.trace) {
      const records = new TraceRecords(sliceRecords(chunk.records, 0, chunk.count));
      for (let index = 0; index < chunk.count; index++) if (ASKED.has(records.kind(index))) this.operations++;
      this.onProgress(this.operations);
      yield chunk;
    }
  }
}

/** A trace in our text, with comments before it. */
async function* textOf(header: string, trace: Trace): AsyncGenerator<Uint8Array> {
  yield new TextEncoder().encode(header);
  yield* writeTrace(trace);
}
