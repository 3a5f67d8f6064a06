import type { TouchPolicy } from "../allocator/access.js";
import type { ReplayResult } from "../allocator/replay.js";
import { checkRange } from "../base/arguments.js";
import type { AllocatorReport } from "../foreign/module-allocator.js";
import type { NamingOptions } from "../foreign/options.js";
import { readSource, type WasmSource } from "../foreign/source.js";
import { collectTrace } from "../trace/collect.js";
import type { Trace } from "../trace/trace.js";
import { type Abortable, runInJail } from "./jail.js";

/** How a trace is replayed in jail, and what the module may take. */
export interface JailOptions extends NamingOptions, Abortable {
  /** Time limit in seconds, including the start of the Worker. Default 60. */
  seconds?: number;
  /** Memory limit in bytes. Beyond it memory.grow fails, as at any maximum. Default 1 GiB. */
  memoryBytes?: number;
  /** What the program touches of each object. Default `none`. */
  touch?: TouchPolicy;
  /** Fills objects with a pattern and checks that it stays. Default true. */
  verify?: boolean;
}

/** What a replay in jail came to. */
export interface JailResult extends ReplayResult {
  /** What the module turned out to be. */
  report: AllocatorReport;
  /** Size of its memory afterwards. */
  memoryBytes: number;
}

const GIB = 2 ** 30;

/**
 * Replays a trace on a module in a Worker of its own.
 * @param source As of openWasmAllocator, but not compiled: a jail limits its memory.
 * @throws LimitExceeded if it takes too long; ModuleError or ModuleTrap for what the module did; the reason of an
 * aborted `signal`.
 */
export async function replayInJail(
  source: WasmSource,
  trace: Trace,
  options: JailOptions = {},
): Promise<JailResult> {
  const { seconds = 60, memoryBytes = GIB, touch = "none", verify = true, signal, ...open } = options;
  checkRange("memoryBytes", memoryBytes, 0, Number.MAX_SAFE_INTEGER);
  const wasm = await readSource(source);
  const collected = await collectTrace(trace);
  const replay = { ...{ wasm, ...collected }, open: { ...open, memoryBytes }, touch, verify };
  return (await runInJail({ replay }, seconds, undefined, signal)) as JailResult;
}
