import { locate } from "#read-module";
import { isModule } from "../allocator/name.js";
import { onModules } from "../experiments/on-modules.js";
import type { AllocatorRun } from "../experiments/open.js";
import type { TraceRun } from "../experiments/replay/run.js";
import type { Trace, TraceChunk } from "../trace/trace.js";
import { runInJail } from "./jail.js";
import type { Word } from "./jobs.js";

/** What a module may take. */
export interface JailLimits {
  /** Most time without any progress, start-up of its Worker included. Default 60. */
  seconds?: number;
  /** Most memory it may have, in bytes. Default 4 GiB, which is all there is. */
  memoryBytes?: number;
}

/** The scenarios that modules run in too. */
export type Scenarios = typeof onModules;

/** What any of them may be given that no message can carry. */
interface AnyRun extends AllocatorRun, Partial<Pick<TraceRun, "trace" | "onResults">> {
  onProgress?: (...numbers: number[]) => void;
}

const GIB = 2 ** 30;

/**
 * The scenarios, safe for modules that nobody has to trust: on a model they are as they are, and on a module,
 * named by path or URL, each run is in a Worker of its own. They throw LimitExceeded too, where a module makes no
 * progress. A trace is passed on as it is read.
 */
export function scenariosInJail(limits: JailLimits = {}): Scenarios {
  const names = Object.keys(onModules) as (keyof Scenarios)[];
  return Object.fromEntries(names.map((name) => [name, inJail(name, limits)])) as unknown as Scenarios;
}

function inJail(name: keyof Scenarios, { seconds = 60, memoryBytes = 4 * GIB }: JailLimits) {
  const scenario = onModules[name] as (run: AnyRun) => Promise<unknown>;
  return async (run: AnyRun): Promise<unknown> => {
    if (!isModule(run.model) || run.open) return scenario(run);
    const { open: _, trace, onProgress, onResults, ...rest } = run;
    const url = locate(run.model).href;
    const wants = { trace: trace !== undefined, results: onResults !== undefined };
    const chunks = trace && counted(trace, onProgress);
    const hear = async (word: Word): Promise<TraceChunk | null | undefined> => {
      if ("wants" in word) return (await chunks?.next())?.value ?? null;
      if ("results" in word) onResults?.(word.results, word.chunk);
      if ("progress" in word) onProgress?.(...word.progress);
      return undefined;
    };
    try {
      return await runInJail({ scenario: { name, run: rest, url, memoryBytes, wants } }, seconds, hear);
    } finally {
      await chunks?.return(null);
    }
  };
}

/** The chunks of a trace, with the operations that are done: whoever asks for a chunk has done the one before. */
async function* counted(trace: Trace, onProgress?: (operations: number) => void): AsyncGenerator<TraceChunk> {
  let operations = 0;
  for await (const chunk of trace) {
    yield chunk;
    operations += chunk.count;
    onProgress?.(operations);
  }
}
