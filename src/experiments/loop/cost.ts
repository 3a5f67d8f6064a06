/** What one iteration of Benfield's loop costs, at one size. */

import type { Allocator } from "../../allocator/allocator.js";
import { type Counters, SYSCALLS, subtract } from "../../allocator/counters.js";
import { ModuleTrap, OutOfMemory } from "../../base/errors.js";
import type { CostProfile } from "../../costs/profile.js";
import { simulatedTime } from "../../costs/simulate.js";
import type { IterationCost, LoopCost } from "../../results/results.js";
import type { SandboxOptions } from "../../sandbox/sandbox.js";
import { TraceEncoder } from "../../trace/encode.js";
import type { TraceChunk } from "../../trace/trace.js";
import { costsOf, notesOf, type Opener, prepareAllocator } from "../open.js";

/** So many iterations at one cost, and as many as any cache here has places for after them, and a loop has settled. */
const ALIKE = 4;
const CONFIRMING = 16;
/** A loop that has not settled after so many iterations costs the mean of as many more. */
const PATIENCE = 64;

/** Benfield's loop on one allocator. */
export interface Loop {
  pageBytes: number;
  /** What simulated time is counted with, if it is. */
  costs?: CostProfile | undefined;
  /** What is odd about a module. */
  notes?: string[];
  /** Measures it at one size. Gives nothing for a size the allocator has not the memory for. */
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

/** Bytes zeroed by anyone, and a page's worth for each fault: what a machine has to do. */
export function work({ zeroed, faults }: IterationCost, pageBytes: number): number {
  return zeroed.kernel + zeroed.allocator + faults * pageBytes;
}

/** What a loop runs on. */
export interface LoopSubject {
  /** A model, or the path of a wasm module. */
  model: string;
  options?: SandboxOptions;
  /** Opens the allocator that `model` then only names: a module that is no file, or that is given limits. Metered. */
  open?: Opener;
  /** What simulated time is counted with; by default the profile of the kernel. */
  costs?: CostProfile;
}

/** The loop on a new instance for each size, of which the first `written` part is written. @throws OptionError */
export async function openLoop(subject: LoopSubject, written: number): Promise<Loop> {
  const open = subject.open ?? (await prepareAllocator(subject.model, subject.options));
  const first = await open();
  const costs = costsOf(first, subject.costs);
  return {
    pageBytes: first.pageBytes,
    costs,
    ...notesOf(first),
    costAt: async (bytes) => measureLoop(await open(), bytes, written, costs),
  };
}

function measureLoop(sandbox: Allocator, bytes: number, written: number, costs: CostProfile | undefined) {
  try {
    return runLoop({ sandbox, records: callocLoopRecords(bytes, written), costs }, bytes);
  } catch (error) {
    // Some modules trap where they should return 0.
    if (error instanceof OutOfMemory || error instanceof ModuleTrap) return undefined;
    throw error;
  } finally {
    sandbox.close();
  }
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

/** Runs the loop so many times. Returns what one of them cost, in the mean. */
function iterate({ sandbox, records, costs }: Running, times: number): IterationCost {
  const before = sandbox.counters();
  sandbox.repeat(records, times);
  return perIteration(subtract(sandbox.counters(), before), times, costs);
}

function perIteration(counters: Counters, times: number, costs: CostProfile | undefined): IterationCost {
  const { zeroed, faults, syscalls, touched } = counters;
  const { kernel, allocator, needless } = zeroed;
  const { zeroMap, zeroFill, copyOnWrite } = faults;
  const ofAllKinds = zeroMap + zeroFill + copyOnWrite;
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
