/** Makes of a module's bytes what can be instantiated: metered, limited and compiled. */
import { ModuleError } from "../base/errors.js";
import { isCompiled } from "../base/kinds.js";
import { whenCompiled } from "../base/when-compiled.js";
import { type MeteredModule, meterModule } from "../meter/meter.js";
import { type Extern, inspectModule, type ModuleShape } from "../wasm/inspect.js";
import { limitMemory } from "../wasm/limit-memory.js";
import { limitTables } from "../wasm/limit-tables.js";
import { isWide, lower } from "../wasm/lower/lower.js";
import type { FoundFunctions } from "./conventions.js";
import { findFunctions } from "./find.js";
import { isWhole, shortNames } from "./glue.js";
import { CALLED_BY_HOST } from "./host-functions.js";
import { loadTools, type Tools } from "./link.js";
import { checkMemory, memoryOf, mostPages } from "./memory-limits.js";
import { recogniseImports, withNames } from "./minified.js";
import { exportNumbered } from "./numbered.js";
import type { WasmOptions } from "./options.js";
import { readSource, type WasmSource } from "./source.js";
import { type Range, staticDataOf } from "./static-data.js";

/** A module, read and compiled, of which nothing ran yet. */
export interface Prepared {
  module: WebAssembly.Module;
  shape: ModuleShape;
  found: FoundFunctions;
  /** Whether its addresses had 64 bits (src/wasm/lower). */
  isLowered: boolean;
  /** Bytes at the start of its memory that are a meter's. */
  base: number;
  /** What says where the counts are, if the module is metered. */
  metered?: MeteredModule;
  tools: Tools;
  /** Where it has data of its own; nothing is known of a module that was compiled before. */
  staticData(): readonly Range[];
}

/** @throws ModuleError for what has no allocator, or is no valid module; SandboxError for what cannot be read. */
export async function prepare(source: WasmSource, options: WasmOptions): Promise<Prepared> {
  if (isCompiled(source)) {
    return { ...prepareCompiled(source, options), tools: await loadTools() };
  }
  const prepared = await prepareBytes(await readSource(source), options);
  return { ...prepared, tools: await loadTools(memoryOf(prepared.shape)?.limits?.shared) };
}

function prepareCompiled(module: WebAssembly.Module, options: WasmOptions): Omit<Prepared, "tools"> {
  if (options.meter || options.memoryBytes) {
    throw new ModuleError("a compiled module cannot be metered or limited: give its bytes");
  }
  const shape = shapeOfCompiled(module);
  checkMemory(shape);
  const found = find(shape, options);
  return { module, shape, found, isLowered: false, base: 0, staticData: () => [] };
}

async function prepareBytes(source: Uint8Array, options: WasmOptions): Promise<Omit<Prepared, "tools">> {
  const given = exportNumbered(source, options.functions);
  const givenShape = inspectModule(given);
  checkMemory(givenShape);
  const original = await narrow(given, () => driven(find(givenShape, options)));
  const originalShape = original === given ? givenShape : inspectModule(original);
  const metered = options.meter ? await meter(original, find(originalShape, options), options) : undefined;
  const { wasm: code, base } = metered ?? { wasm: original, base: 0 };
  const { memoryBytes } = options;
  const wasm =
    memoryBytes === undefined ? code : limitTables(limitMemory(code, mostPages(memoryBytes, base), base));
  // How functions begin may be different once they are rewritten.
  const { isRestarting } = givenShape;
  const shape = wasm === given ? givenShape : { ...inspectModule(wasm), isRestarting };
  const found = find(shape, options);
  const module = await compile(wasm, original);
  const lowered = { isLowered: original !== given, base, ...(metered && { metered }) };
  const staticData = () => staticDataOf(original);
  return { module, shape: named(shape, original, options), found, staticData, ...lowered };
}

/** The exports that are called with addresses: by the driver, and by what a module's host does for it. */
function driven({ functions }: FoundFunctions): string[] {
  return [...Object.values(functions), ...CALLED_BY_HOST];
}

