/** The record of a benchmark: reports are made from it, shards write it, and merging reads it. */

import type { TouchPolicy } from "../allocator/access.js";
import type { Ratio } from "../base/statistics.js";
import type { Exhaustion } from "../foreign/module-allocator.js";
import type { OptionValues } from "../results/run.js";

export interface BenchParameters {
  rounds: number;
  /** Passes of each round on one instance, after its first. */
  passes: number;
  /** Time limit of each allocator on a trace, for all rounds together. */
  budgetSeconds: number;
  /** Memory limit of a module. */
  memoryBytes: number;
  touch: TouchPolicy;
  /** Runs in which each call is timed by itself. */
  latencyRuns: number;
  /** Seed of the generated workload and of the confidence intervals. */
  seed: number;
}

/** A subject: an allocator that is measured. */
export interface SubjectInfo {
  name: string;
  /** The function names and the calling convention that were given. */
  options: OptionValues;
  /** Size of the module. */
  bytes: number;
  /** SHA-256 of the module. */
  hash: string;
}

export interface TraceInfo {
  name: string;
  /** Operations, with the frees that close the trace. */
  operations: number;
  /** Most bytes the program holds at once. */
  peakLiveBytes: number;
  /** SHA-256 of its records. */
  hash: string;
}

/** Nanoseconds per operation, one sample per round. */
export interface Timing {
  samples: number[];
  median: number;
  /** The lower quartile: what disturbs a host only ever adds time. */
  low: number;
  /** Half the distance between the quartiles, as a part of the median. */
  spread: number;
  /** Ratio to the baseline in the same rounds on the same host; null for the baseline itself. */
  ratio: Ratio | null;
  /** What the ratio is of: of medians on the wall; of lower quartiles of CPU time, which noise moves less. */
  ratioOf: "median" | "low";
}

/** The times of the rounds by one clock. */
export interface Timings {
  /** The first pass of a new instance. */
  first: Timing;
  /** All further passes of an instance. */
  steady: Timing;
  /** As `steady`, with every call from JavaScript; null if the convention is not C's. */
  javascript: Timing | null;
}

/**
 * The clocks: the time on the wall, or the CPU time of the process, all its threads together, so with what its engine
 * compiles meanwhile.
 */
export type Clock = "wall" | "cpu";

/** The kinds of operation that call the allocator. */
export type CallKind = "malloc" | "calloc" | "aligned" | "realloc" | "free";

/** What the calls of one kind took, each in nanoseconds, with the clock's and the driver's part. */
export interface CallTimes {
  calls: number;
  median: number;
  /** 99 % of the calls took at most so long. */
  p99: number;
  worst: number;
  /** Calls by what they took: the lower end of each bar, a quarter of a doubling wide, and how many. Empty bars are left out. */
  histogram: [from: number, calls: number][];
}

/**
 * How long single calls took on the wall. The same calls ran `latencyRuns` times, each time on a new instance, and the
 * least time of each call counts, so that what disturbs the host does not look like the allocator's.
 */
export interface Latency {
  /** Of two readings of the clock in a row. It is in every time, beside the driver's part: `drivers` have both. */
  clockNs: number;
  /** The first pass of an instance, and its second. A kind of call that the trace does not have is absent. */
  first: Partial<Record<CallKind, CallTimes>>;
  steady: Partial<Record<CallKind, CallTimes>>;
}

/** What does not depend on the host. */
export interface BenchCounts {
  /**
   * Bytes of the module's memory: before, after the first pass (memory only grows), after the last. `image` are those
   * it begins with that are no allocator's, such as an application's data and stack; absent in older records.
   */
  memory: { initial: number; image?: number; peak: number; final: number };
  /** The program's peak of live bytes, as a part of the memory's peak without the image. */
  utilisation: number;
  /** The same peak of live bytes as a part of other measures of memory. */
  utilisations: {
    /**
     * Of what the memory grew by in the first pass; null if it grew by less, for then what a linker chose as its initial size
     * holds part of it.
     */
    growth: number | null;
    /**
     * Of the pages of 4 KiB that are touched in a first pass whose program touches every page of its objects; null where
     * `metered` would be.
     */
    resident: number | null;
  };
  /** What the first pass does; null if the module cannot be metered, or not within its memory limit. */
  metered: MeteredCounts | null;
  /** Sentences on oddities of the module, such as imports that trap when called. */
  findings: string[];
}

