import { checkOneOf, checkWhole } from "../../base/arguments.js";
import type { OwnFile } from "../../base/own-file.js";
import { printable } from "../../base/printable.js";
import { CONVENTIONS, type Convention } from "../../foreign/conventions.js";
import { shortNames } from "../../foreign/glue.js";
import { hasShortImports } from "../../foreign/minified.js";
import { compile, narrow } from "../../foreign/prepare.js";
import { type Readable, readSource } from "../../foreign/source.js";
import { readHookModule } from "../../meter/hooks.js";
import type { TraceChunk, TraceNotes } from "../../trace/trace.js";
import { inspectModule } from "../../wasm/inspect.js";
import { type Found, findAllocators, findMemset, type KnownFunctions, type RecordedNames } from "./find.js";
import { installHooks, removeHooks, reserveHooks } from "./hooks.js";
import { Log, MOST_OPERATIONS } from "./log.js";
import { openRecorder } from "./recorder.js";
import { type RecordedFunction, Recording } from "./recording.js";
import { HOOK_NAMES, hasFill, knownFunctions, readRecordable, rewriteModule } from "./rewrite.js";
import { CallSites } from "./sites.js";

/** What clears, to be put into the module. */
export const CLEARING: OwnFile = {
  name: "wasm/clearing.wasm",
  url: () => new URL("../../../build/clearing.wasm", import.meta.url),
};

/** What of a module is recorded, and how. */
export interface RecordOptions {
  /**
   * The functions of its allocator that are not found by themselves: by name, of an export or in the name section, or by
   * number, imported functions counted.
   */
  functions?: RecordedNames;
  /** How these are called. Default: as C's. */
  convention?: Convention;
  /** The JavaScript that Emscripten wrote beside the module: where it made names short, that knows the true ones. */
  glue?: string;
  /** Whether the trace says who calls: the module's functions on the stack. It takes some 30 µs a call. Default: no. */
  sites?: boolean;
  /** Operations after which the recording is full, and ends. Each takes 24 bytes. Default 10,000,000. */
  mostOperations?: number;
  /**
   * Takes each chunk of operations instead of the recording, which then holds none and is never full. The chunk is valid
   * until the call returns. It is called while the module runs.
   */
  onChunk?: (chunk: TraceChunk, notes: TraceNotes) => void;
}

/** A module that is recorded, and its recording. */
export interface Recorded {
  /** To be instantiated in place of the original, once. */
  module: WebAssembly.Module;
  /** The same as bytes. */
  wasm: Uint8Array<ArrayBuffer>;
  recording: Recording;
}

/**
 * Rewrites a wasm module so that a program that uses its allocator inside tells what it asks of it and what it touches.
 * The rewritten module is instantiated in place of the original, once, by whatever code does so, in the same realm; it
 * computes the same, at the same addresses.
 *
 * @param source The module's bytes, a URL or path to them, or a response of `fetch`.
 * @throws ModuleError for what is no module, for one whose allocator is not found, and for a memory that is shared;
 * RangeError for an option's value that is none; SandboxError for what cannot be read.
 */
export async function recordModule(source: Readable, options: RecordOptions = {}): Promise<Recorded> {
  const { functions: given, convention, glue } = options;
  const { sites = false, mostOperations = MOST_OPERATIONS, onChunk } = options;
  checkWhole("mostOperations", mostOperations);
  if (convention !== undefined) checkOneOf("convention", convention, CONVENTIONS);
  const bytes = await readSource(source);
  const shape = inspectModule(bytes);
  const asItIs = readRecordable(bytes);
  const original = await narrow(bytes);
  const read = original === bytes ? asItIs : { ...readRecordable(original), isLowered: true };
  const known = knownFunctions(read);
  const short = shortNames(shape, glue)?.functions;
  const found = findAllocators(known, { given, convention, short, isMinified: hasShortImports(shape) });
  const place = reserveHooks();
  try {
    const clearing = await readHookModule(CLEARING, ["zeroes"]);
    const memset = findMemset(known);
    const knowsClearing = memset !== undefined || hasFill(read);
    const wasm = rewriteModule(read, { found, memset, place, clearing });
    const module = await compile(wasm, original);
    const callSites = new CallSites(namer(known, read.imported));
    const recorder = await openRecorder({ take: () => log.take(), site: () => callSites.here() });
    const log = new Log(
      recorder,
      { mostOperations, onChunk: onChunk && ((chunk) => onChunk(chunk, log.notes)) },
      callSites,
    );
    if (sites) recorder.askSites();
    installHooks(place, recorder);
    return {
      module,
      wasm,
      recording: new Recording(place, log, found.map(describe), recorder, knowsClearing),
    };
  } catch (error) {
    removeHooks(place);
    throw error;
  }
}

function describe({ role, name, index }: Found): RecordedFunction {
  return { role, name, index };
}

/** What functions of the rewritten module are called, by their numbers there. */
function namer({ names, exports, types }: KnownFunctions, imported: number) {
  const exported = new Map(exports.map(({ name, index }) => [index, name]));
  return (number: number): string | undefined => {
    const index = number < imported ? number : number - HOOK_NAMES.length;
    if (index < 0 || index >= types.length) return undefined;
    const name = names.get(index) ?? exported.get(index) ?? `function ${index}`;
    return (
      printable(name)
        .replace(/[;\s]+/g, " ")
        .trim() || `function ${index}`
    );
  };
}
