/** What one iteration of Benfield's loop costs, at one size. */

import type { Allocator } from "../../allocator/allocator.js";
import { type Counters, SYSCALLS, subtract, totalFaults } from "../../allocator/counters.js";
import type { CostProfile } from "../../costs/profile.js";
import { simulatedTime } from "../../costs/simulate.js";
import type { IterationCost, LoopCost } from "../../results/loop.js";
import { TraceEncoder } from "../../trace/encode.js";
import type { TraceChunk } from "../../trace/trace.js";
import { type AllocatorRun, costsOf, notesOf, prepareJobs } from "../open.js";
import { expectZeroed, withinMemory } from "../zeroed.js";

/** A loop has settled after this many iterations of one cost, */
const ALIKE = 4;
/** if so many more have that cost too: at least as many as any cache here has slots. */
const CONFIRMING = 16;
/** If a loop has not settled after so many iterations, its cost is the mean of as many more. */
const PATIENCE = 64;

/** Benfield's loop on one allocator. */
export interface Loop {
  pageBytes: number;
  /** The profile of its simulated time; absent where time is not simulated. */
  costs?: CostProfile | undefined;
  /** What is odd about a module, or how sure a model is. */
  notes?: string[];
  /** Measures the loop at one size. Returns nothing if the allocator has no memory for it. */
  costAt(bytes: number): Promise<LoopCost | undefined>;
}

/** Benfield's loop once: `p = calloc(1, bytes)`, the first `written` part of it written, `free(p)`. */
export function callocLoopRecords(bytes: number, written: number): TraceChunk {
  const encoder = new TraceEncoder();
  encoder.calloc(0, 1, bytes);
  const touched = Math.round(bytes * written);
  if (touched) encoder.write(0, 0, touched);
  encoder.free(0);
  return encoder.take();
}

/** By how many pages the work of two sizes may differ through rounding alone. */
export const ROUNDING_PAGES = 8;

/** What a machine has to do, in bytes: those zeroed by anyone, and a page for each fault. */
export function work(
  { zeroed, faults }: Pick<IterationCost, "zeroed" | "faults">,
  pageBytes: number,
): number {
  return zeroed.kernel + zeroed.allocator + faults * pageBytes;
}

/** The loop on a new instance for each size, of which the first `written` part is written. @throws OptionError */
export async function openLoop(run: AllocatorRun, written: number): Promise<Loop> {
  const onNew = await prepareJobs(run);
  const about = await onNew((allocator) => ({
    ...{ pageBytes: allocator.pageBytes, costs: costsOf(allocator, run.costs) },
    ...notesOf(allocator),
  }));
  return {
    ...about,
    costAt: (bytes) => onNew((allocator) => measureLoop(allocator, bytes, written, about.costs)),
  };
}

function measureLoop(sandbox: Allocator, bytes: number, written: number, costs: CostProfile | undefined) {
  const running = { sandbox, records: callocLoopRecords(bytes, written), costs };
  const cost = withinMemory(() => runLoop(running, bytes));
  if (cost) expectZeroed(sandbox, bytes);
  return cost;
}

interface Running {
  sandbox: Allocator;
  records: TraceChunk;
  costs: CostProfile | undefined;
}

function runLoop(running: Running, bytes: number): LoopCost | undefined {
  const first = iterate(running, 1);
  const settled = settle(running, first);
  // A loop whose calloc fails costs nothing, which is not an answer.
  return running.sandbox.calloc(1, bytes) === 0 ? undefined : { bytes, ...settled, first };
}

/** Runs the loop on, after its first iteration, until it costs the same again and again. */
function settle(running: Running, first: IterationCost) {
  let [cost, alike] = [first, 1];
  for (let done = 1; done < PATIENCE; done++) {
    const next = iterate(running, 1);
    alike = isSame(next, cost) ? alike + 1 : 1;
    cost = next;
    if (alike < ALIKE) continue;
    if (isSame(iterate(running, CONFIRMING), cost)) return { ...cost, settledAfter: done + 1 - alike };
    done += CONFIRMING;
    alike = 0;
  }
  return iterate(running, PATIENCE);
}

/** Runs the loop `times` times. Returns the mean cost of an iteration. */
function iterate({ sandbox, records, costs }: Running, times: number): IterationCost {
  const before = sandbox.counters();
  sandbox.repeat(records, times);
  return perIteration(subtract(sandbox.counters(), before), times, costs);
}

function perIteration(counters: Counters, times: number, costs: CostProfile | undefined): IterationCost {
  const { zeroed, faults, syscalls, touched } = counters;
  const { kernel, allocator, needless } = zeroed;
  const ofAllKinds = totalFaults(faults);
  const made = SYSCALLS.filter((name) => syscalls[name] > 0);
  return {
    zeroed: { kernel: kernel / times, allocator: allocator / times, needless: needless / times },
    faults: (Number.isNaN(ofAllKinds) ? touched.written : ofAllKinds) / times,
    syscalls: Object.fromEntries(made.map((name) => [name, syscalls[name] / times])),
    simulatedSeconds: costs ? simulatedTime(counters, costs).seconds / times : Number.NaN,
  };
}

function isSame(one: IterationCost, other: IterationCost): boolean {
  return (
    one.zeroed.kernel === other.zeroed.kernel &&
    one.zeroed.allocator === other.zeroed.allocator &&
    one.faults === other.faults &&
    hasSameSyscalls(one, other)
  );
}

/** Whether two iterations make the same system calls: a hint that they take the same path. */
export function hasSameSyscalls(one: IterationCost, other: IterationCost): boolean {
  return SYSCALLS.every((name) => one.syscalls[name] === other.syscalls[name]);
}
