/**
 * Memory, table, tags and globals that a module imports, made to measure. A position independent module is told by them
 * where its data, its stack and its heap are:
 *
 *      0      1024            data end       stack low          stack high = heap base
 *      ├──────┼───────────────┼──────────────┼──────────────────┼────────────
 *      │ none │ data          │ to 16 bytes  │ stack, downwards │ heap
 *      └──────┴───────────────┴──────────────┴──────────────────┴────────────
 */
import { ModuleError } from "../base/errors.js";
import type { Extern, ModuleShape } from "../wasm/inspect.js";
import { checkInitial } from "../wasm/limit-memory.js";
import { MOST_ELEMENTS } from "../wasm/limit-tables.js";
import { MOST_WASM_PAGES, WASM_PAGE_BYTES } from "../wasm/pages.js";
import { isLookedUp } from "./got.js";
import { checkLimits } from "./memory-limits.js";

const FIRST_DATA = 1024; // where clang's linker begins too, so that 0 is no object
const FIRST_ELEMENT = 1; // 0 is the null function
const STACK_BYTES = 65_536; // emscripten's default
const STACK_ALIGN = 16;

/** A memory of `pages` pages at most, of whose bytes the first `base` are a meter's. */
export function makeMemory(
  wanted: Extern,
  shape: ModuleShape,
  pages: number,
  base: number,
): WebAssembly.Memory {
  const { initial, maximum = MOST_WASM_PAGES, shared } = checkLimits(wanted);
  const least = shape.relocatable ? Math.ceil((layoutOf(shape).stackHigh + base) / WASM_PAGE_BYTES) : 0;
  checkInitial(Math.max(initial, least), pages, base);
  const limits = { initial: Math.max(initial, least), maximum: Math.min(maximum, pages), shared };
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

export function makeTable(wanted: Extern, { relocatable }: ModuleShape): WebAssembly.Table {
  const { name, limits } = wanted;
  if (!limits) throw new ModuleError(`table "${name}" is of unknown size: give the module's bytes`);
  const initial = Math.max(limits.initial, FIRST_ELEMENT + (relocatable?.tableElements ?? 0));
  const maximum = Math.max(initial, Math.min(limits.maximum ?? MOST_ELEMENTS, MOST_ELEMENTS));
  const descriptor = { element: "anyfunc" as const, initial, maximum };
  return make(wanted, () => new WebAssembly.Table(descriptor));
}

/** A tag of exceptions. One that nobody else knows is as good as any: they stay within the module. */
export function makeTag({ type }: Extern): WebAssembly.Tag | undefined {
  const { Tag } = WebAssembly as { Tag?: typeof WebAssembly.Tag };
  return type && Tag && new Tag({ parameters: type.params as WebAssembly.ValueType[] });
}

/** What the addresses of a module's data count from. */
export function memoryBaseOf(shape: ModuleShape): number {
  const isTold = shape.imports.some(({ name, kind }) => kind === "global" && name === "__memory_base");
  return isTold ? layoutOf(shape).dataStart : 0;
}

function layoutOf({ relocatable }: ModuleShape) {
  const { memoryBytes = 0, memoryAlign = 1 } = relocatable ?? {};
  const up = (value: number, align: number) => Math.ceil(value / align) * align;
  const dataStart = up(FIRST_DATA, memoryAlign);
  const stackLow = up(dataStart + memoryBytes, STACK_ALIGN);
  return { dataStart, dataEnd: dataStart + memoryBytes, stackLow, stackHigh: stackLow + STACK_BYTES };
}

/** Undefined for a global that no position independent module is told. */
export function makeGlobal(
  wanted: ModuleShape["imports"][number],
  shape: ModuleShape,
): WebAssembly.Global | undefined {
  const { name, global } = wanted;
  const { dataStart, dataEnd, stackLow, stackHigh } = layoutOf(shape);
  const values = new Map([
    ["__memory_base", dataStart],
    ["__table_base", FIRST_ELEMENT],
    ["__table_base32", FIRST_ELEMENT],
    ["__stack_pointer", stackHigh],
    ["__stack_low", stackLow],
    ["__stack_high", stackHigh],
    ["__heap_base", stackHigh],
    ["__data_end", dataEnd],
  ]);
  // What is looked up is filled in once the module is there.
  const value = values.get(name) ?? (isLookedUp(wanted) ? 0 : undefined);
  if (value === undefined || !global) return undefined;
  const { type, mutable } = global;
  if (type === "i64") return new WebAssembly.Global({ value: type, mutable }, BigInt(value));
  return type === "i32" ? new WebAssembly.Global({ value: type, mutable }, value) : undefined;
}
