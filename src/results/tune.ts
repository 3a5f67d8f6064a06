import type { Ratio } from "../base/statistics.js";
import type { OptionValues, Parameters } from "./run.js";

/** What is to be small: resident memory, simulated time, or both at once. */
export type TuneGoal = "resident" | "time" | "both";

/** All of them, the usual one first. */
export const TUNE_GOALS: readonly TuneGoal[] = ["both", "resident", "time"];

/** What the replay of one trace comes to. All but the average are exact. */
export interface TuneFigures {
  /** Bytes. */
  peakResident: number;
  /** Bytes, the mean of moments that are spread evenly over the operations. */
  averageResident: number;
  /** Simulated: of faults, zeroing and system calls. What the allocator itself computes is not in it. */
  seconds: number;
  faults: number;
  syscalls: number;
  /** Bytes that the allocator set to zero though they already read as zero. */
  needless: number;
}

/** What settings come to, as parts of what the baseline comes to, or where that did not come through the first that did; of several traces the geometric mean. */
export interface TuneRatios {
  /** The geometric mean of those of peak and average. */
  resident: number;
  time: number;
}

/** An allocator with settings, and what became of it. */
export interface TuneResult {
  allocator: string;
  /** Those that it was given, and those that were tried. */
  options: OptionValues;
  outcome:
    | { state: "done"; figures: TuneFigures[]; ratios: TuneRatios }
    /** It aborted, or memory was refused; `refused` is a setting that the real allocator does not take. */
    | { state: "failed" | "refused"; message: string };
  /** Why it is not recommended, whatever it comes to: sentences. */
  unsure?: string[];
  /** What reports of its allocator say, with the first of it. */
  notes?: string[];
}

/** A way to set what is recommended: lines of the environment, of GLIBC_TUNABLES, or of the program in C. */
export interface TuneWay {
  way: "environment" | "tunables" | "program";
  lines: string[];
}

/** The recommendation where something is otherwise: the bounds of what it is worth. */
export interface TuneVariation {
  name: string;
  /** Parts of what the baseline, or what stands in its place, comes to under the same conditions; null where a run failed. */
  ratios: TuneRatios | null;
}

/** What is best, by its place in `results`. */
export interface TuneRecommendation {
  result: number;
  /** Whether it is the baseline: no settings are clearly better. */
  isBaseline: boolean;
  ways: TuneWay[];
  /** Settings of which the documents do not say how the real allocator is given them. */
  unknownWays: string[];
  /** The one setting, or the change of allocator alone, that brings most; `share` is its part of the whole gain. */
  alone?: { result: number; share: number };
  variations: TuneVariation[];
  /** Where a variation makes it worse than the baseline: the best that is not, of a few others that set other options. */
  sturdier?: { result: number; ways: TuneWay[]; variations: TuneVariation[] };
}

/** What a run comes to by the same looks, simulated and real: resident bytes that the allocator got since main, at some moments. */
export interface TuneRealFigures {
  faults: number;
  averageResident: number;
  peakResident: number;
  lastResident: number;
}

/** A candidate that was run for real on a trace. */
export interface TuneRealRun {
  /** Its place in `results`. */
  result: number;
  trace: string;
  predicted: TuneRealFigures;
  measured: TuneRealFigures;
}

/** Proof: the baseline and the recommendation, run for real, beside what was predicted. */
export interface TuneProof {
  runs: TuneRealRun[];
  /**
   * CPU time of the recommendation, as a part of the baseline's, over all traces that were run, with its 95 % interval; `predicted` is that of
   * simulated time. Absent where only the baseline was run.
   */
  time?: { measured: Ratio; predicted: number };
  /** What was not run, or is not the same, in sentences. */
  notes: string[];
}

/** Why the search ended. `converged`: nothing was left to try. */
export type TuneEnd = "converged" | "settings" | "time" | "interrupted";

/** All that was tried, and what is best. */
export interface TuneReport {
  scenario: "tune";
  parameters: Parameters;
  traces: {
    name: string;
    operations: number;
    threads?: number;
    /** Of a program of a public report: what its reporters found, in a sentence. */
    published?: string;
  }[];
  ended: TuneEnd;
  /** In the order in which they were tried. The first is the baseline: the first allocator as it is. */
  results: TuneResult[];
  /** The places of those that none surpasses in both resident memory and time, the least time first. */
  front: number[];
  /** None if nothing could be recommended. */
  recommendation: TuneRecommendation | null;
  /** Only if it was asked for. */
  proof?: TuneProof;
}
