/**
 * What a module wants of its host, from a short list: memory, a table, the globals of position
 * independent code, and the functions compilers' runtimes call. Nothing here reaches out of the
 * module: input and output fail, leaving is an error. Whatever else it wants is refused by name.
 *
 *      a position independent module's memory
 *
 *      0      1024            data end       stack low          stack high = heap base
 *      ├──────┼───────────────┼──────────────┼──────────────────┼────────────
 *      │ none │ data          │ to 16 bytes  │ stack, downwards │ heap
 *      └──────┴───────────────┴──────────────┴──────────────────┴────────────
 */
import { ModuleError, ModuleTrap } from "../base/errors.js";
import type { Extern, ModuleShape } from "../wasm/inspect.js";
import { checkInitial } from "../wasm/limit-memory.js";
import type { Limits } from "../wasm/limits.js";
import { MOST_WASM_PAGES, WASM_PAGE_BYTES } from "../wasm/pages.js";

const FIRST_DATA = 1024; // where clang's linker begins too, so that 0 is no object
const FIRST_ELEMENT = 1; // 0 is the null function
const STACK_BYTES = 65_536; // emscripten's default
const STACK_ALIGN = 16;
const MOST_BYTES = 2 ** 32;

/** Numbers of errors in WASI, and in emscripten's system calls, which took them over: wasi_snapshot_preview1, errno. */
const BADF = 8;
const NOSYS = 52;
const WASI = /^wasi_(snapshot_preview1|unstable)$/;

export interface ImportOptions {
  /** The user's own, by module and name; they stand before what is given here. */
  imports?: WebAssembly.Imports;
  /** What happens to functions that are not known: refused (the default), or linked to one that traps when called. */
  unknownImports?: "refuse" | "trap";
  /** Most bytes the module's memory may grow to. Default: what the module says. */
  memoryBytes?: number;
}

export interface Host {
  imports: WebAssembly.Imports;
  /** The module's memory, once there is one: set it when the module exports it. */
  memory?: WebAssembly.Memory;
  /** Copies within that memory, by the module's addresses. */
  copy?: (to: number, from: number, bytes: number) => void;
  /** Fills a range of it, likewise. */
  fill?: (address: number, value: number, bytes: number) => void;
  /** Bytes at the start of memory that are not the module's: those of a meter. */
  base: number;
  /** Whether the growth that the module asked for last, of the host, was refused. */
  refused: boolean;
  /** What it wants that is not known and was linked to a trap, as "module.name". */
  trapping: string[];
}

type ImportShape = ModuleShape["imports"][number];
type HostFunction = (...args: never[]) => unknown;

/** What an object has under a name that the module chose: not what every object has, such as `constructor`. */
function named<T>(from: Readonly<Record<string, T>> | undefined, name: string): T | undefined {
  if (!from || (name in Object.prototype && !Object.hasOwn(from, name))) return undefined;
  return from[name];
}

/** What the user gives for an import, if anything. */
export function givenByUser({ imports }: ImportOptions, { module, name }: ImportShape) {
  return named(named(imports, module), name);
}

/** @throws ModuleError naming an import that cannot be given, and what to do. */
export function satisfyImports(shape: ModuleShape, options: ImportOptions, base: number): Host {
  const host: Host = { imports: Object.create(null), base, refused: false, trapping: [] };
  for (const wanted of shape.imports) {
    const module = host.imports[wanted.module] ?? Object.create(null);
    host.imports[wanted.module] = module;
    module[wanted.name] = givenByUser(options, wanted) ?? provide(wanted, shape, host, options);
    if (wanted.kind === "memory") host.memory = module[wanted.name];
  }
  return host;
}

