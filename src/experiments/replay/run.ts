import type { TouchPolicy } from "../../allocator/access.js";
import type { Allocator } from "../../allocator/allocator.js";
import type { Mark } from "../../allocator/marks.js";
import type { ReplayOptions } from "../../allocator/replay.js";
import { threadsNote } from "../../allocator/threads.js";
import type { TimelinePoint } from "../../allocator/timeline.js";
import { ProcessKilled } from "../../base/errors.js";
import { simulatedTime } from "../../costs/simulate.js";
import type { OptionValues, Result } from "../../results/run.js";
import type { SimulatedAllocator } from "../../sandbox/simulated.js";
import { OpKind, RECORD_BYTES, TraceRecords } from "../../trace/records.js";
import type { Trace } from "../../trace/trace.js";
import { type AllocatorRun, costsOf, prepareAllocator } from "../open.js";

export type { TouchPolicy };

/** What `replayTrace` replays. */
export interface TraceRun extends AllocatorRun {
  /** Read once, and so used up. */
  trace: Trace;
  /** What the program touches of each object it gets. */
  touch: TouchPolicy;
  /** Most points of the timeline; 0, the default, for none. */
  timelinePoints?: number;
  /** Keeps a point after every so many operations instead, and puts them into the result. */
  timelineEvery?: number;
  /** Trims at the end, as malloc_trim(0) does. The marks say what there was before and after. */
  trim?: boolean;
  /**
   * Fills every object with a pattern, looks for it again, and at the end frees what is left: finds blocks that overlap,
   * and a calloc that is not zero. The counters have that, too. Default false.
   */
  verify?: boolean;
  /** Called after each chunk with the operations done so far. */
  onProgress?: (operations: number) => void;
  /** Called after each chunk with the address each of its operations returned; 0 for those that allocate nothing. */
  onResults?: NonNullable<ReplayOptions["onResults"]>;
  /** Called at each mark of the trace and at its end, to look at the allocator. */
  onLook?: (allocator: Allocator) => void;
}

/**
 * Replays a trace on a fresh sandbox.
 * @throws TraceError, OptionError; AllocatorAbort, OutOfMemory or ModuleTrap from the run.
 */
export async function replayTrace(run: TraceRun): Promise<{ result: Result; timeline: TimelinePoint[] }> {
  const {
    model,
    options = {},
    trace,
    touch,
    timelinePoints = 0,
    timelineEvery,
    onProgress,
    onResults,
    onLook,
  } = run;
  const { check: _check, module: _module, ...settings } = options;
  const open = await prepareAllocator(run);
  const sandbox = await open();
  const verifies = run.verify === true;
  const start = performance.now();
  const replayed = await sandbox.replay(verifies ? closed(trace, sandbox) : trace, {
    ...(verifies && { verify: true }),
    ...{ touch, timelinePoints },
    ...(timelineEvery !== undefined && { timelineEvery }),
    ...(onProgress && { onProgress }),
    ...(onResults && { onResults }),
    ...(onLook && { onMark: () => onLook(sandbox) }),
  });
  const hostSeconds = (performance.now() - start) / 1000;
  const { operations, failedAllocations, timeline } = replayed;
  onLook?.(sandbox);
  const marks = [...replayed.marks, ...(run.trim ? trim(sandbox, operations) : [])];
  if (options.check) sandbox.check();
  const counters = sandbox.counters();
  const costs = costsOf(sandbox, run.costs);
  const notes = [
    ...sandbox.notes,
    ...threadsNote(sandbox, trace.notes.threads),
    ...(operations === 0 ? ["the trace has no operations"] : []),
    ...(run.trim ? trimNote(sandbox) : []),
    ...killedNotes(sandbox),
  ];
  sandbox.close();
  const { threads } = trace.notes;
  const parameters = { touch, ...(threads && { threads }), operations, failedAllocations };
  const allocator = { allocator: model, options: settings as OptionValues };
  return {
    result: {
      ...{ ...allocator, parameters, counters, hostSeconds },
      ...(costs && { simulated: simulatedTime(counters, costs) }),
      ...(marks.length > 0 && { marks }),
      ...(timelineEvery !== undefined && { timeline }),
      ...(notes.length > 0 && { notes }),
    },
    timeline,
  };
}

/** The trace, and frees of what it leaves alive, for a block is looked at when it is freed. */
function closed(trace: Trace, allocator: Allocator): Trace {
  async function* chunks() {
    yield* trace;
    const left = [...allocator.slots()].flatMap((pointer, slot) => (pointer ? [slot] : []));
    const records = new Uint8Array(left.length * RECORD_BYTES);
    const frees = new TraceRecords(records);
    left.forEach((slot, i) => {
      frees.write(i, OpKind.free, slot);
    });
    if (left.length > 0) yield { records, count: left.length };
  }
  return { notes: trace.notes, [Symbol.asyncIterator]: chunks };
}

const isSimulated = (allocator: Allocator): allocator is SimulatedAllocator => allocator.machine !== null;

/** Trims. Returns what there was before and after. Does nothing to what really runs. */
function trim(allocator: Allocator, operation: number): Mark[] {
  if (!isSimulated(allocator)) return [];
  const before = allocator.counters();
  allocator.trim();
  return [
    { name: "before the trim", operation, counters: before },
    { name: "after the trim", operation, counters: allocator.counters() },
  ];
}

/** Processes of the trace that were killed, whose lines had all run. */
const killedNotes = (allocator: Allocator): string[] =>
  isSimulated(allocator)
    ? allocator
        .killed()
        .map(({ process, residentBytes }) => new ProcessKilled(process, residentBytes).message)
    : [];

function trimNote(allocator: Allocator): string[] {
  return isSimulated(allocator) ? [] : ["it is not trimmed: a linear memory only grows"];
}
