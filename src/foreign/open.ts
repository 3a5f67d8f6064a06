import { locate, readModule } from "#read-module";
import { checkOneOf, checkWhole } from "../base/arguments.js";
import { ModuleError, ZeropageError } from "../base/errors.js";
import { printable } from "../base/printable.js";
import { type MeteredModule, meterModule } from "../meter/meter.js";
import { Meter } from "../meter/reading.js";
import { type Extern, inspectModule, type ModuleShape } from "../wasm/inspect.js";
import { limitMemory } from "../wasm/limit-memory.js";
import { isOutOfStack, trapOf } from "./explain.js";
import {
  type AllocatorFunctions,
  CONVENTIONS,
  type Convention,
  describeProvisions,
  type FunctionNames,
  findAllocator,
  misfits,
} from "./families.js";
import {
  checkLimits,
  givenByUser,
  type Host,
  type ImportOptions,
  mostPages,
  satisfyImports,
} from "./imports.js";
import { LinearMemory } from "./linear-memory.js";
import { link, linkPatterns, loadTools, type Tools } from "./link.js";
import { probeReruns, RESTARTING, startUp } from "./start.js";
import { type Running, WasmAllocator } from "./wasm-allocator.js";

type Readable = Uint8Array | ArrayBuffer | URL | string;
export type WasmSource = Readable | WebAssembly.Module;

export interface WasmOptions extends ImportOptions {
  /** How results call it. Default: the file's name. */
  name?: string;
  /** Names of the exports, where they are not found by themselves. */
  functions?: FunctionNames;
  /** How these are called. Default: that of C. */
  convention?: Convention;
  /**
   * Counts the pages that the module and the program touch, and what the allocator zeroes: `counters`
   * and `pages` then say so. It takes 65 pages of 64 KiB of the module's 4 GiB; a memory given in
   * `imports` needs as many more, in its minimum and its maximum.
   */
  meter?: boolean;
}

/** A module, read and compiled, of which nothing ran yet. */
interface Prepared {
  module: WebAssembly.Module;
  shape: ModuleShape;
  allocator: AllocatorFunctions;
  base: number;
  /** What says where the counts are, if the module is metered. */
  metered?: MeteredModule;
  tools: Tools;
}

/**
 * Opens an allocator from a wasm module: its bytes, a URL or path to them, or the module compiled.
 * Its exports are recognised by name (C, Rust, wasm-bindgen, AssemblyScript) or named by `functions`.
 * Opening runs the module's start-up, and a few mallocs of an instance of its own: one that is not
 * trusted belongs into a jail (jail.ts).
 * @throws ModuleError for what cannot be read, linked or recognised; ModuleTrap if it fails to start; RangeError for an
 * option's value that is none.
 */
export async function openWasmAllocator(
  source: WasmSource,
  options: WasmOptions = {},
): Promise<WasmAllocator> {
  return (await prepareWasmAllocator(source, options))();
}

/**
 * Reads, rewrites and compiles a module once, to open it again and again.
 * @internal
 * @throws as openWasmAllocator does, what is given back too.
 */
export async function prepareWasmAllocator(
  source: WasmSource,
  options: WasmOptions = {},
): Promise<() => WasmAllocator> {
  checkOptions(options);
  const prepared = await prepare(source, options);
  const { allocator, shape } = prepared;
  const [name, maximum] = [options.name ?? nameOf(source), memoryOf(shape)?.limits?.maximum];
  const convention = { convention: allocator.convention, functions: describeProvisions(allocator) };
  let findings: string[] | undefined;
  return () => {
    const running = start(prepared, options);
    findings ??= [...oddities(shape, allocator), ...missing(running), ...findReruns(prepared, options)];
    return new WasmAllocator(name, { ...convention, started: running.started, findings }, running, maximum);
  };
}

