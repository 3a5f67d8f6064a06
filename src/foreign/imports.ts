/**
 * What a module gets from its host: what the user gives, and else memory, a table, the globals of position independent
 * code (dynamic-linker.ts), and the functions compilers' runtimes call (host-functions.ts). Whatever else it wants is
 * refused by name.
 */
import { ModuleError } from "../base/errors.js";
import type { ModuleShape } from "../wasm/inspect.js";
import { makeGlobal, makeMemory, makeTable } from "./dynamic-linker.js";
import { type HostMemory, hostFunction, trappingFunction } from "./host-functions.js";
import { mostPages } from "./memory-limits.js";

export interface ImportOptions {
  /** The user's own, by module and name; they stand before what is given here. */
  imports?: WebAssembly.Imports;
  /** What happens to functions that are not known: refused (the default), or linked to one that traps when called. */
  unknownImports?: "refuse" | "trap";
  /** Most bytes the module's memory may grow to. Default: what the module says. */
  memoryBytes?: number;
}

export interface HostImports extends HostMemory {
  /** What to instantiate the module with. */
  imports: WebAssembly.Imports;
  /** What it wants that is not known and was linked to a trap, as "module.name". */
  trapping: string[];
}

type ImportShape = ModuleShape["imports"][number];

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
export function satisfyImports(shape: ModuleShape, options: ImportOptions, base: number): HostImports {
  const host: HostImports = { imports: Object.create(null), base, refused: false, trapping: [] };
  for (const wanted of shape.imports) {
    const module = host.imports[wanted.module] ?? Object.create(null);
    host.imports[wanted.module] = module;
    module[wanted.name] = givenByUser(options, wanted) ?? provide(wanted, shape, host, options);
    if (wanted.kind === "memory") host.memory = module[wanted.name];
  }
  return host;
}

function provide(wanted: ImportShape, shape: ModuleShape, host: HostImports, options: ImportOptions) {
  const given = {
    memory: () => makeMemory(wanted, shape, mostPages(options.memoryBytes, host.base), host.base),
    table: () => makeTable(wanted, shape),
    global: () => makeGlobal(wanted, shape),
    function: () => hostFunction(wanted.module, wanted.name, host),
    tag: () => undefined,
  }[wanted.kind]();
  if (given !== undefined) return given;
  const name = `${wanted.module}.${wanted.name}`;
  if (wanted.kind === "function" && options.unknownImports === "trap") {
    host.trapping.push(name);
    return trappingFunction(name);
  }
  const remedy = wanted.kind === "function" ? ', or set unknownImports: "trap"' : "";
  throw new ModuleError(
    `the module imports the ${wanted.kind} "${name}", which is not known: give it in imports of openWasmAllocator${remedy}`,
  );
}
