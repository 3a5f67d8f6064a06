import { onModules } from "../experiments/on-modules.js";
import { type AllocatorRun, isOfModule } from "../experiments/open.js";
import type { TraceRun } from "../experiments/replay/run.js";
import { readSource } from "../foreign/source.js";
import type { Trace } from "../trace/trace.js";
import { runInJail } from "./jail.js";
import type { JobMessage, NotedChunk } from "./jobs.js";

/** Limits of a module. */
export interface JailLimits {
  /** Longest time without progress in seconds, including the start of the Worker. Default 60. */
  seconds?: number;
  /** Memory limit in bytes. Default 4 GiB, which is all that 32 bits address. */
  memoryBytes?: number;
  /** Called while a module is metered, with its name, and the part that is done, from 0 to 1. */
  onMetering?: (model: string, done: number) => void;
}

/**
 * The scenarios that also take modules.
 *
 * @useDeclaredType
 */
export type Scenarios = typeof onModules;

/** The settings of any scenario that no message can carry. */
interface AnyRun extends AllocatorRun, Partial<Pick<TraceRun, "trace" | "onResults">> {
  onProgress?: (...numbers: number[]) => void;
}

const GIB = 2 ** 30;

/**
 * The scenarios, made safe for untrusted modules. For a model nothing changes. For a module, named by its path, its URL or
 * as built in, or given as `source`, each run has its own Worker, and throws LimitExceeded if the module makes no progress.
 * A trace is passed on as it is read.
 */
export function scenariosInJail(limits: JailLimits = {}): Scenarios {
  const names = Object.keys(onModules) as (keyof Scenarios)[];
  return Object.fromEntries(names.map((name) => [name, inJail(name, limits)])) as unknown as Scenarios;
}

function inJail(name: keyof Scenarios, { seconds = 60, memoryBytes = 4 * GIB, onMetering }: JailLimits) {
  const scenario = onModules[name] as (run: AnyRun) => Promise<unknown>;
  return async (run: AnyRun): Promise<unknown> => {
    if (!isOfModule(run) || run.open) return scenario(run);
    const { open: _, source = run.model, trace, onProgress, onResults, ...rest } = run;
    const wasm = await readSource(source);
    const wants = { trace: trace !== undefined, results: onResults !== undefined };
    const chunks = trace && counted(trace, onProgress);
    const hear = async (message: JobMessage): Promise<NotedChunk | null | undefined> => {
      if ("wants" in message) return (await chunks?.next())?.value ?? null;
      if ("results" in message) onResults?.(message.results, message.chunk);
      if ("metering" in message) onMetering?.(run.model, message.metering);
      if ("progress" in message) onProgress?.(...message.progress);
      return undefined;
    };
    try {
      return await runInJail({ scenario: { name, run: rest, wasm, memoryBytes, wants } }, seconds, hear);
    } finally {
      await chunks?.return(null);
    }
  };
}

/** The chunks of a trace. Reports the operations done: a request for a chunk means that the one before is done. */
async function* counted(trace: Trace, onProgress?: (operations: number) => void): AsyncGenerator<NotedChunk> {
  let operations = 0;
  for await (const chunk of trace) {
    const { marks, threads } = trace.notes;
    yield { ...chunk, ...(marks && { marks }), ...(threads && { threads }) };
    operations += chunk.count;
    onProgress?.(operations);
  }
}
