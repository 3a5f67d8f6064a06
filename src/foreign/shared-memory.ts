/**
 * What a module whose memory is shared between threads is linked with. The host makes that memory, one thread uses it,
 * and the module's locks are always free. The engine links a shared memory only with modules that say so of theirs.
 */
import { whenCompiled } from "../base/when-compiled.js";
import { type ImportEntry, readImport } from "../wasm/externs.js";
import { readLimits, writeLimits } from "../wasm/limits.js";
import { MOST_WASM_PAGES } from "../wasm/pages.js";
import { BinaryReader } from "../wasm/reader.js";
import { SectionId, Sections } from "../wasm/sections.js";
import { BinaryWriter } from "../wasm/writer.js";

/** A module of this package's, of whose bytes these are, for a shared memory. */
export async function compileShared(wasm: Uint8Array): Promise<WebAssembly.Module> {
  return whenCompiled(WebAssembly.compile(withSharedMemory(wasm)));
}

/** The module with its memory shared, whether it has or imports it, and of any size. */
export function withSharedMemory(wasm: Uint8Array): Uint8Array<ArrayBuffer> {
  const sections = new Sections(wasm);
  sections.rewrite(SectionId.import, (reader) => {
    const start = reader.offset;
    const { kind, description }: ImportEntry = readImport(reader);
    if (kind !== "memory") return reader.since(start);
    const limits = sharedLimits(new BinaryReader(reader.bytes, description));
    return new BinaryWriter().append(reader.bytes.subarray(start, description)).append(limits).bytes;
  });
  sections.rewrite(SectionId.memory, sharedLimits);
  return sections.toBytes();
}

function sharedLimits(reader: BinaryReader): Uint8Array {
  const { initial, wide } = readLimits(reader);
  const writer = new BinaryWriter();
  writeLimits(writer, { initial, maximum: MOST_WASM_PAGES, shared: true, wide });
  return writer.bytes;
}