/**
 * Counted as by `WasmAllocator.counters`, from where the module has started. The touches of the touch policy are counted
 * too: they decide which pages are resident, and which clearing is needed. With touch `none` everything is the
 * allocator's own, and it clears needlessly whatever it did not write itself.
 */
export interface MeteredCounts {
  /** Pages of 4 KiB, each counted once. The system gives a fresh memory a frame for each page written. */
  touched: { read: number; written: number; either: number };
  /**
   * Bytes the allocator set to zero, and those of them that read as zero before. If it has its own calloc, all stores of
   * zero in it count, those to headers too. If calloc is composed, that clearing and memory.fill count.
   */
  zeroed: { bytes: number; needless: number };
}

/** What became of one allocator on one trace. */
export type BenchOutcome =
  | ({
      state: "done";
      /** Rounds done: fewer than asked for if the budget ran out. */
      rounds: number;
      /** The same by CPU time, where the times above are on the wall; null where the host counts it too coarsely. */
      cpu: Timings | null;
      /** The clock whose ratios are judged: those of the table, of means and of `--fail-if-slower`. */
      judged: Clock;
      /** The judged steady times without the driver's in the same rounds; null if that was not measured. */
      net: Timing | null;
      /** Null if it was not asked for, or the budget ended before. */
      latency: Latency | null;
      counts: BenchCounts;
    } & Timings)
  /** It ran out of memory: it said so, or it trapped when its memory could not grow. */
  | ({ state: "exhausted" } & Exhaustion)
  /** It did not finish one round. */
  | { state: "late"; seconds: number }
  /** It called a function of its host that is not known: nothing is said of it. */
  | { state: "undecided"; message: string }
  /** It trapped, broke the contract of an allocator, or could not be opened. */
  | { state: "failed"; error: string; message: string };

/** The outcome of a run that has no times. */
export type Unfinished = Exclude<BenchOutcome, { state: "done" }>;

export type Done = Extract<BenchOutcome, { state: "done" }>;

/** The times whose ratios are judged. Records of earlier versions have those on the wall alone. */
export const judgedTimes = (outcome: Done): Timings => outcome.cpu ?? outcome;

/** What the driver alone takes on a trace: the loop, the calls and the program's touches, on an allocator that does nothing. */
export interface DriverResult extends Timings {
  trace: string;
  /** Which shard measured it. */
  shard: number;
  cpu: Timings | null;
  latency: Latency | null;
}

export interface BenchResult {
  subject: string;
  trace: string;
  /** Which shard measured it. */
  shard: number;
  /** Whether nothing is left to measure: it has all its rounds, or it ended early. */
  finished: boolean;
  outcome: BenchOutcome;
}

export interface Shard {
  /** From 1. */
  index: number;
  count: number;
}

export interface BenchRecord {
  /** The number of its form, as written (report/json.ts); absent in records of earlier versions. */
  schema?: number;
  scenario: "bench";
  version: string;
  /** SHA-256 of all that decides what is measured; equal in all shards of one run. */
  identity: string;
  /** SHA-256 of all the rest, so that a file that was changed or damaged is found (digest.ts). Not in older records. */
  digest?: string;
  /** Whether every job of the shard is done. */
  complete: boolean;
  /** Null for a whole run. */
  shard: Shard | null;
  /** For each time the run was resumed, the number of results kept from before. */
  resumed: number[];
  /** The hosts that measured, by shard. */
  hosts: { shard: number; description: string }[];
  parameters: BenchParameters;
  /** The subject whose time is 1. */
  baseline: string;
  subjects: SubjectInfo[];
  traces: TraceInfo[];
  /** By trace, then by subject, in the order of both lists. */
  results: BenchResult[];
  /** By trace and shard. A trace on which the driver's time was not measured has none. */
  drivers: DriverResult[];
}
