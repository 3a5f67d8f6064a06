/**
 * Reads the true names of what Emscripten made short out of the JavaScript that it wrote beside. Its releases write
 *
 *      var _malloc = Module["_malloc"] = function() { return (_malloc = Module["_malloc"] = Module["asm"]["f"]) …
 *      _malloc = Module["_malloc"] = wasmExports["qa"]
 *      k._malloc = c.La                                          (made short itself, by Closure)
 *
 *      var asmLibraryArg = { "a": _emscripten_memcpy_big, "b": _emscripten_resize_heap };
 *      var wasmImports = { c: __abort_js, e: _emscripten_resize_heap };
 *
 * The text is searched for these, and never run.
 */
import type { ModuleShape } from "../wasm/inspect.js";
import type { FunctionNames, Role } from "./conventions.js";
import { C_LIBRARY } from "./families.js";
import { narrowShape } from "./memory-limits.js";
import { fullName, hasShortImports, type ImportNames } from "./minified.js";
import { fits } from "./signatures.js";

/** What the JavaScript beside a module says of it. */
export interface GlueNames {
  /** The module's names of an allocator's functions. */
  functions: FunctionNames;
  imports: ImportNames;
}

/** Whether they are of an allocator that can be used. */
export const isWhole = ({ functions }: GlueNames): boolean => Boolean(functions.malloc && functions.free);

/** Names of C's library, by role. */
const NAMES: Partial<Record<Role, readonly string[]>> = {
  malloc: ["malloc"],
  calloc: ["calloc"],
  realloc: ["realloc"],
  free: ["free"],
  aligned: ["aligned_alloc"],
  posixAligned: ["posix_memalign"],
  memalign: ["memalign"],
  usableSize: ["malloc_usable_size"],
};

/** What the JavaScript beside a module says of names that are short; undefined where they are not. */
export function shortNames(shape: ModuleShape, glue: string | undefined): GlueNames | undefined {
  return glue === undefined || !hasShortImports(shape) ? undefined : readGlue(glue, shape);
}

/** Finds nothing in other text. */
export function readGlue(text: string, written: ModuleShape): GlueNames {
  const shape = narrowShape(written);
  const functions: FunctionNames = {};
  for (const [role, names] of Object.entries(NAMES)) {
    const wanted = C_LIBRARY.roles[role as Role]?.[1] ?? "";
    const found = names.map((name) => exportOf(text, name, wanted, shape)).find((one) => one !== undefined);
    if (found !== undefined) functions[role as Role] = found;
  }
  return { functions, imports: importsIn(text, shape) };
}

/** Behind where a name is given its value, no more is looked at. */
const MOST_CHARS = 200;
/** a.b, a["b"] and a["b"].c, with the last name in a group. */
const ACCESS = /(?<![\w$])[\w$]+(?:\.[\w$]+|\[["'][\w$]+["']\])*(?:\.([\w$]+)|\[["']([\w$]+)["']\])/g;

/** The module's name of a function, which the text calls `_name`. */
function exportOf(text: string, name: string, wanted: string, shape: ModuleShape): string | undefined {
  const given = new RegExp(`(?<![\\w$])_${name}["']?\\]?\\s*=(?![=>])`, "g");
  for (const { 0: start, index } of text.matchAll(given)) {
    const from = index + start.length;
    const [value = ""] = text.slice(from, from + MOST_CHARS).split(";");
    for (const [, plain, quoted] of value.matchAll(ACCESS)) {
      const found = shape.exports.find((one) => one.name === (plain ?? quoted));
      if (found?.kind === "function" && fits(found.type, wanted)) return found.name;
    }
  }
  return undefined;
}

/** What Emscripten itself writes before some: @export */
const REMARK = "(?:/\\*[^/]*\\*/\\s*)*";
const ENTRY = `${REMARK}["']?[\\w$]+["']?\\s*:\\s*[\\w$.|"'[\\]]+\\s*${REMARK}`;
/** An object of nothing but names: a: b, "c": d */
const OBJECT = new RegExp(`\\{\\s*${ENTRY}(?:,\\s*${ENTRY})*(?:,\\s*)?\\}`, "g");
const NAMED = /(?:["']|(?<![\w$]))([\w$]+)["']?\s*:\s*_([\w$]+)/g;

/** What functions are called in the object of all that the module imports. Of names that are short as well, nothing is known. */
function importsIn(text: string, { imports }: ModuleShape): ImportNames {
  const functions = imports.filter(({ kind }) => kind === "function");
  for (const [object] of text.matchAll(OBJECT)) {
    const names = new Map([...object.matchAll(NAMED)].map(([, short, name]) => [short, name]));
    const known = functions.filter(({ name }) => names.has(name));
    if (known.length === 0 || known.length < functions.length / 2) continue;
    return Object.fromEntries(known.map((one) => [fullName(one), names.get(one.name) as string]));
  }
  return {};
}
