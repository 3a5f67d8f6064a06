/**
 * What a kernel would change that zeroes free frames while nobody needs the processor. All that happens is as ever;
 * only the zeroing of a fault has no price. That is the most that it could save: zeroing early still takes
 * memory bandwidth, and a frame that was zeroed long ago is in no cache when it is written.
 */

import { totalFaults } from "../../allocator/counters.js";
import { checkWhole } from "../../base/arguments.js";
import { OutOfMemory } from "../../base/errors.js";
import type { CostProfile } from "../../costs/profile.js";
import { simulatedTime } from "../../costs/simulate.js";
import type { IdleZeroingPoint, IdleZeroingResult } from "../../results/idle-zeroing.js";
import type { OptionValues } from "../../results/run.js";
import { openModel } from "../../sandbox/open.js";
import type { Sandbox } from "../../sandbox/sandbox.js";
import { callocLoopRecords } from "../loop/cost.js";
import { type ModelRun, notesOf } from "../open.js";
import { expectZeroed } from "../zeroed.js";

/** What `runIdleZeroing` runs. */
export interface IdleZeroingRun extends ModelRun {
  /** Size of each block. */
  bytes: number;
  /** Iterations. */
  count: number;
  /** Parts of each block that are written, 0 to 1: a loop for each. */
  shares: readonly number[];
  /** One profile for all that are compared. */
  costs: CostProfile;
}

/** A profile by which a kernel's zeroing costs nothing. */
export function idleZeroing({ name, source, ns }: CostProfile): CostProfile {
  return {
    name: `${name}, zeroing in idle time`,
    source,
    ns: { ...ns, zeroedByte: { ...ns.zeroedByte, kernel: 0 } },
  };
}

/** Runs the loop by parts written. @throws RangeError, OptionError; OutOfMemory, AllocatorAbort from the run. */
export async function runIdleZeroing(run: IdleZeroingRun): Promise<IdleZeroingResult> {
  const { model, options = {}, bytes, count, shares } = run;
  checkWhole("bytes", bytes);
  checkWhole("count", count);
  const { check: _check, module: _module, ...settings } = options;
  const points: IdleZeroingPoint[] = [];
  let notes: { notes?: string[] } = {};
  for (const share of shares) {
    if (!(share >= 0 && share <= 1)) throw new RangeError(`shares must be from 0 to 1; got ${share}`);
    const sandbox = await openModel(model, options);
    notes = notesOf(sandbox);
    points.push(runLoop(sandbox, run, share));
    sandbox.close();
  }
  return { allocator: model, options: settings as OptionValues, ...notes, points };
}

function runLoop(sandbox: Sandbox, run: IdleZeroingRun, share: number): IdleZeroingPoint {
  const { model, options = {}, bytes, count, costs } = run;
  const failed = sandbox.repeat(callocLoopRecords(bytes, share), count);
  if (failed > 0) throw new OutOfMemory(`${model} has no memory for a block of ${bytes} bytes: ask for less`);
  if (options.check) sandbox.check();
  const counters = sandbox.counters();
  expectZeroed(sandbox, bytes);
  return {
    ...{ share, faults: totalFaults(counters.faults), zeroed: counters.zeroed },
    onFault: simulatedTime(counters, costs),
    idle: simulatedTime(counters, idleZeroing(costs)),
  };
}