function provide(wanted: ImportShape, shape: ModuleShape, host: Host, options: ImportOptions) {
  const given = {
    memory: () => makeMemory(wanted, shape, mostPages(options, host.base), host.base),
    table: () => makeTable(wanted, shape),
    global: () => makeGlobal(wanted, shape),
    function: () => hostFunction(wanted, host),
    tag: () => undefined,
  }[wanted.kind]();
  if (given !== undefined) return given;
  const name = `${wanted.module}.${wanted.name}`;
  if (wanted.kind === "function" && options.unknownImports === "trap") {
    host.trapping.push(name);
    return trapping(name);
  }
  const remedy = wanted.kind === "function" ? ', or set unknownImports: "trap"' : "";
  throw new ModuleError(
    `the module imports the ${wanted.kind} "${name}", which is not known: give it in imports of openWasmAllocator${remedy}`,
  );
}

// ---- Memory, table, globals ----

function makeMemory(wanted: Extern, shape: ModuleShape, pages: number, base: number): WebAssembly.Memory {
  const { initial, maximum = MOST_WASM_PAGES } = checkLimits(wanted);
  const least = shape.relocatable ? Math.ceil((layoutOf(shape).stackHigh + base) / WASM_PAGE_BYTES) : 0;
  checkInitial(Math.max(initial, least), pages, base);
  const limits = { initial: Math.max(initial, least), maximum: Math.min(maximum, pages) };
  return make(wanted, () => new WebAssembly.Memory(limits));
}

/** @throws ModuleError where the engine makes nothing of that size. */
function make<T>({ kind, name }: Extern, made: () => T): T {
  try {
    return made();
  } catch (cause) {
    const { message } = cause as Error;
    throw new ModuleError(
      `the ${kind} "${name}" that the module imports cannot be made, give it in imports: ${message}`,
      undefined,
      { cause },
    );
  }
}

/** Pages a memory may have, those of a meter besides. */
export function mostPages({ memoryBytes = MOST_BYTES }: ImportOptions, base: number): number {
  return Math.min(Math.floor((memoryBytes + base) / WASM_PAGE_BYTES), MOST_WASM_PAGES);
}

/** @throws ModuleError for a memory that cannot be driven. */
export function checkLimits({ name, limits }: Extern): Limits {
  const refuse = (why: string) => new ModuleError(`memory "${name}" ${why}`);
  if (!limits)
    throw refuse("is imported by a module that was compiled before: give its bytes, or the memory");
  if (limits.wide) throw refuse("has 64-bit addresses: compile for 32 bits");
  if (limits.shared) throw refuse("is shared between threads: compile without threads");
  if (limits.initial * WASM_PAGE_BYTES > MOST_BYTES)
    throw refuse("is larger than 4 GiB: the file is damaged");
  return limits;
}

function makeTable(wanted: Extern, { relocatable }: ModuleShape): WebAssembly.Table {
  const { name, limits } = wanted;
  if (!limits) throw new ModuleError(`table "${name}" is of unknown size: give the module's bytes`);
  const descriptor = {
    element: "anyfunc" as const,
    initial: Math.max(limits.initial, FIRST_ELEMENT + (relocatable?.tableElements ?? 0)),
    ...(limits.maximum !== undefined && { maximum: limits.maximum }),
  };
  return make(wanted, () => new WebAssembly.Table(descriptor));
}

function layoutOf({ relocatable }: ModuleShape) {
  const { memoryBytes = 0, memoryAlign = 1 } = relocatable ?? {};
  const up = (value: number, align: number) => Math.ceil(value / align) * align;
  const dataStart = up(FIRST_DATA, memoryAlign);
  const stackLow = up(dataStart + memoryBytes, STACK_ALIGN);
  return { dataStart, dataEnd: dataStart + memoryBytes, stackLow, stackHigh: stackLow + STACK_BYTES };
}

function makeGlobal({ name, global }: Extern, shape: ModuleShape): WebAssembly.Global | undefined {
  const { dataStart, dataEnd, stackLow, stackHigh } = layoutOf(shape);
  const values: Record<string, number> = {
    __memory_base: dataStart,
    __table_base: FIRST_ELEMENT,
    __stack_pointer: stackHigh,
    __stack_low: stackLow,
    __stack_high: stackHigh,
    __heap_base: stackHigh,
    __data_end: dataEnd,
  };
  const value = named(values, name);
  if (value === undefined || global?.type !== "i32") return undefined;
  return new WebAssembly.Global({ value: "i32", mutable: global.mutable }, value);
}

