/**
 * What a module whose memory is shared between threads is linked with. The host makes that memory, one thread uses it,
 * and the module's locks are always free. The engine links a shared memory only with modules that say so of theirs.
 */
import { readModule } from "#read-module";
import { type ImportEntry, readImport } from "../wasm/externs.js";
import { readLimits, writeLimits } from "../wasm/limits.js";
import { MOST_WASM_PAGES } from "../wasm/pages.js";
import { BinaryReader } from "../wasm/reader.js";
import { SectionId, Sections } from "../wasm/sections.js";
import { BinaryWriter } from "../wasm/writer.js";

let compiled: Promise<WebAssembly.Module> | undefined;

/** The patterns (link.ts) for a shared memory. Compiled once. @throws SandboxError if they cannot be read. */
export function sharedPatterns(url: URL): Promise<WebAssembly.Module> {
  compiled ??= compile(url);
  compiled.catch(() => {
    compiled = undefined;
  });
  return compiled;
}

async function compile(url: URL): Promise<WebAssembly.Module> {
  const source = await readModule(url);
  const bytes = source instanceof Response ? new Uint8Array(await source.arrayBuffer()) : bytesOf(source);
  return WebAssembly.compile(withSharedImport(bytes));
}

function bytesOf(source: BufferSource): Uint8Array {
  return source instanceof ArrayBuffer
    ? new Uint8Array(source)
    : new Uint8Array(source.buffer, source.byteOffset, source.byteLength);
}

/** The module with the memory that it imports shared, and of any size. */
export function withSharedImport(wasm: Uint8Array): Uint8Array<ArrayBuffer> {
  const sections = new Sections(wasm);
  const imports = sections.vector(SectionId.import, readShared);
  const writer = new BinaryWriter().vector(imports, (to, bytes) => to.append(bytes));
  sections.set(SectionId.import, writer.bytes);
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
