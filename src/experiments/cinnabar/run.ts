import { threadsNote } from "../../allocator/threads.js";
import { formatCount } from "../../base/bytes.js";
import { OutOfMemory } from "../../base/errors.js";
import type {
  CinnabarChange,
  CinnabarMoment,
  CinnabarPoint,
  CinnabarResult,
} from "../../results/cinnabar.js";
import type { OptionValues } from "../../results/run.js";
import { openModel } from "../../sandbox/open.js";
import type { Sandbox } from "../../sandbox/sandbox.js";
import type { Trace } from "../../trace/trace.js";
import type { ModelRun } from "../open.js";
import { liveBytes } from "./live.js";
import { cinnabarTrace, PHASES } from "./trace.js";
import { type CinnabarWorkload, workloadWithout } from "./workload.js";

/** What `runCinnabar` runs. */
export interface CinnabarRun extends ModelRun {
  workload: CinnabarWorkload;
  /** What is left out of the workload. */
  without: CinnabarChange;
  /** Most points of the course. */
  points: number;
  /** Called now and then with the operations done so far. */
  onProgress?: (operations: number) => void;
}

/** A moment, but for the live bytes, which the trace says. */
type Seen = Omit<CinnabarMoment, "live" | "name">;

/**
 * Runs the program, which writes every page of every object, and trims at its end.
 * @throws OptionError, UsageError; AllocatorAbort or OutOfMemory from the run.
 */
export async function runCinnabar(run: CinnabarRun): Promise<CinnabarResult> {
  const { model, options = {}, workload, without, points } = run;
  const { check: _check, module: _module, ...settings } = options;
  const trace = cinnabarTrace(workloadWithout(workload, without));
  const sandbox = await openModel(model, options);
  // A chunk ends with each phase.
  const seen: Seen[] = [];
  const { operations, failedAllocations, timeline, marks } = await sandbox.replay(trace, {
    touch: "pages",
    timelinePoints: points,
    onProgress: (done) => {
      seen.push(look(sandbox, done));
      run.onProgress?.(done);
    },
  });
  if (failedAllocations > 0)
    throw new OutOfMemory(
      `${formatCount(failedAllocations)} allocations got no memory, so this is not the program's course`,
    );
  const atPhases = seen.filter(({ operation }) => marks.some((mark) => mark.operation === operation));
  sandbox.trim();
  const moments = [...atPhases, seen.at(-1) as Seen, look(sandbox, operations)];
  if (options.check) sandbox.check();
  const notes = [...sandbox.notes, ...threadsNote(sandbox, trace.notes.threads)];
  sandbox.close();
  const withLive = await liveBytesIn(trace, [...timeline, ...moments]);
  return {
    ...{ allocator: model, options: settings as OptionValues, without, operations, failedAllocations },
    ...(notes.length > 0 && { notes }),
    moments: moments.map((moment, i) => ({ name: NAMES[i] as CinnabarMoment["name"], ...withLive(moment) })),
    course: timeline.map(withLive),
  };
}

const NAMES = [...PHASES, "phase 3", "trimmed"] as const;

/** What there is now. The figures of glibc and of Python's arenas are there where the model has them. */
function look(sandbox: Sandbox, operation: number): Seen {
  const { inUse, system, resident } = sandbox.counters().bytes;
  const { arena, uordblks = 0, hblkhd = 0, "arenas allocated current": arenas } = sandbox.statistics();
  return {
    ...{ operation, inUse, system, resident },
    ...(arena !== undefined && { heap: arena, mallocInUse: uordblks + hblkhd }),
    ...(arenas !== undefined && { arenas }),
  };
}

type WithoutLive = Omit<CinnabarPoint, "live">;

/** Returns what adds its live bytes to each of these points. The trace, which takes as long to make as to run, is read once for all. */
async function liveBytesIn(trace: Trace, points: readonly WithoutLive[]) {
  const operations = [...new Set(points.map(({ operation }) => operation))].sort((one, other) => one - other);
  const bytes = await liveBytes(trace, operations);
  const live = new Map(operations.map((operation, i) => [operation, bytes[i] as number]));
  return <Point extends WithoutLive>(point: Point) => ({
    ...point,
    live: live.get(point.operation) as number,
  });
}
