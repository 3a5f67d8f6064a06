import { checkWhole } from "../../base/arguments.js";
import type { Convention } from "../../foreign/conventions.js";
import type { Readable } from "../../foreign/source.js";
import type { TraceChunk, TraceNotes } from "../../trace/trace.js";
import type { RecordedNames } from "./find.js";
import { installHooks, removeHooks } from "./hooks.js";
import { Log, MOST_OPERATIONS } from "./log.js";
import { rewriteToRecord } from "./prepare.js";
import { loggedBy, openRecorder } from "./recorder.js";
import { Recording } from "./recording.js";
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
  /** The JavaScript that Emscripten wrote beside the module: where it made names short, that knows the true ones. */
  glue?: string;
  /** Whether the trace says who calls: the module's functions on the stack. It takes some 30 µs a call. Default: no. */
  sites?: boolean;
  /**
   * Nanoseconds that are at least between two times in the trace; 0 gives each call its own. Default: no times, as a clock is
   * never the same twice.
   */
  timesEvery?: number;
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
 * computes the same, at the same addresses. Where its memory is shared between threads, one of them is recorded.
 *
 * @param source The module's bytes, a URL or path to them, or a response of `fetch`.
 * @throws ModuleError for what is no module, for one whose allocator is not found, and for several memories;
 * RangeError for an option's value that is none; SandboxError for what cannot be read.
 */
export async function recordModule(source: Readable, options: RecordOptions = {}): Promise<Recorded> {
  const { sites = false, timesEvery, mostOperations = MOST_OPERATIONS, onChunk } = options;
  if (timesEvery !== undefined) checkWhole("timesEvery", timesEvery);
  checkWhole("mostOperations", mostOperations);
  const rewritten = await rewriteToRecord(source, options);
  const { module, wasm, place, functions, knowsClearing, nameOf } = rewritten;
  try {
    const callSites = new CallSites(nameOf);
    const recorder = await openRecorder({ take: () => log.take(), site: () => callSites.here() });
    const logged = loggedBy(recorder);
    const log: Log = new Log(
      { events: () => logged.events, forget: () => recorder.forget(), stop: () => recorder.stop() },
      { mostOperations, onChunk: onChunk && ((chunk) => onChunk(chunk, log.notes)) },
      (number) => callSites.name(number),
    );
    for (const loss of rewritten.losses) log.lose(loss);
    if (sites) recorder.askSites();
    if (timesEvery !== undefined) recorder.askTimes(timesEvery);
    installHooks(place, recorder);
    return {
      module,
      wasm,
      recording: new Recording(place, log, functions, rewritten.drivenBy, recorder, knowsClearing),
    };
  } catch (error) {
    removeHooks(place);
    throw error;
  }
}
