import { locate } from "#read-module";
import { isModule } from "../allocator/choice.js";
import { type CallocLoopRun, runCallocLoop } from "../experiments/calloc-loop/run.js";
import { type CliffsRun, findCliffs } from "../experiments/cliffs/find.js";
import { replayTrace, type TraceRun } from "../experiments/replay/run.js";
import type { Trace, TraceChunk } from "../trace/trace.js";
import { runInJail } from "./jail.js";
import type { ScenarioJob, Word } from "./jobs.js";

/** What a module may take. */
export interface JailLimits {
  /** Most time it may make no progress, start-up of its Worker included. Default 60. */
  seconds?: number;
  /** Most memory it may have, in bytes. Default 4 GiB, which is all there is. */
  memoryBytes?: number;
}

/** The scenarios that modules run in too. */
export interface Scenarios {
  runCallocLoop: typeof runCallocLoop;
  findCliffs: typeof findCliffs;
  replayTrace: typeof replayTrace;
}

type Run = CallocLoopRun | CliffsRun | TraceRun;

/** What any of them may have that no message carries. */
type AnyRun = Partial<Pick<TraceRun, "trace" | "onResults" | "open">> & {
  onProgress?: (...numbers: number[]) => void;
};

const GIB = 2 ** 30;

/**
 * The scenarios as they are, but for modules named by path or URL, which nobody has to trust: each run on one is in a
 * Worker of its own. They throw LimitExceeded too, where a module makes no progress. A trace is passed on as it is read.
 */
export function scenariosInJail(limits: JailLimits = {}): Scenarios {
  return {
    runCallocLoop: jailed("runCallocLoop", runCallocLoop, limits),
    findCliffs: jailed("findCliffs", findCliffs, limits),
    replayTrace: jailed("replayTrace", replayTrace, limits),
  };
}

function jailed<One extends Run, Result>(
  name: ScenarioJob["name"],
  scenario: (run: One) => Promise<Result>,
  { seconds = 60, memoryBytes = 4 * GIB }: JailLimits,
): (run: One) => Promise<Result> {
  return async (run) => {
    if (!isModule(run.model) || run.open) return scenario(run);
    const { open: _open, trace, onProgress, onResults, ...rest } = run as AnyRun;
    const url = locate(run.model).href;
    const job = { name, run: rest, url, memoryBytes, wantsResults: onResults !== undefined } as ScenarioJob;
    const chunks = trace && counted(trace, onProgress);
    const hear = async (word: Word): Promise<TraceChunk | null | undefined> => {
      if ("wants" in word) return (await chunks?.next())?.value ?? null;
      if ("results" in word) onResults?.(word.results, word.chunk);
      if ("progress" in word) onProgress?.(...word.progress);
      return undefined;
    };
    try {
      return (await runInJail({ scenario: job }, seconds, hear)) as Result;
    } finally {
      await chunks?.return(null);
    }
  };
}

/** The chunks of a trace. Who asks for another has done the last. */
async function* counted(trace: Trace, onProgress?: (operations: number) => void): AsyncGenerator<TraceChunk> {
  let operations = 0;
  for await (const chunk of trace) {
    yield chunk;
    operations += chunk.count;
    onProgress?.(operations);
  }
}