function checkOptions({ memoryBytes, convention, unknownImports }: WasmOptions): void {
  if (memoryBytes !== undefined) checkWhole("memoryBytes", memoryBytes);
  if (convention !== undefined) checkOneOf("convention", convention, CONVENTIONS);
  if (unknownImports !== undefined) checkOneOf("unknownImports", unknownImports, ["refuse", "trap"]);
}

function nameOf(source: WasmSource): string {
  if (typeof source !== "string" && !(source instanceof URL)) return "wasm";
  return String(source)
    .replace(/^.*[/\\]/, "")
    .replace(/\.wasm$/, "");
}

// ---- Reading ----

async function prepare(source: WasmSource, options: WasmOptions): Promise<Prepared> {
  const tools = await loadTools();
  if (source instanceof WebAssembly.Module) {
    if (options.meter || options.memoryBytes) {
      throw new ModuleError("a compiled module cannot be metered or limited: give its bytes");
    }
    const shape = shapeOfCompiled(source);
    checkMemory(shape);
    return { module: source, shape, allocator: find(shape, options), base: 0, tools };
  }
  const original = await readSource(source as Readable);
  const originalShape = inspectModule(original);
  checkMemory(originalShape);
  // What is wrong is told at its place in the original, and no rewriting makes it right.
  if (!WebAssembly.validate(original as BufferSource)) await compile(original);
  const metered = options.meter ? await meter(original, find(originalShape, options)) : undefined;
  const { wasm: code, base } = metered ?? { wasm: original, base: 0 };
  const wasm = options.memoryBytes === undefined ? code : limitMemory(code, mostPages(options, base), base);
  // How functions begin may be different once they are metered.
  const { isRestarting } = originalShape;
  const shape = wasm === original ? originalShape : { ...inspectModule(wasm), isRestarting };
  const allocator = find(shape, options);
  const module = await compile(wasm, original);
  return { module, shape, allocator, base, tools, ...(metered && { metered }) };
}

function meter(wasm: Uint8Array, allocator: AllocatorFunctions): Promise<MeteredModule> {
  return meterModule(wasm, { zeroStores: zeroesByStores(allocator) });
}

/** Whether stores of zero may be a calloc's: not where that is composed, and counted as such. */
function zeroesByStores({ functions, convention }: AllocatorFunctions): boolean | "auto" {
  if (functions.calloc) return true;
  return convention === "managed" ? "auto" : false;
}

async function readSource(source: Readable): Promise<Uint8Array> {
  // Browsers do not compile what is shared.
  if (source instanceof Uint8Array) return source.buffer instanceof ArrayBuffer ? source : source.slice();
  if (source instanceof ArrayBuffer) return new Uint8Array(source);
  if (typeof source !== "string" && !(source instanceof URL)) {
    const wanted = "a module is its bytes (Uint8Array or ArrayBuffer), a URL, a path or a WebAssembly.Module";
    throw new ModuleError(`${wanted}; got ${String(source)}`);
  }
  const read = await readModule(typeof source === "string" ? locate(source) : source);
  const bytes = read instanceof Response ? await read.arrayBuffer() : read;
  return ArrayBuffer.isView(bytes)
    ? new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    : new Uint8Array(bytes);
}

function find(shape: ModuleShape, { functions, convention }: WasmOptions): AllocatorFunctions {
  return findAllocator(shape.exports, functions, convention);
}

