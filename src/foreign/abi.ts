/** What a module's ABI asks of its allocator. */
import type { ModuleShape } from "../wasm/inspect.js";
import { hasShortImports } from "./minified.js";

/** Names that Emscripten's libraries export or import. It leaves none in some modules that need nothing of their host. */
const EMSCRIPTEN = /emscripten|^_?stackSave$|^_abort_js$/;

/**
 * The number that addresses of blocks of 16 bytes or more are to be multiples of. The Basic C ABI of wasm32 aligns long
 * double, and so max_align_t, to 16; Emscripten's to 8, since 2.0.26; AssemblyScript's objects are on multiples of 16.
 * Null for conventions whose callers say what alignment they need, or that promise none.
 */
export function alignmentAsked(
  { imports, exports }: Pick<ModuleShape, "imports" | "exports">,
  convention: string,
): 8 | 16 | null {
  if (convention !== "c" && convention !== "managed") return null;
  if (hasShortImports({ imports })) return 8;
  return [...imports, ...exports].some(({ name }) => EMSCRIPTEN.test(name)) ? 8 : 16;
}