function meter(wasm: Uint8Array, found: FoundFunctions, { onMetering }: WasmOptions): Promise<MeteredModule> {
  return meterModule(wasm, {
    zeroStores: zeroesByStores(found),
    clearing: clearingFunctions(found),
    ...(onMetering && { onProgress: onMetering }),
  });
}

/** Whether stores of zero may be a calloc's: not where that is composed, and counted as such. */
function zeroesByStores({ functions, convention }: FoundFunctions): boolean | "auto" {
  if (functions.calloc) return true;
  return convention === "managed" ? "auto" : false;
}

/** Those that give memory that is zero: nothing that others store is for the program. */
function clearingFunctions({ functions, convention }: FoundFunctions): string[] {
  const { malloc, calloc, realloc } = functions;
  const all = convention === "managed" ? [malloc, realloc] : [calloc];
  return all.filter((name) => name !== undefined);
}

function find(shape: ModuleShape, options: WasmOptions): FoundFunctions {
  const names = shortNames(shape, options.glue);
  // Where only imports are short, exports have their true names.
  const { functions = names && isWhole(names) ? names.functions : undefined, convention } = options;
  return findFunctions(shape, functions, convention);
}

/** The module with its imports named: by the user, by the JavaScript beside it, or as they are recognised. */
function named(shape: ModuleShape, wasm: Uint8Array, options: WasmOptions): ModuleShape {
  const names = { ...recogniseImports(wasm, shape), ...shortNames(shape, options.glue)?.imports };
  return withNames(shape, { ...names, ...options.importNames });
}

/** A module with a memory and a table of 64-bit addresses. */
const WIDE = new Uint8Array([0, 0x61, 0x73, 0x6d, 1, 0, 0, 0, 4, 4, 1, 0x70, 4, 1, 5, 3, 1, 4, 1]);

/**
 * The module, valid, with 32-bit addresses: lowered if it has others. `narrowed` names exports, as `lower` has it.
 * @throws ModuleError for a module that is not valid: no rewriting makes it right.
 */
export async function narrow(
  original: Uint8Array,
  narrowed: () => readonly string[] = () => [],
): Promise<Uint8Array> {
  const wide = isWide(original);
  // What is wrong is told at its place, unless the engine sees the lowered module alone.
  const isTold = !wide || WebAssembly.validate(WIDE as BufferSource);
  if (isTold && !WebAssembly.validate(original as BufferSource)) await compile(original);
  if (!wide) return original;
  const lowered = lower(original, narrowed());
  if (!WebAssembly.validate(lowered as BufferSource)) {
    await compile(lowered).catch(({ message, cause }) => {
      throw new ModuleError(message.replace(/ @\+\d+$/, ""), undefined, { cause });
    });
  }
  return lowered;
}

/** Compiles a module, which may be rewritten from a valid one. */
export async function compile(wasm: Uint8Array, original = wasm): Promise<WebAssembly.Module> {
  try {
    return await whenCompiled(WebAssembly.compile(wasm as BufferSource));
  } catch (cause) {
    const message = (cause as Error).message.replace(/^.{0,100}?compil\w{0,10}\(\): /i, "");
    if (wasm !== original) {
      const why = `rewritten, the module is too large to compile: ${message}`;
      throw new ModuleError(why, undefined, { cause });
    }
    const at = /@\+(\d+)/.exec(message)?.[1];
    const offset = at === undefined ? undefined : Number(at);
    throw new ModuleError(`the module is not valid: ${message}`, offset, { cause });
  }
}

/** Of a compiled module the engine tells names and kinds only. */
function shapeOfCompiled(module: WebAssembly.Module): ModuleShape {
  const externs = <T extends { name: string; kind: string }>(list: T[]) => list as unknown as (T & Extern)[];
  return {
    imports: externs(WebAssembly.Module.imports(module)),
    exports: externs(WebAssembly.Module.exports(module)),
    hasStart: false,
    isRestarting: false,
    customSections: [],
  };
}
