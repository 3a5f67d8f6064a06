import type { TouchPolicy } from "../../allocator/access.js";
import { checkWhole } from "../../base/arguments.js";
import type { CostProfile } from "../../costs/profile.js";
import { defaultCosts } from "../../costs/profiles.js";
import type { OptionValues } from "../../results/run.js";
import type { ProfileNode } from "../../sandbox/call-tree.js";
import { openModel } from "../../sandbox/open.js";
import type { Sandbox } from "../../sandbox/sandbox.js";
import type { Trace } from "../../trace/trace.js";
import { callocLoopRecords } from "../loop/cost.js";
import { type ModelRun, notesOf } from "../open.js";

/** Where one allocator's run spent what it cost. */
export interface Profiled {
  allocator: string;
  options: OptionValues;
  /** Sentences about how sure the model is. */
  notes?: string[];
  /** What its simulated time is counted with. */
  costs: CostProfile;
  /** The program; what it calls is below it. */
  root: ProfileNode;
}

/** What `profileCallocLoop` runs. */
export interface CallocLoopProfileRun extends ModelRun {
  /** Size of each block. */
  bytes: number;
  /** Iterations. */
  count: number;
  /** Part of each block the program writes, 0 to 1, from its start. */
  written: number;
}

/** What `profileTrace` replays. */
export interface TraceProfileRun extends ModelRun {
  /** Read once, and so used up. */
  trace: Trace;
  /** What the program touches of each object it gets. */
  touch: TouchPolicy;
}

/** Profiles Benfield's loop. @throws RangeError, OptionError; AllocatorAbort or OutOfMemory from the run. */
export async function profileCallocLoop(run: CallocLoopProfileRun): Promise<Profiled> {
  const { bytes, count, written } = run;
  checkWhole("bytes", bytes);
  checkWhole("count", count);
  if (!(written >= 0 && written <= 1)) throw new RangeError(`written must be from 0 to 1; got ${written}`);
  const records = callocLoopRecords(bytes, written);
  return profile(run, async (sandbox) => sandbox.repeat(records, count));
}

/** Profiles the replay of a trace. @throws TraceError, OptionError; AllocatorAbort or OutOfMemory from the run. */
export function profileTrace(run: TraceProfileRun): Promise<Profiled> {
  return profile(run, (sandbox) => sandbox.replay(run.trace, { touch: run.touch }));
}

async function profile(
  { model, options = {}, costs }: ModelRun,
  body: (sandbox: Sandbox) => Promise<unknown>,
): Promise<Profiled> {
  const { check: _check, module: _module, ...settings } = options;
  const sandbox = await openModel(model, options);
  await body(sandbox);
  if (options.check) sandbox.check();
  const chosen = costs ?? defaultCosts(sandbox.machine.kernel);
  const root = sandbox.profile();
  sandbox.close();
  return { allocator: model, options: settings as OptionValues, ...notesOf(sandbox), costs: chosen, root };
}
