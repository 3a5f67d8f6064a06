/** Which memories can be driven, and how large they may become. */
import { checkRange } from "../base/arguments.js";
import { ModuleError } from "../base/errors.js";
import type { Extern, ModuleShape } from "../wasm/inspect.js";
import type { Limits } from "../wasm/limits.js";
import { ADDRESSABLE_BYTES, MOST_WASM_PAGES, WASM_PAGE_BYTES } from "../wasm/pages.js";
import { narrowType } from "../wasm/types.js";

/** Pages a memory may have under a limit of bytes, those of a meter besides. @throws RangeError for a limit that is none */
export function mostPages(memoryBytes = ADDRESSABLE_BYTES, base = 0): number {
  checkRange("memoryBytes", memoryBytes, 0, Number.MAX_SAFE_INTEGER);
  return Math.min(Math.floor((memoryBytes + base) / WASM_PAGE_BYTES), MOST_WASM_PAGES);
}

/** The memory a module exports, or else the one it imports. */
export function memoryOf({ exports, imports }: Pick<ModuleShape, "exports" | "imports">): Extern | undefined {
  return [...exports, ...imports].find(({ kind }) => kind === "memory");
}

/** What a module is once it is lowered (src/wasm/lower): where it exports functions, addresses have 32 bits. */
export function narrowShape<T extends Pick<ModuleShape, "exports" | "imports">>(shape: T): T {
  if (!memoryOf(shape)?.limits?.wide) return shape;
  const exports = shape.exports.map((one) => (one.type ? { ...one, type: narrowType(one.type) } : one));
  return { ...shape, exports };
}

/** @throws ModuleError for a module without a memory, or with one that cannot be driven. */
export function checkMemory(shape: ModuleShape): void {
  const memory = memoryOf(shape);
  if (!memory) {
    throw new ModuleError("the module exports no memory, so nobody can use what it allocates: export it");
  }
  if (memory.limits) checkLimits(memory);
}

/** @throws ModuleError for a memory that cannot be driven. */
export function checkLimits({ name, limits }: Extern): Limits {
  const refuse = (why: string) => new ModuleError(`memory "${name}" ${why}`);
  if (!limits)
    throw refuse("is imported by a module that was compiled before: give its bytes, or the memory");
  if (limits.initial * WASM_PAGE_BYTES > ADDRESSABLE_BYTES)
    throw refuse("is larger than 4 GiB: the file is damaged");
  return limits;
}
