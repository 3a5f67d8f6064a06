import type { TouchPolicy } from "../../allocator/access.js";
import type { ReplayOptions } from "../../allocator/replay.js";
import type { TimelinePoint } from "../../allocator/timeline.js";
import { simulatedTime } from "../../costs/simulate.js";
import type { OptionValues, Result } from "../../results/run.js";
import type { Trace } from "../../trace/trace.js";
import { type AllocatorRun, costsOf, notesOf, prepareAllocator } from "../open.js";

export type { TouchPolicy };

/** What `replayTrace` replays. */
export interface TraceRun extends AllocatorRun {
  /** Read once, and so used up. */
  trace: Trace;
  /** What the program touches of each object it gets. */
  touch: TouchPolicy;
  /** Most points of the timeline; 0, the default, for none. */
  timelinePoints?: number;
  /** Called after each chunk with the operations done so far. */
  onProgress?: (operations: number) => void;
  /** Called after each chunk with the address each of its operations returned; 0 for those that allocate nothing. */
  onResults?: NonNullable<ReplayOptions["onResults"]>;
}

/**
 * Replays a trace on a fresh sandbox.
 * @throws TraceError, OptionError; AllocatorAbort or OutOfMemory from the run.
 */
export async function replayTrace(run: TraceRun): Promise<{ result: Result; timeline: TimelinePoint[] }> {
  const { model, options = {}, trace, touch, timelinePoints = 0, onProgress, onResults } = run;
  const { check: _check, module: _module, ...settings } = options;
  const open = run.open ?? (await prepareAllocator(model, options));
  const sandbox = await open();
  const start = performance.now();
  const replayed = await sandbox.replay(trace, {
    ...{ touch, timelinePoints },
    ...(onProgress && { onProgress }),
    ...(onResults && { onResults }),
  });
  const hostSeconds = (performance.now() - start) / 1000;
  if (options.check) sandbox.check();
  const counters = sandbox.counters();
  const costs = costsOf(sandbox, run.costs);
  sandbox.close();
  const { operations, failedAllocations, timeline } = replayed;
  const parameters = { touch, operations, failedAllocations };
  const allocator = { allocator: model, options: settings as OptionValues };
  return {
    result: {
      ...{ ...allocator, parameters, counters, hostSeconds },
      ...(costs && { simulated: simulatedTime(counters, costs) }),
      ...notesOf(sandbox),
    },
    timeline,
  };
}
