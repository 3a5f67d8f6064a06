/** Where a module comes from. */
import { readModule, receive, urlOf } from "#read-module";
import { findBuiltIn } from "../allocator/built-in.js";
import { ModuleError } from "../base/errors.js";
import { bytesIn, isCompiled, isResponse, isUrl, kindOf } from "../base/kinds.js";
import { contentOf, ownBytes } from "../base/own-file.js";

/** @inline */
export type Readable = Uint8Array | ArrayBuffer | URL | string | Response;
/**
 * A module: its bytes, its URL or path, the name of one that comes with the package, a response of `fetch`, or itself,
 * compiled.
 */
export type WasmSource = Readable | WebAssembly.Module;

/** What results call a module of this source, unless they are told. */
export function nameOf(source: WasmSource): string {
  const place = isResponse(source) ? source.url : source;
  if (typeof place !== "string" && !isUrl(place)) return "wasm";
  const name = String(place)
    .replace(/^.*[/\\]/, "")
    .replace(/\.wasm$/, "");
  return name || "wasm";
}

/** @throws ModuleError for what is no source; SandboxError for one that cannot be read. */
export async function readSource(source: WasmSource): Promise<Uint8Array<ArrayBuffer>> {
  if (typeof source === "string") {
    const builtIn = findBuiltIn(source);
    return builtIn ? ownBytes(builtIn.file) : contentOf(await readModule(urlOf(source)));
  }
  if (isUrl(source)) return contentOf(await readModule(source));
  if (isResponse(source)) return contentOf(await receive(source, source.url));
  const bytes = bytesIn(source);
  if (bytes) return bytes;
  if (isCompiled(source)) {
    throw new ModuleError("a compiled module cannot be read again: give its bytes, a URL or a path");
  }
  throw new ModuleError(
    `a module is its bytes, a URL, a path, a Response or a WebAssembly.Module; got ${kindOf(source)}`,
  );
}