// ---- Functions ----

function hostFunction({ module, name }: ImportShape, host: Host): HostFunction | undefined {
  if (name === "proc_exit" || name === "exit") return (code: number) => giveUp(`left with exit code ${code}`);
  if (WASI.test(module)) return named(wasiFunctions(host), name) ?? (() => NOSYS);
  if (name.startsWith("__syscall_")) return () => -NOSYS;
  return named(runtimeFunctions(host), name);
}

/** What wasi-libc gives up without: no folder is open, and the environment is empty. */
function wasiFunctions(host: Host): Record<string, HostFunction> {
  return {
    fd_prestat_get: () => BADF,
    environ_sizes_get: (count: number, bytes: number) => {
      for (const address of [count, bytes]) clear(host, address, 4);
      return 0;
    },
    environ_get: () => 0,
  };
}

/** What the runtimes of emscripten, Rust and AssemblyScript call in the course of allocating, or of giving up. */
function runtimeFunctions(host: Host): Record<string, HostFunction> {
  return {
    abort: (_message: number, _file: number, line?: number, column?: number) =>
      giveUp(line === undefined ? "called abort" : `called abort, at line ${line}, column ${column}`),
    _abort_js: () => giveUp("called abort"),
    segfault: () => giveUp("accessed memory it does not have"),
    alignfault: () => giveUp("accessed memory that is not aligned"),
    __wbindgen_throw: () => giveUp("threw an error"),
    emscripten_notify_memory_growth: () => {},
    emscripten_resize_heap: (bytes: number) => growTo(host, bytes >>> 0),
    /** The high half of a result of 64 bits, for emscripten's JavaScript. */
    setTempRet0: () => {},
    emscripten_get_heap_max: () => MOST_BYTES - WASM_PAGE_BYTES,
    _emscripten_memcpy_js: (to: number, from: number, bytes: number) => copy(host, to, from, bytes),
    emscripten_memcpy_big: (to: number, from: number, bytes: number) => copy(host, to, from, bytes),
    _emscripten_runtime_keepalive_clear: () => {},
    _setitimer_js: () => 0,
    /** AssemblyScript's seed of random numbers, the same in every run. */
    seed: () => 0x5eed,
  };
}

function giveUp(what: string): never {
  throw new ModuleTrap(`the module ${what}`);
}

function trapping(name: string): HostFunction {
  return () => giveUp(`called ${name}, which is not known: give it in imports of openWasmAllocator`);
}

function memoryOf({ memory }: Host): WebAssembly.Memory {
  return memory ?? giveUp("asked for memory before it had any");
}

/** Grows by an eighth at least, as each growth is expensive for an engine. Returns whether the memory is so large then. */
function growTo(host: Host, bytes: number): number {
  const memory = memoryOf(host);
  const have = memory.buffer.byteLength - host.base;
  const grew = [Math.max(bytes, have * 1.125), bytes].some((wanted) => {
    const pages = Math.ceil((wanted - have) / WASM_PAGE_BYTES);
    return pages <= 0 || grow(memory, pages);
  });
  host.refused = !grew;
  return grew ? 1 : 0;
}

function grow(memory: WebAssembly.Memory, pages: number): boolean {
  try {
    memory.grow(pages);
    return true;
  } catch {
    return false;
  }
}

function clear({ fill }: Host, address: number, bytes: number): void {
  if (fill) fill(address, 0, bytes);
  else giveUp("wrote to memory before it had any");
}

function copy({ copy }: Host, to: number, from: number, bytes: number): void {
  if (copy) copy(to, from, bytes);
  else giveUp("copied memory before it had any");
}
