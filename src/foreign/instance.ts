/** Instantiates a prepared module, starts it, and links it with the driver. */
import { ModuleError, ZeropageError } from "../base/errors.js";
import { Meter } from "../meter/reading.js";
import type { ModuleShape } from "../wasm/inspect.js";
import { memoryBaseOf } from "./dynamic-linker.js";
import { isOutOfStack, trapOf } from "./explain.js";
import { fillGot, tableOf } from "./got.js";
import { type HostImports, type ImportOptions, satisfyImports } from "./imports.js";
import { LinearMemory } from "./linear-memory.js";
import { link, linkPatterns } from "./link.js";
import type { Prepared } from "./prepare.js";
import type { Running } from "./running.js";
import { startSteps } from "./start.js";

/** @throws ModuleError if it cannot be linked; ModuleTrap if it fails to start. */
export function openInstance(prepared: Prepared, options: ImportOptions): Running {
  const { module, shape, found, base, metered, tools } = prepared;
  const attach = (host: HostImports, memory: WebAssembly.Memory) => {
    const patterns = linkPatterns(tools, memory, base, metered !== undefined);
    Object.assign(host, { memory, copy: patterns.copy, fill: patterns.fill });
    return patterns;
  };
  const host = satisfyImports(shape, options, base);
  if (host.memory) attach(host, host.memory);
  const instance = instantiate(module, host);
  const { exports } = instance;
  host.exports = exports;
  const memory = findMemory(shape, exports, host);
  const patterns = attach(host, memory);
  fillGot(host.lookedUp, exports, tableOf(shape, exports, host.imports), memoryBaseOf(shape));
  const started = start(exports, host);
  host.starting = false;
  const meter = metered && new Meter(metered, memory);
  // What the module's start read, wrote and cleared is not the allocator's doing.
  meter?.begin();
  return {
    instance,
    linked: link(tools, found, exports, patterns),
    memory: new LinearMemory(memory, base, patterns.note),
    meter,
    host,
    started,
  };
}

/**
 * Runs what starts the module. One that trapped after it called what is not known is opened nevertheless: an
 * application's allocator mostly does without what its constructors set up.
 */
function start(exports: WebAssembly.Exports, host: HostImports): string[] {
  const steps = startSteps(exports);
  return steps.map(({ name, run }) => {
    try {
      run();
    } catch (error) {
      if (host.ignored.size === 0) throw error;
      host.unstarted = (error as Error).message;
    }
    return name;
  });
}

function instantiate(module: WebAssembly.Module, host: HostImports): WebAssembly.Instance {
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

function findMemory({ exports: shapes }: ModuleShape, exports: WebAssembly.Exports, { memory }: HostImports) {
  const exported = shapes.find(({ kind }) => kind === "memory");
  return (exported ? exports[exported.name] : memory) as WebAssembly.Memory;
}
