/** The record of a bench: what its reports are drawn from, what shards write and what is merged. */

import type { Ratio } from "../base/statistics.js";
import type { Exhaustion } from "../foreign/replayer.js";
import type { OptionValues } from "../results/run.js";
import type { TouchPolicy } from "../sandbox/sandbox.js";

export interface BenchParameters {
  rounds: number;
  /** Passes of each round on one instance after its first. */
  passes: number;
  /** Most time each allocator may take on a trace, all rounds together. */
  budgetSeconds: number;
  /** Most memory a module may have. */
  memoryBytes: number;
  touch: TouchPolicy;
  /** Of the generated workload and of the intervals. */
  seed: number;
}

export interface SubjectInfo {
  name: string;
  /** Names of its functions that are not found by themselves, and its convention, as given. */
  options: OptionValues;
  /** Size of the module. */
  bytes: number;
  /** SHA-256 of the module. */
  hash: string;
}

export interface TraceInfo {
  name: string;
  /** With the frees of what the trace leaves, which are added so that it can be run again. */
  operations: number;
  /** Bytes the program holds at once, at most. */
  peakLiveBytes: number;
  /** SHA-256 of its records. */
  hash: string;
}

/** Nanoseconds an operation, one sample a round. */
export interface Timing {
  samples: number[];
  median: number;
  /** Half of the distance between the quartiles, as a part of the median. */
  spread: number;
  /** To the baseline in the same rounds on the same machine; null for the baseline itself. */
  ratio: Ratio | null;
}

/** What does not depend on the machine. */
export interface BenchCounts {
  /** Of the module's memory, in bytes: before, after the first pass (memory only grows), after the last. */
  memory: { initial: number; peak: number; final: number };
  /** The program's bytes at most, as a part of the memory's. */
  utilisation: number;
  /** What the first pass does; null where the module cannot be metered, or not in so little memory. */
  metered: MeteredCounts | null;
  /** Sentences about what is odd about the module, such as imports that trap when called. */
  findings: string[];
}

/**
 * As `WasmAllocator.counters` counts, from before the module started. What the program touches by the touch policy is
 * in it: that decides which pages are resident, and which clearing is needed. With touch none all is the allocator's
 * own, and whatever it clears that it did not write itself is needless.
 */
export interface MeteredCounts {
  /** Pages of 4 KiB, each counted once. Those written are what a fresh memory takes of the system's. */
  touched: { read: number; written: number; either: number };
  /**
   * Bytes the allocator set to zero, and those of them that read as zero before. Where it has a calloc of its own, all
   * its stores of zero count, of headers too; where calloc is composed, that clearing and memory.fill.
   */
  zeroed: { bytes: number; needless: number };
}

/** How an allocator came through a trace. */
export type Outcome =
  | {
      state: "done";
      /** Fewer than asked for where the budget ran out. */
      rounds: number;
      /** A new instance's first pass. */
      first: Timing;
      /** All further passes of an instance. */
      steady: Timing;
      /** The same as `steady` with every call from JavaScript; null where the convention is not C's. */
      javascript: Timing | null;
      counts: BenchCounts;
    }
  /** It had no memory for some of what was asked, and said so, or trapped when its memory was refused to grow. */
  | ({ state: "exhausted" } & Exhaustion)
  /** It did not finish one round. */
  | { state: "late"; seconds: number }
  /** It trapped, broke the contract of an allocator, or could not be opened. */
  | { state: "failed"; error: string; message: string };

export type Done = Extract<Outcome, { state: "done" }>;

export interface BenchResult {
  subject: string;
  trace: string;
  /** Which shard measured it. */
  shard: number;
  /** Whether nothing is left to be done for it: it has all its rounds, or ended before. */
  finished: boolean;
  outcome: Outcome;
}

export interface Shard {
  /** From 1. */
  index: number;
  count: number;
}

export interface BenchRecord {
  scenario: "bench";
  version: string;
  /** SHA-256 of all that decides what is measured: equal in all shards of one run. */
  identity: string;
  /** Whether every job of the shard was done. */
  complete: boolean;
  /** Null for a whole run. */
  shard: Shard | null;
  /** For each time that it was continued after an interruption, how many results were kept from before. */
  resumed: number[];
  /** The machines it was measured on, by shard. */
  hosts: { shard: number; description: string }[];
  parameters: BenchParameters;
  /** The subject whose time is 1. */
  baseline: string;
  subjects: SubjectInfo[];
  traces: TraceInfo[];
  /** By trace, then by subject, in the order of both lists. */
  results: BenchResult[];
}
