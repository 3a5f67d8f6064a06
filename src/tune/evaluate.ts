/** What an allocator with settings comes to: an exact replay of each trace on a new sandbox. */
import type { TouchPolicy } from "../allocator/access.js";
import { totalFaults } from "../allocator/counters.js";
import { threadsNote } from "../allocator/threads.js";
import { formatCount } from "../base/bytes.js";
import { OptionError, ZeropageError } from "../base/errors.js";
import type { CostProfile } from "../costs/profile.js";
import { defaultCosts } from "../costs/profiles.js";
import { simulatedTime } from "../costs/simulate.js";
import { allocatorLabel } from "../report/label.js";
import type { OptionValues } from "../results/run.js";
import type { TuneFigures } from "../results/tune.js";
import { openModel } from "../sandbox/open.js";
import { findModel } from "../sandbox/options.js";
import type { Sandbox } from "../sandbox/sandbox.js";
import { type CollectedTrace, traceOf } from "../trace/collect.js";

/** Moments over which resident memory is averaged: one after every so many operations. */
const MOMENTS = 500;

/** A model with settings. */
export interface Candidate {
  allocator: string;
  options: OptionValues;
}

/** The same of two candidates that are the same, in whatever order their options are. */
export function candidateKey({ allocator, options }: Candidate): string {
  const sorted = Object.entries(options).sort(([one], [other]) => (one < other ? -1 : 1));
  return allocatorLabel({ allocator, options: Object.fromEntries(sorted) });
}

/** A trace in memory, to be replayed again and again. */
export interface NamedTrace extends CollectedTrace {
  name: string;
  /** Of a program of a public report: what its reporters found, in a sentence. */
  published?: string;
}

/** Under what conditions candidates are run. */
export interface Conditions {
  touch: TouchPolicy;
  /** What simulated time is counted with; by default the profile of the kernel. */
  costs?: CostProfile;
}

/** What became of a candidate: figures for each trace, in order. */
export type Evaluation =
  | { state: "done"; figures: TuneFigures[]; unsure: string[]; notes: string[] }
  | { state: "failed" | "refused"; message: string };

/** Replays each trace on the candidate. A bug of ours is thrown; what a run can come to is not. */
export async function evaluate(
  candidate: Candidate,
  traces: readonly NamedTrace[],
  conditions: Conditions,
): Promise<Evaluation> {
  const figures: TuneFigures[] = [];
  const [unsure, notes] = [new Set<string>(), new Set<string>()];
  try {
    for (const trace of traces) {
      const sandbox = await openModel(candidate.allocator, candidate.options);
      for (const why of doubts(sandbox, trace)) unsure.add(why);
      for (const note of sandbox.notes) notes.add(note);
      figures.push(await replay(sandbox, trace, conditions));
      sandbox.close();
    }
  } catch (error) {
    if (!(error instanceof ZeropageError)) throw error;
    return { state: error instanceof OptionError ? "refused" : "failed", message: error.message };
  }
  return { state: "done", figures, unsure: [...unsure], notes: [...notes] };
}

/** Thrown where a run went on without memory that it had asked for: the program would not. */
class Refused extends ZeropageError {
  override name = "Refused";
}

async function replay(
  sandbox: Sandbox,
  { records, count, notes }: NamedTrace,
  { touch, costs = defaultCosts(sandbox.machine.kernel) }: Conditions,
): Promise<TuneFigures> {
  const { timeline, failedAllocations } = await sandbox.replay(traceOf([{ records, count }], notes), {
    touch,
    timelineEvery: Math.max(1, Math.ceil(count / MOMENTS)),
  });
  if (failedAllocations > 0) {
    throw new Refused(
      `${formatCount(failedAllocations)} ${failedAllocations === 1 ? "allocation" : "allocations"} failed`,
    );
  }
  const counters = sandbox.counters();
  return {
    peakResident: counters.bytes.peakResident,
    averageResident: timeline.reduce((sum, { resident }) => sum + resident, 0) / timeline.length,
    seconds: simulatedTime(counters, costs).seconds,
    faults: totalFaults(counters.faults),
    syscalls: Object.values(counters.syscalls).reduce((sum, calls) => sum + calls, 0),
    needless: counters.zeroed.needless,
  };
}

/** Why what the model says of the trace is not to be relied on: sentences. */
function doubts(sandbox: Sandbox, { notes: { threads } }: NamedTrace): string[] {
  const { sureness, layers, notes: known = [] } = findModel(sandbox.model);
  const isReal = layers ? layers.base.sureness !== undefined : sureness !== undefined;
  const unsure = sandbox.notes.filter(
    (note) => !known.includes(note) && / is (read|written) from /.test(note),
  );
  return [...(isReal ? [] : ["it models no real allocator"]), ...unsure, ...threadsNote(sandbox, threads)];
}
