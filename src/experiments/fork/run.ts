/**
 * Processes that share by fork: a parent loads data and forks, the children do something with it, and end. Then the
 * parent does the same.
 *
 *      parent   load ─ fork ─ (snapshot: change) ────────────────── the same again
 *      children        └────── their own memory, then the work ─ end
 *                                                              ▲ set sizes
 */
import { subtract } from "../../allocator/counters.js";
import { checkOneOf, checkRange, checkWhole, LARGEST } from "../../base/arguments.js";
import { defaultCosts } from "../../costs/profiles.js";
import { sharingTime } from "../../costs/sharing.js";
import { simulatedTime } from "../../costs/simulate.js";
import {
  FORK_PROGRAMS,
  type ForkEvents,
  type ForkLoad,
  type ForkProgram,
  type ForkResult,
  PYTHON_OBJECTS,
} from "../../results/fork.js";
import type { OptionValues } from "../../results/run.js";
import { openModel } from "../../sandbox/open.js";
import type { Sandbox } from "../../sandbox/sandbox.js";
import { type ModelRun, notesOf } from "../open.js";
import { loadBlock, PROGRAMS, type Work } from "./programs.js";

/** What `runFork` runs. */
export interface ForkRun extends ModelRun, ForkLoad {
  program: ForkProgram;
}

/**
 * Runs one program on a model.
 * @throws RangeError, OptionError; SandboxError where nothing forks; OutOfMemory
 */
export async function runFork(run: ForkRun): Promise<ForkResult> {
  checkLoad(run);
  const { model, options = {}, program } = run;
  const { check: _check, module: _module, ...settings } = options;
  const parent = await openModel(model, options);
  const costs = run.costs ?? defaultCosts(parent.machine.kernel);
  const work = PROGRAMS[program](parent, run);
  const loaded = parent.counters();
  const children = Array.from({ length: work.children }, () => parent.fork());
  const { forkedPages } = parent.sharing();
  doWork(work, parent, children, run.own);
  const processes = [parent, ...children].map((process) => process.setSizes());
  const together = parent.counters().bytes.resident;
  const separate = processes.reduce((sum, { resident }) => sum + resident, 0);
  for (const child of children) child.close();
  const working = eventsOf(parent, loaded);
  work.afterwards(parent);
  const all = eventsOf(parent, loaded);
  if (options.check) parent.check();
  const simulated = sharingTime(subtract(parent.counters(), loaded), parent.sharing(), costs);
  parent.close();
  return {
    ...{ allocator: model, options: settings as OptionValues, ...notesOf(parent) },
    ...{ program, children: children.length, loaded: loaded.bytes.resident },
    forkedPages: forkedPages / children.length,
    working,
    afterwards: eventsBetween(working, all),
    processes,
    together,
    separate,
    saved: separate - together,
    simulated,
    loading: simulatedTime(loaded, costs),
  };
}

function checkLoad({ program, data, children, written, object, value, own, seed }: ForkRun): void {
  checkOneOf("program", program, FORK_PROGRAMS);
  checkRange("data", data, 1, LARGEST);
  checkRange("children", children, 1, LARGEST);
  checkOneOf("object", object, PYTHON_OBJECTS);
  checkRange("value", value, 1, LARGEST);
  checkWhole("own", own);
  checkWhole("seed", seed);
  if (!(written >= 0 && written <= 1)) throw new RangeError(`written must be from 0 to 1; got ${written}`);
}

function doWork({ child, parent: meanwhile }: Work, parent: Sandbox, children: Sandbox[], own: number): void {
  for (const sandbox of children) {
    if (own > 0) loadBlock(sandbox, own);
    child(sandbox);
  }
  meanwhile?.(parent);
}

/** What happened since data were loaded. Nothing was shared before. */
function eventsOf(sandbox: Sandbox, loaded: ReturnType<Sandbox["counters"]>): ForkEvents {
  const { faults } = subtract(sandbox.counters(), loaded);
  const { copies, copiedBytes, reuses } = sandbox.sharing();
  // What else is copied on write is the zero page, and that is zeroed.
  return { copies, copiedBytes, reuses, zeroFills: faults.zeroFill + faults.copyOnWrite - copies - reuses };
}

function eventsBetween(before: ForkEvents, after: ForkEvents): ForkEvents {
  return {
    copies: after.copies - before.copies,
    copiedBytes: after.copiedBytes - before.copiedBytes,
    reuses: after.reuses - before.reuses,
    zeroFills: after.zeroFills - before.zeroFills,
  };
}
