import { checkOneOf, checkWhole } from "../../base/arguments.js";
import { printable } from "../../base/printable.js";
import { CONVENTIONS, type Convention } from "../../foreign/conventions.js";
import { compile } from "../../foreign/prepare.js";
import { type Readable, readSource } from "../../foreign/source.js";
import { readHookModule } from "../../meter/hooks.js";
import type { Trace, TraceChunk, TraceNotes } from "../../trace/trace.js";
import { inspectModule } from "../../wasm/inspect.js";
import { type Found, findAllocators, findMemset, type KnownFunctions, type RecordedNames } from "./find.js";
import { installHooks, removeHooks, reserveHooks, withHooks } from "./hooks.js";
import type { Idle } from "./idle.js";
import { Log, MOST_OPERATIONS } from "./log.js";
import { openRecorder, type RecorderExports } from "./recorder.js";
import {
  HOOK_NAMES,
  type HookPlace,
  hasFill,
  knownFunctions,
  readRecordable,
  rewriteModule,
} from "./rewrite.js";
import { CallSites } from "./sites.js";

/** What of a module is recorded, and how. */
export interface RecordOptions {
  /**
   * The functions of its allocator that are not found by themselves: by name, of an export or in the name section, or by
   * number, imported functions counted.
   */
  functions?: RecordedNames;
  /** How these are called. Default: as C's. */
  convention?: Convention;
  /** Whether the trace says who calls: the module's functions on the stack. It takes some 10 µs a call. Default: no. */
  sites?: boolean;
  /** Operations after which the recording is full, and ends. Each takes 24 bytes. Default 10,000,000. */
  mostOperations?: number;
  /**
   * Takes each chunk of operations instead of the recording, which then holds none and is never full. The chunk is valid
   * until the call returns. It is called while the module runs.
   */
  onChunk?: (chunk: TraceChunk, notes: TraceNotes) => void;
}

/** What an allocator cleared. In bytes. */
export interface Zeroed {
  bytes: number;
  /** Of these, those that were zero already. */
  needless: number;
}

/** A function of an allocator that is recorded. */
export interface RecordedFunction {
  /** What it does: malloc, free, … */
  role: string;
  name: string;
  /** Its number in the module, imported functions counted. */
  index: number;
}

/** A module that is recorded, and its recording. */
export interface Recorded {
  /** To be instantiated in place of the original, once. */
  module: WebAssembly.Module;
  /** The same as bytes. */
  wasm: Uint8Array<ArrayBuffer>;
  recording: Recording;
}

/** What an instance of a recorded module asked of its allocator, and touched. */
export class Recording {
  /** @internal */
  constructor(
    private readonly place: HookPlace,
    private readonly log: Log,
    /** What is recorded. */
    readonly functions: readonly RecordedFunction[],
    private readonly recorder: RecorderExports,
    private readonly knowsClearing: boolean,
  ) {}

  /**
   * What the allocator cleared so far, and how much of that was zero already. In bytes. Null where that is not known: the
   * module has no `memory.fill`, and its memset has no name.
   */
  get zeroed(): Zeroed | null {
    if (!this.knowsClearing) return null;
    return { bytes: this.recorder.clearedBytes(), needless: this.recorder.needlessBytes() };
  }

  /**
   * Pages that were written and in which no block is live any more: what WebAssembly's memory.discard, which is a proposal,
   * would give back. In bytes; what the allocator itself keeps in them is not known.
   */
  get idle(): Idle {
    this.log.take();
    return this.log.idle;
  }

  /** Operations so far. */
  get operations(): number {
    this.log.take();
    return this.log.operations;
  }

  /**
   * All operations so far, again whenever it is called. What is live is not freed in it. Where chunks are taken by
   * `onChunk`, it has none, and the last chunk is handed over now.
   * @throws what `onChunk` threw.
   */
  trace(): Trace {
    return this.log.trace();
  }

  /** The imports with what the module imports besides, for an object that inherits nothing from Object. */
  imports(imports: WebAssembly.Imports = {}): WebAssembly.Imports {
    return withHooks(imports);
  }

  /** Ends the recording. The module goes on as it is; the trace stays. */
  end(): void {
    this.log.take();
    this.recorder.stop();
    removeHooks(this.place);
  }
}

/**
 * Rewrites a wasm module so that a program that uses its allocator inside tells what it asks of it and what it touches.
 * The rewritten module is instantiated in place of the original, once, by whatever code does so, in the same realm; it
 * computes the same, at the same addresses.
 *
 * @param source The module's bytes, or a URL or path to them.
 * @throws ModuleError for what is no module, for one whose allocator is not found, and for a memory that is shared or has
 * 64-bit addresses; RangeError for an option's value that is none; SandboxError for what cannot be read.
 */
export async function recordModule(source: Readable, options: RecordOptions = {}): Promise<Recorded> {
  const { functions: names, convention, sites = false, mostOperations = MOST_OPERATIONS, onChunk } = options;
  checkWhole("mostOperations", mostOperations);
  if (convention !== undefined) checkOneOf("convention", convention, CONVENTIONS);
  const original = await readSource(source);
  inspectModule(original);
  const read = readRecordable(original);
  // What is wrong is told at its place in the original, and no rewriting makes it right.
  if (!WebAssembly.validate(original as BufferSource)) await compile(original);
  const known = knownFunctions(read);
  const found = findAllocators(known, names, convention);
  const place = reserveHooks();
  try {
    const clearing = await readHookModule("clearing", ["zeroes"]);
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
