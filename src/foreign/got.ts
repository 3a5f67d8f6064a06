/**
 * The addresses that position independent code looks up when it runs, each in a global of its own that the host fills
 * in: `GOT.mem` has those of data, `GOT.func` the places of functions in the table. 0 is the address of what is not
 * there. github.com/WebAssembly/tool-conventions, DynamicLinking.
 */
import type { ModuleShape } from "../wasm/inspect.js";

const DATA = "GOT.mem";
const FUNCTIONS = "GOT.func";

/** A global of the table of addresses, which the host made. */
export interface LookedUp {
  module: string;
  name: string;
  global: WebAssembly.Global;
}

/** Whether an import is such a global. */
export function isLookedUp({ module }: { module: string }): boolean {
  return module === DATA || module === FUNCTIONS;
}

/** Fills in what the module itself exports. `memoryBase` is what the addresses of its data count from. */
export function fillGot(
  lookedUp: readonly LookedUp[],
  exports: WebAssembly.Exports,
  table: WebAssembly.Table | undefined,
  memoryBase: number,
): void {
  const places = new Map<unknown, number>();
  for (const { module, name, global } of lookedUp) {
    const found = exports[name];
    if (module === DATA && found instanceof WebAssembly.Global) put(global, Number(found.value) + memoryBase);
    if (module === FUNCTIONS && typeof found === "function" && table) {
      const place = places.get(found) ?? placeIn(table, found);
      places.set(found, place);
      put(global, place);
    }
  }
}

/** Gives a global, of 32 or 64 bits, its value. */
function put(global: WebAssembly.Global, value: number): void {
  global.value = typeof global.value === "bigint" ? BigInt(value) : value;
}

/** Puts a function behind all others. Returns its place, or 0 where the table cannot grow. */
function placeIn(table: WebAssembly.Table, found: unknown): number {
  try {
    return table.grow(1, found);
  } catch {
    return 0;
  }
}

/** The table that functions are called through: exported, or imported. */
export function tableOf(
  { exports: shapes, imports }: ModuleShape,
  exports: WebAssembly.Exports,
  given: WebAssembly.Imports,
): WebAssembly.Table | undefined {
  const exported = shapes.find(({ kind }) => kind === "table");
  if (exported) return exports[exported.name] as WebAssembly.Table;
  const imported = imports.find(({ kind }) => kind === "table");
  return imported && (given[imported.module]?.[imported.name] as WebAssembly.Table | undefined);
}
