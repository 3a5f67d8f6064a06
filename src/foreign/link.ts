/** Links a foreign module's functions with the driver and the patterns: wasm to wasm, nothing in between. @internal */

import { Native } from "#shared/driver";
import type { ReplayExports, SlotLayout } from "../allocator/replayer.js";
import type { NameOf } from "../base/enums.js";
import { ModuleError } from "../base/errors.js";
import { type OwnFile, ownBytes, ownModule } from "../base/own-file.js";
import { CONVENTIONS, type Convention, type FoundFunctions, type Role } from "./conventions.js";
import { readMisuse } from "./misuse.js";
import { alignersOf } from "./provisions.js";
import { compileShared } from "./shared-memory.js";

/** assembly/driver.ts */
export interface DriverExports extends ReplayExports {
  configure(convention: number, native: number): void;
  malloc(bytes: number): number;
  calloc(count: number, size: number): number;
  aligned(align: number, bytes: number): number;
  resizeNothing(bytes: number): number;
  alignBy(bit: number): void;
  resize(pointer: number, block: number, old: number, align: number, bytes: number): number;
  release(block: number, bytes: number, align: number): void;
  block: WebAssembly.Global;
  checkObject(pointer: number, bytes: number, align: number): void;
  /** Records of all replays done, also when the last trapped; of these, before the first failed allocation. */
  done(): number;
  doneBeforeFailure(): number;
  calls(): number;
  liveBytes(): number;
  trapCause: WebAssembly.Global;
  trapPointer: WebAssembly.Global;
  trapDetail: WebAssembly.Global;
}

/** The slots of the driver. */
export const SLOT_LAYOUT: SlotLayout = { slotBytes: 16, pointerBytes: 4 };

/** assembly/patterns.ts */
export interface PatternExports {
  /** The module's, which it was given. */
  memory: WebAssembly.Memory;
  outsideBytes: WebAssembly.Global;
  outsideAddress: WebAssembly.Global;
  setBase(bytes: number, isMetered: number): void;
  note(address: number, bytes: number, write: number): void;
  copy(to: number, from: number, bytes: number): void;
  fill(address: number, value: number, bytes: number): void;
  touch(address: number, bytes: number, write: number): void;
  fillEnd(address: number, value: number, bytes: number): number;
  // Called by the driver only.
  memoryBytes(): bigint;
  loadWord(address: number): number;
  clear(address: number, bytes: number): void;
  writePattern(address: number, bytes: number, seed: number): void;
  patternEnd(address: number, bytes: number, seed: number): number;
  lastRead: WebAssembly.Global;
}

export const DRIVER: OwnFile = {
  name: "wasm/driver.wasm",
  url: () => new URL("../../build/driver.wasm", import.meta.url),
};
export const PATTERNS: OwnFile = {
  name: "wasm/patterns.wasm",
  url: () => new URL("../../build/patterns.wasm", import.meta.url),
};

/** The two modules that every foreign one is linked with, compiled. */
export interface Tools {
  driver: WebAssembly.Module;
  patterns: WebAssembly.Module;
}

/** Puts the address of an aligned block where `result` is. Returns 0, or a number that says what is wrong. */
export type PosixMemalign = (result: number, align: number, bytes: number) => number;

export interface Linked {
  driver: DriverExports;
  patterns: PatternExports;
  usableSize?: (pointer: number) => number;
  posixMemalign?: PosixMemalign;
  /** The module's functions that align, best first. */
  aligners: readonly { name: string; choose(): void }[];
  /** What the module says of why it trapped, if it says anything. */
  misuse: () => string | undefined;
}

/** Compiles the driver and the patterns, these for a memory that is `shared` or not. */
export async function loadTools(shared = false): Promise<Tools> {
  const [driver, patterns] = await Promise.all([
    ownModule(DRIVER),
    shared ? ownBytes(PATTERNS).then(compileShared) : ownModule(PATTERNS),
  ]);
  return { driver, patterns };
}

