/**
 * What a module gets from its host: what the user gives, and else memory, a table, the globals of position independent
 * code (dynamic-linker.ts), and the functions compilers' runtimes call (host-functions.ts). Whatever else it wants is
 * refused by name.
 */
import { ModuleError, SandboxError } from "../base/errors.js";
import type { ModuleShape } from "../wasm/inspect.js";
import { makeGlobal, makeMemory, makeTable, makeTag } from "./dynamic-linker.js";
import { isLookedUp, type LookedUp } from "./got.js";
import { type HostMemory, hostFunction, unknownFunction } from "./host-functions.js";
import { mostPages } from "./memory-limits.js";

/** A module, as functions reach it that the user gives it. */
export interface ModuleHost {
  /** Its memory. There is none yet while imports are made: ask for it in the call. */
  readonly memory: WebAssembly.Memory;
  /** Where in that memory the module's address 0 is: not at 0 if it is metered. */
  readonly base: number;
}

export interface ImportOptions {
  /**
   * The user's own, by module and name; they stand before what is given here. A function that makes them is told where
   * the module's memory is.
   */
  imports?: WebAssembly.Imports | ((host: ModuleHost) => WebAssembly.Imports);
  /**
   * What happens to functions that are not known: refused (the default), or linked to one that does nothing while the
   * module starts, and traps when it is called later.
   */
  unknownImports?: "refuse" | "trap";
  /** Most bytes the module's memory may grow to. Default: what the module says. */
  memoryBytes?: number | undefined;
}

export interface HostImports extends HostMemory {
  /** What to instantiate the module with. */
  imports: WebAssembly.Imports;
  /** What it wants that is not known and was linked to a trap, as "module.name". */
  trapping: string[];
  /** Whether it starts: what is not known then does nothing. */
  starting: boolean;
  /** What its start ended with, where it called the unknown before. */
  unstarted?: string;
  /** The table of addresses that it looks up. */
  lookedUp: LookedUp[];
  /** What it called of the unknown while it started. */
  ignored: Set<string>;
}

type ImportShape = ModuleShape["imports"][number];

/** What an object has under a name that the module chose: not what every object has, such as `constructor`. */
function named<T>(from: Readonly<Record<string, T>> | undefined, name: string): T | undefined {
  if (!from || (name in Object.prototype && !Object.hasOwn(from, name))) return undefined;
  return from[name];
}

/** What the user gives for an import, if anything. */
export function givenByUser(imports: WebAssembly.Imports | undefined, { module, name }: ImportShape) {
  return named(named(imports, module), name);
}

/** What the user gives a module of this host. */
function madeByUser({ imports }: ImportOptions, host: HostMemory): WebAssembly.Imports | undefined {
  if (typeof imports !== "function") return imports;
  const { base } = host;
  return imports({
    base,
    get memory() {
      if (host.memory) return host.memory;
      throw new SandboxError("the module has no memory yet: ask for it in the call");
    },
  });
}

/** @throws ModuleError naming an import that cannot be given, and what to do. */
export function satisfyImports(shape: ModuleShape, options: ImportOptions, base: number): HostImports {
  const host: HostImports = {
    ...{ imports: Object.create(null), base, refused: false },
    ...{ trapping: [], starting: true, lookedUp: [], ignored: new Set<string>() },
  };
  const own = madeByUser(options, host);
  for (const wanted of shape.imports) {
    const module = host.imports[wanted.module] ?? Object.create(null);
    host.imports[wanted.module] = module;
    module[wanted.name] = givenByUser(own, wanted) ?? provide(wanted, shape, host, options);
    if (wanted.kind === "memory") host.memory = module[wanted.name];
    if (wanted.kind === "global" && isLookedUp(wanted) && !givenByUser(own, wanted)) {
      host.lookedUp.push({ ...wanted, global: module[wanted.name] as WebAssembly.Global });
    }
  }
  return host;
}

function provide(wanted: ImportShape, shape: ModuleShape, host: HostImports, options: ImportOptions) {
  const given = {
    memory: () => makeMemory(wanted, shape, mostPages(options.memoryBytes, host.base), host.base),
    table: () => makeTable(wanted, shape),
    global: () => makeGlobal(wanted, shape),
    function: () => hostFunction(wanted.module, wanted.alias ?? wanted.name, wanted.type, host),
    tag: () => makeTag(wanted),
  }[wanted.kind]();
  if (given !== undefined) return given;
  const name = `${wanted.module}.${wanted.name}`;
  if (wanted.kind === "function" && options.unknownImports === "trap") {
    host.trapping.push(name);
    return unknownFunction(name, wanted.type, () => host.starting && Boolean(host.ignored.add(name)));
  }
  const remedy = wanted.kind === "function" ? ', or set unknownImports: "trap"' : "";
  throw new ModuleError(
    `the module imports the ${wanted.kind} "${name}", which is not known: give it in imports of openWasmAllocator${remedy}`,
  );
}
