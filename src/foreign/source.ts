/** Where a module comes from. */
import { readModule } from "#read-module";
import { locateModule } from "../allocator/built-in.js";
import { ModuleError } from "../base/errors.js";

/** @inline */
export type Readable = Uint8Array | ArrayBuffer | URL | string;
/** A module: its bytes, its URL or path, the name of one that comes with the package, or itself, compiled. */
export type WasmSource = Readable | WebAssembly.Module;

/** What results call a module of this source, unless they are told. */
export function nameOf(source: WasmSource): string {
  if (typeof source !== "string" && !(source instanceof URL)) return "wasm";
  return String(source)
    .replace(/^.*[/\\]/, "")
    .replace(/\.wasm$/, "");
}

/** @throws ModuleError for what is no source; SandboxError for one that cannot be read. */
export async function readSource(source: Readable): Promise<Uint8Array> {
  // Browsers do not compile what is shared.
  if (source instanceof Uint8Array) return source.buffer instanceof ArrayBuffer ? source : source.slice();
  if (source instanceof ArrayBuffer) return new Uint8Array(source);
  if (typeof source !== "string" && !(source instanceof URL)) {
    const wanted = "a module is its bytes (Uint8Array or ArrayBuffer), a URL, a path or a WebAssembly.Module";
    throw new ModuleError(`${wanted}; got ${String(source)}`);
  }
  const read = await readModule(typeof source === "string" ? locateModule(source) : source);
  const bytes = read instanceof Response ? await read.arrayBuffer() : read;
  return ArrayBuffer.isView(bytes)
    ? new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    : new Uint8Array(bytes);
}