/** Which import of assembly/face.ts each function of a convention is. */
export const FACE: Record<Convention, Partial<Record<Role, string>>> = {
  c: {
    malloc: "cMalloc",
    calloc: "cCalloc",
    realloc: "cRealloc",
    free: "cFree",
    aligned: "cAligned",
    posixAligned: "cPosixAligned",
    memalign: "cMemalign",
  },
  sized: { malloc: "cMalloc", calloc: "rustZeroed", realloc: "sizedRealloc", free: "sizedFree" },
  bindgen: { malloc: "alignedMalloc", calloc: "rustZeroed", realloc: "bindgenRealloc", free: "alignedFree" },
  rust: { malloc: "alignedMalloc", calloc: "rustZeroed", realloc: "rustRealloc", free: "alignedFree" },
  managed: { malloc: "managedNew", realloc: "managedRenew", free: "managedUnpin", pin: "managedPin" },
};

/** Bits of what is native. */
const NATIVE = {
  calloc: Native.Calloc,
  realloc: Native.Realloc,
  aligned: Native.Aligned,
  posixAligned: Native.PosixAligned,
  memalign: Native.Memalign,
} as const satisfies Partial<Record<NameOf<typeof Native>, Native>>;

function nativeBits({ functions, convention, endsByTrap }: FoundFunctions): number {
  const bits: number[] = Object.entries(NATIVE).map(([role, bit]) =>
    functions[role as keyof typeof NATIVE] ? bit : 0,
  );
  // AssemblyScript's heap, the one of C's convention that traps where memory ends, takes no 0.
  if (functions.realloc && convention === "c" && !endsByTrap) bits.push(Native.ReallocOfNothing);
  return bits.reduce((sum, bit) => sum | bit, 0);
}

/**
 * Links the program's accesses with a memory, in which the module's address 0 is at `base`.
 * @throws ModuleError for a memory of another kind than the tools were loaded for
 */
export function linkPatterns(
  tools: Tools,
  memory: WebAssembly.Memory,
  base: number,
  isMetered: boolean,
): PatternExports {
  const patterns = instantiatePatterns(tools.patterns, memory);
  patterns.setBase(base, isMetered ? 1 : 0);
  return patterns;
}

function instantiatePatterns(module: WebAssembly.Module, memory: WebAssembly.Memory): PatternExports {
  try {
    return new WebAssembly.Instance(module, { env: { memory } }).exports as unknown as PatternExports;
  } catch (cause) {
    const why = "its memory has 64-bit addresses, or is shared, which a compiled module does not tell";
    throw new ModuleError(`${why}: give the module's bytes`, undefined, { cause });
  }
}

/** @throws ModuleError if a function is not of the type its convention says. */
export function link(
  tools: Tools,
  found: FoundFunctions,
  exports: WebAssembly.Exports,
  patterns: PatternExports,
): Linked {
  const driver = instantiateDriver(tools.driver, found, exports, patterns);
  driver.configure(CONVENTIONS.indexOf(found.convention), nativeBits(found));
  const { usableSize, posixAligned } = found.functions;
  return {
    driver,
    patterns,
    misuse: () => readMisuse(exports, patterns.loadWord),
    ...(usableSize && { usableSize: exports[usableSize] as (pointer: number) => number }),
    ...(posixAligned && { posixMemalign: exports[posixAligned] as PosixMemalign }),
    aligners: alignersOf(found.functions).map((role) => ({
      name: found.functions[role] as string,
      choose: () => driver.alignBy(NATIVE[role]),
    })),
  };
}

function instantiateDriver(
  module: WebAssembly.Module,
  { convention, functions }: FoundFunctions,
  exports: WebAssembly.Exports,
  patterns: PatternExports,
): DriverExports {
  const given: Record<string, unknown> = { ...patterns };
  for (const [role, name] of Object.entries(functions)) {
    const place = FACE[convention][role as Role];
    if (place) given[place] = exports[name];
  }
  const imports: WebAssembly.Imports = {};
  for (const wanted of WebAssembly.Module.imports(module)) {
    const group = imports[wanted.module] ?? {};
    imports[wanted.module] = group;
    group[wanted.name] = (given[wanted.name] ?? neverCalled) as WebAssembly.ImportValue;
  }
  try {
    return new WebAssembly.Instance(module, imports).exports as unknown as DriverExports;
  } catch (cause) {
    throw new ModuleError(
      `its functions are not those of the convention "${convention}": name another (${CONVENTIONS.join(", ")})`,
      undefined,
      { cause },
    );
  }
}

/** Stands for the functions of other conventions. */
function neverCalled(): never {
  throw new ModuleError("internal: the driver called a function that the module does not have");
}
