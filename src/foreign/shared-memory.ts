/**
 * What a module whose memory is shared between threads is linked with. The host makes that memory, one thread uses it,
 * and the module's locks are always free. The engine links a shared memory only with modules that say so of theirs.
 */
import { type ImportEntry, readImport } from "../wasm/externs.js";
import { readLimits, writeLimits } from "../wasm/limits.js";
import { MOST_WASM_PAGES } from "../wasm/pages.js";
import { BinaryReader } from "../wasm/reader.js";
import { SectionId, Sections } from "../wasm/sections.js";
import { BinaryWriter } from "../wasm/writer.js";

/** Patterns (link.ts) of whose bytes these are, for a shared memory. */
export async function sharedPatterns(patterns: Uint8Array): Promise<WebAssembly.Module> {
  return WebAssembly.compile(withSharedImport(patterns));
}

/** The module with the memory that it imports shared, and of any size. */
export function withSharedImport(wasm: Uint8Array): Uint8Array<ArrayBuffer> {
  const sections = new Sections(wasm);
  sections.rewrite(SectionId.import, readShared);
  return sections.toBytes();
}

function readShared(reader: BinaryReader): Uint8Array {
  const start = reader.offset;
  const { kind, description }: ImportEntry = readImport(reader);
  if (kind !== "memory") return reader.since(start);
  const { initial, wide } = readLimits(new BinaryReader(reader.bytes, description));
  const writer = new BinaryWriter().append(reader.bytes.subarray(start, description));
  writeLimits(writer, { initial, maximum: MOST_WASM_PAGES, shared: true, wide });
  return writer.bytes;
}
