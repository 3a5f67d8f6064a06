import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { type CollectedTrace, collectTrace } from "../../src/trace/collect.js";
import { type ReadTraceOptions, readTrace } from "../../src/trace/read.js";
import { TraceRecords } from "../../src/trace/records.js";
import type { TraceSource } from "../../src/trace/source.js";
import { formatOperation } from "../../src/trace/write.js";

/** A file beside the tests, or in bench/traces. */
export async function fileBytes(path: string): Promise<Uint8Array> {
  return new Uint8Array(await readFile(fileURLToPath(new URL(path, import.meta.url))));
}

export const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text);

export const gzip = (text: string | Uint8Array): Uint8Array => new Uint8Array(gzipSync(text));

/** The pieces of some bytes, cut at the offsets. */
export async function* cutAt(bytes: Uint8Array, ...offsets: number[]): AsyncGenerator<Uint8Array> {
  let start = 0;
  for (const offset of [...offsets, bytes.length]) {
    yield bytes.subarray(start, offset);
    start = offset;
  }
}

export async function* byteByByte(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  for (const byte of bytes) yield Uint8Array.of(byte);
}

export async function read(source: TraceSource, options?: ReadTraceOptions): Promise<CollectedTrace> {
  return collectTrace(await readTrace(source, options));
}

/** The operations in our text form. */
export function operationsOf({ records, count, notes }: CollectedTrace): string[] {
  const operations = new TraceRecords(records);
  return Array.from({ length: count }, (_, index) => formatOperation(operations, index, notes));
}

/** Reads a trace. Returns its operations in our text form. */
export async function operations(source: TraceSource, options?: ReadTraceOptions): Promise<string[]> {
  return operationsOf(await read(source, options));
}

/** How many operations there are of each letter, and in all. */
export function countByLetter(lines: readonly string[]): Record<string, number> {
  const counts: Record<string, number> = { all: lines.length };
  for (const line of lines) {
    const letter = line[0] as string;
    counts[letter] = (counts[letter] ?? 0) + 1;
  }
  return counts;
}