/** Compiles a module, which may be rewritten from a valid one. */
async function compile(wasm: Uint8Array, original = wasm): Promise<WebAssembly.Module> {
  try {
    return await WebAssembly.compile(wasm as BufferSource);
  } catch (cause) {
    const message = (cause as Error).message.replace(/^.*?compil\w*\(\): /i, "");
    if (wasm !== original)
      throw new ModuleError(`rewritten, the module is too large to compile: ${message}`, undefined, {
        cause,
      });
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

// ---- Starting ----

function start(prepared: Prepared, options: ImportOptions): Running {
  const { module, shape, allocator, base, metered, tools } = prepared;
  const attach = (host: Host, memory: WebAssembly.Memory) => {
    const patterns = linkPatterns(tools, memory, base, metered !== undefined);
    Object.assign(host, { memory, copy: patterns.copy, fill: patterns.fill });
    return patterns;
  };
  const host = satisfyImports(shape, options, base);
  if (host.memory) attach(host, host.memory);
  const instance = instantiate(module, host);
  const { exports } = instance;
  const memory = findMemory(shape, exports, host);
  const patterns = attach(host, memory);
  const started = startUp(exports);
  const meter = metered && new Meter(metered, memory);
  return {
    instance,
    linked: link(tools, allocator, exports, patterns),
    memory: new LinearMemory(memory, base, patterns.note),
    meter,
    host,
    started,
    trapping: host.trapping,
  };
}

function instantiate(module: WebAssembly.Module, host: Host): WebAssembly.Instance {
  try {
    return new WebAssembly.Instance(module, host.imports);
  } catch (cause) {
    if (cause instanceof ZeropageError) throw cause;
    if (!isRefusal(cause)) throw trapOf(cause, "while it was instantiated, the module");
    throw new ModuleError(`the module cannot be linked: ${cause.message}`, undefined, { cause });
  }
}

/** Whether the engine did not begin to run it: what it imports does not fit, or it wants more than there is. */
function isRefusal(cause: unknown): cause is Error {
  if (cause instanceof RangeError) return !isOutOfStack(cause);
  return cause instanceof WebAssembly.LinkError || cause instanceof TypeError;
}

/** The memory a module exports, or else the one it imports. */
function memoryOf({ exports, imports }: ModuleShape): Extern | undefined {
  return [...exports, ...imports].find(({ kind }) => kind === "memory");
}

/** @throws ModuleError for a module without a memory, or with one that cannot be driven. */
function checkMemory(shape: ModuleShape): void {
  const memory = memoryOf(shape);
  if (!memory)
    throw new ModuleError("the module exports no memory, so nobody can use what it allocates: export it");
  if (memory.limits) checkLimits(memory);
}

function findMemory({ exports: shapes }: ModuleShape, exports: WebAssembly.Exports, { memory }: Host) {
  const exported = shapes.find(({ kind }) => kind === "memory");
  return (exported ? exports[exported.name] : memory) as WebAssembly.Memory;
}

// ---- What is odd ----

function oddities(shape: ModuleShape, { convention, functions }: AllocatorFunctions): string[] {
  const has = (name: string) => shape.exports.some((one) => one.name === name);
  const used = Object.values(functions);
  const unused = shape.exports.filter(({ name }) => !used.includes(name));
  const findings = misfits(unused).map((misfit) => `${misfit}, and not used`);
  if (convention === "managed") {
    findings.push("free only unpins an object: its memory returns when the module's collector runs");
    if (!functions.pin) findings.push("there is no __pin: a collector would take objects that are in use");
  }
  if (has("_start") && !has("_initialize")) {
    findings.push(
      "it is a command with a _start, which was not run: link it as a reactor (-mexec-model=reactor)",
    );
  }
  return findings;
}

function missing({ trapping }: Running): string[] {
  if (trapping.length === 0) return [];
  return [`it imports what is not known, and traps if it calls that: ${printable(trapping.join(", "))}`];
}

/** Whether constructors run on each call: read from the module, or asked of an instance made for this alone. */
function findReruns(prepared: Prepared, options: ImportOptions): string[] {
  const { shape } = prepared;
  if (shape.isRestarting) return [RESTARTING];
  if (shape.imports.some((wanted) => givenByUser(options, wanted) !== undefined)) return [];
  const { linked, memory } = start(prepared, options);
  try {
    return probeReruns({ malloc: linked.driver.malloc, memoryBytes: () => memory.bytes });
  } catch {
    return []; // it will fail again where it matters, and be told there
  }
}
