/** Runs random programs on a module that nobody trusts. */
import { alignmentAsked } from "../foreign/abi.js";
import { memoryOf } from "../foreign/memory-limits.js";
import type { AllocatorReport } from "../foreign/module-allocator.js";
import type { NamingOptions } from "../foreign/options.js";
import { readSource, type WasmSource } from "../foreign/source.js";
import { checkOptions, type FuzzOptions, type FuzzReport, fuzzBy } from "../fuzz/fuzz.js";
import { FUZZ_MEMORY } from "../fuzz/generate.js";
import { inspectModule } from "../wasm/inspect.js";
import { WASM_PAGE_BYTES } from "../wasm/pages.js";
import { isHanging, JailedPrograms } from "./programs.js";

/** What is run, and what the module may take. */
export interface ModuleFuzzOptions extends NamingOptions, Omit<FuzzOptions, "addressBits"> {
  /** Time limit of each program in seconds, including the start of a Worker. Default 60. */
  seconds?: number;
}

/** What was found, and what the module is. */
export interface ModuleFuzzReport extends FuzzReport {
  /** What was found out about the module. */
  module: AllocatorReport;
}

/** What tells Emscripten's ABI, whose `sbrk` takes memory for its own whoever grew it. */
const EMSCRIPTEN_ALIGNMENT = 8;

/** Of programs that hang fewer are tried to shrink one, and each has less time. */
const HANGING = { seconds: 2, tries: 100 };

/**
 * Runs random programs on an untrusted module, as `fuzz` does, in a jail. The memory that it begins with is added to the limit.
 * @param source As of openWasmAllocator, but not compiled: a jail limits its memory.
 * @throws ModuleError if it cannot be opened as an allocator, ModuleTrap or LimitExceeded if opening it fails;
 * UnknownImport if it calls what is not known; RangeError for an option's value that is none
 */
export async function fuzzModule(
  source: WasmSource,
  options: ModuleFuzzOptions = {},
): Promise<ModuleFuzzReport> {
  const { seconds = 60, memoryBytes = FUZZ_MEMORY } = options;
  checkOptions(options);
  const wasm = await readSource(source);
  const allowed = memoryBytes + initialBytes(wasm);
  const job = { wasm, open: namingOf(options), memoryBytes: allowed };
  const programs = new JailedPrograms(job, seconds);
  const hurried = new JailedPrograms(job, Math.min(seconds, HANGING.seconds));
  try {
    const { report, endsByTrap } = await programs.open();
    const growsMemory = alignmentAsked(inspectModule(wasm), report.convention) !== EMSCRIPTEN_ALIGNMENT;
    const found = await fuzzBy(
      (program) => programs.run(program),
      { endsMemory: !endsByTrap, growsMemory, ...options },
      (fault) =>
        isHanging(fault)
          ? { run: (program) => hurried.run(program), tries: HANGING.tries }
          : { run: (program) => programs.run(program) },
    );
    return { ...found, memoryBytes: allowed, module: report };
  } finally {
    programs.end();
    hurried.end();
  }
}

/** What a message can carry of the options: names. */
function namingOf({ functions, convention, unknownImports = "trap", importNames, glue }: NamingOptions) {
  return {
    ...(functions && { functions }),
    ...(convention && { convention }),
    ...(importNames && { importNames }),
    ...(glue !== undefined && { glue }),
    unknownImports,
  };
}

function initialBytes(wasm: Uint8Array): number {
  return (memoryOf(inspectModule(wasm))?.limits?.initial ?? 0) * WASM_PAGE_BYTES;
}
