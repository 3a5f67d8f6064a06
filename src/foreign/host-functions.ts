/**
 * The functions that compilers' runtimes import in the course of allocating, or of giving up. Nothing here reaches out
 * of the module: input and output fail, and leaving is an error.
 */
import { ModuleTrap, UnknownImport } from "../base/errors.js";
import { ADDRESSABLE_BYTES, WASM_PAGE_BYTES } from "../wasm/pages.js";
import type { FunctionType } from "../wasm/types.js";

/** Numbers of errors in WASI, and in emscripten's system calls, which took them over: wasi_snapshot_preview1, errno. */
const BADF = 8;
const NOSYS = 52;
/** Emscripten's default for a new thread, of which there will be none. */
const THREAD_STACK_BYTES = 65_536;
const WASI = /^wasi_(snapshot_preview1|unstable)$/;
/** Emscripten's bindings of classes and values, which tell the JavaScript beside of what there is. */
const EMBIND = /^_(embind|emval)_/;

export type HostFunction = (...args: never[]) => unknown;

/** A module's memory, as these functions reach it. */
export interface HostMemory {
  /** The module's memory, once there is one: set it when the module exports it. */
  memory?: WebAssembly.Memory;
  /** What the module exports, once it does. */
  exports?: WebAssembly.Exports;
  /** Copies within that memory, by the module's addresses. */
  copy?: (to: number, from: number, bytes: number) => void;
  /** Fills a range of it, likewise. */
  fill?: (address: number, value: number, bytes: number) => void;
  /** Bytes at the start of memory that are not the module's: those of a meter. */
  base: number;
  /** Whether the growth that the module asked for last, of the host, was refused. */
  refused: boolean;
}

/** The function for an import of this type; undefined where none is known. */
export function hostFunction(
  module: string,
  name: string,
  type: FunctionType | undefined,
  host: HostMemory,
): HostFunction | undefined {
  const known = knownFunction(module, name, host);
  return known && type ? ofType(type, known) : known;
}

function knownFunction(module: string, name: string, host: HostMemory): HostFunction | undefined {
  if (name === "proc_exit" || name === "exit") return (code: number) => giveUp(`left with exit code ${code}`);
  // A Map has only its own names, whatever the module asks for.
  const among = (functions: Record<string, HostFunction>) => new Map(Object.entries(functions)).get(name);
  if (WASI.test(module)) return among(wasiFunctions(host)) ?? (() => NOSYS);
  if (name.startsWith("__syscall_")) return () => -NOSYS;
  if (EMBIND.test(name)) return () => 0;
  return among(runtimeFunctions(host));
}

/** What the functions here take of 64 bits are addresses and sizes: what exceeds 32 bits is as good as their last. */
function ofType({ params, results }: FunctionType, known: HostFunction): HostFunction {
  if (![...params, ...results].includes("i64")) return known;
  const narrowed = (one: unknown) =>
    typeof one === "bigint" ? Math.min(Number(BigInt.asUintN(64, one)), 2 ** 32 - 1) : one;
  return (...taken: unknown[]) => {
    const given = known(...(taken.map(narrowed) as never[]));
    return results[0] === "i64" ? BigInt(Number(given)) : given;
  };
}

/**
 * Stands for an import that is not known, by its full name. While the module starts it does nothing, and `onStart` is
 * told; from then on it traps.
 */
export function unknownFunction(
  name: string,
  type: FunctionType | undefined,
  onStart: () => boolean,
): HostFunction {
  const zeroes = (type?.results ?? []).map((result) => (result === "i64" ? 0n : 0));
  const nothing = zeroes.length > 1 ? zeroes : zeroes[0];
  return () => {
    if (onStart()) return nothing;
    throw new UnknownImport(
      `the module called ${name}, which is not known: give it in imports of openWasmAllocator, or say what it is, if that is resize, memcpy or abort, as in FILE.wasm:resize=${name}`,
    );
  };
}

/** What wasi-libc gives up without: no folder is open, and the environment is empty. */
function wasiFunctions(host: HostMemory): Record<string, HostFunction> {
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
function runtimeFunctions(host: HostMemory): Record<string, HostFunction> {
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
    emscripten_get_heap_max: () => ADDRESSABLE_BYTES - WASM_PAGE_BYTES,
    _emscripten_memcpy_js: (to: number, from: number, bytes: number) => copy(host, to, from, bytes),
    emscripten_memcpy_big: (to: number, from: number, bytes: number) => copy(host, to, from, bytes),
    _emscripten_runtime_keepalive_clear: () => {},
    _setitimer_js: () => 0,
    /** The clock stands still. */
    emscripten_get_now: () => 0,
    emscripten_date_now: () => 0,
    ...threadFunctions(host),
    /** AssemblyScript's seed of random numbers, the same in every run. */
    seed: () => 0x5eed,
  };
}

/** What these functions call of what a module exports, with addresses. */
export const CALLED_BY_HOST = [
  "_emscripten_thread_init",
  "_emscripten_tls_init",
  "misuse",
  "misused",
] as const;

/** What a module for several threads asks before it has any. It is told that it has the one that calls, which may wait. */
function threadFunctions(host: HostMemory): Record<string, HostFunction> {
  const initialize = (block: number) => {
    const { _emscripten_thread_init: init, _emscripten_tls_init: initLocals } = host.exports ?? {};
    if (typeof init === "function") init(block, 1, 1, 1, THREAD_STACK_BYTES, 0);
    if (typeof initLocals === "function") initLocals();
  };
  return {
    _emscripten_init_main_thread_js: initialize,
    __emscripten_init_main_thread_js: initialize,
    emscripten_check_blocking_allowed: () => {},
    _emscripten_thread_mailbox_await: () => {},
    emscripten_num_logical_cores: () => 1,
  };
}

function giveUp(what: string): never {
  throw new ModuleTrap(`the module ${what}`);
}

function memoryOf({ memory }: HostMemory): WebAssembly.Memory {
  return memory ?? giveUp("asked for memory before it had any");
}

/** Grows by an eighth at least, as each growth is expensive for an engine. Returns 1 if the memory is so large then, else 0. */
function growTo(host: HostMemory, bytes: number): number {
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

function clear({ fill }: HostMemory, address: number, bytes: number): void {
  if (fill) fill(address, 0, bytes);
  else giveUp("wrote to memory before it had any");
}

function copy({ copy }: HostMemory, to: number, from: number, bytes: number): void {
  if (copy) copy(to, from, bytes);
  else giveUp("copied memory before it had any");
}
