/**
 * Runs a module nobody trusts in a Worker, with limits on time and memory. What it can reach is its own
 * memory and the functions of imports.ts; a loop without end ends with its Worker.
 */
import { startWorker } from "#worker";
import * as errors from "../errors.js";
import type { ReplayResult, TouchPolicy } from "../sandbox.js";
import { collectTrace } from "../trace/collect.js";
import type { Trace } from "../trace/trace.js";
import type { WasmOptions } from "./open.js";
import type { AllocatorReport } from "./wasm-allocator.js";

export interface JailOptions extends Pick<WasmOptions, "functions" | "convention" | "unknownImports"> {
  /** Most time it may take, start-up of the Worker included. Default 60. */
  seconds?: number;
  /** Most memory the module may have. A module that wants more is refused it, as by any maximum. Default 1 GiB. */
  memoryBytes?: number;
  touch?: TouchPolicy;
  /** Fills objects with a pattern and looks for it again. Default true. */
  verify?: boolean;
}

/** @internal What goes into the Worker: a trace to replay, or a case to check (check.ts). */
export type JailJob = { replay: ReplayJob } | { check: CheckJob };

/** @internal */
export interface ReplayJob {
  wasm: Uint8Array;
  records: Uint8Array;
  count: number;
  options: JailOptions & { memoryBytes: number };
}

/** @internal */
export interface CheckJob {
  wasm: Uint8Array;
  /** Name of a case; without it the module is only opened, and described. */
  name?: string;
  open: Pick<WasmOptions, "functions" | "convention" | "unknownImports">;
  memoryBytes: number;
}

export interface JailResult extends ReplayResult {
  report: AllocatorReport;
  memoryBytes: number;
}

/** @internal What comes out of it. */
export type JailAnswer = { result: unknown } | { error: { name: string; message: string } };

const GIB = 2 ** 30;

/**
 * Replays a trace on a module in a Worker of its own.
 * @throws LimitExceeded when it takes too long; ModuleError, ModuleTrap for what it did.
 */
export async function replayInJail(
  wasm: Uint8Array,
  trace: Trace,
  options: JailOptions = {},
): Promise<JailResult> {
  const { seconds = 60, memoryBytes = GIB } = options;
  const { records, count } = await collectTrace(trace);
  const replay = { wasm, records, count, options: { ...options, memoryBytes } };
  return (await runInJail({ replay }, seconds)) as JailResult;
}

/**
 * Does a job in a Worker of its own.
 * @internal
 * @throws as replayInJail does.
 */
export async function runInJail(job: JailJob, seconds: number): Promise<unknown> {
  if (!(seconds > 0)) throw new RangeError(`seconds must be more than 0; got ${seconds}`);
  const answer = await ask(job, seconds);
  if ("result" in answer) return answer.result;
  throw revive(answer.error);
}

async function ask(job: JailJob, seconds: number): Promise<JailAnswer> {
  const worker = startWorker();
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_, reject) => {
    const remedy = "allow more seconds, or give it up";
    const error = new errors.LimitExceeded(`the module was not done after ${seconds} seconds: ${remedy}`);
    timer = setTimeout(() => reject(error), seconds * 1000);
  });
  try {
    return (await Promise.race([worker.ask(job), late])) as JailAnswer;
  } finally {
    clearTimeout(timer);
    worker.end();
  }
}

/** The error of a Worker, which crosses over by name and message only. */
function revive({ name, message }: { name: string; message: string }): Error {
  const known: Record<string, new (message: string) => Error> = {
    ModuleError: errors.ModuleError,
    ModuleTrap: errors.ModuleTrap,
    SandboxError: errors.SandboxError,
    OutOfMemory: errors.OutOfMemory,
    RangeError,
  };
  return new (known[name] ?? errors.ZeropageError)(message);
}
