import type { SimulatedTime } from "../costs/simulate.js";
import type { Counters, Syscall } from "../counters.js";
import type { TimelinePoint } from "../timeline.js";

export type { TimelinePoint };

/** A model's options as given, numbers in bytes or plain. */
export type OptionValues = Record<string, string | number>;
export type Parameters = Record<string, string | number>;

/** How cost per iteration grows with the size asked for. */
export type CostKind = "constant" | "linear";

/** One allocator under one set of parameters. The counters are exact; `hostSeconds` is this host's wall clock. */
export interface Result {
  allocator: string;
  options: OptionValues;
  parameters: Parameters;
  counters: Counters;
  hostSeconds: number;
  /** How long it would take on the machine of a cost profile; absent where the allocator really ran. */
  simulated?: SimulatedTime;
  /** Scenarios that repeat one operation say how its cost grows. */
  cost?: CostKind;
}

/** How one allocator's replay went on. Kept beside the report, for the JSON contract has no room for it. */
export interface Timeline {
  allocator: string;
  options: OptionValues;
  points: readonly TimelinePoint[];
}

/** The one record every report is drawn from; as JSON, the command line's contract. */
export interface Report {
  scenario: string;
  parameters: Parameters;
  results: Result[];
}

/** A size at which the cost of the untouched loop changes kind. */
export interface Cliff {
  /** The largest request of the lower side. */
  bytes: number;
  /** How cost grows up to there, and from one byte more on. */
  below: CostKind;
  above: CostKind;
}

/** What one iteration of a loop has the machine do. A mean over settled iterations need not be whole. */
export interface IterationCost {
  /** Bytes set to zero; `needless` counts those of `allocator` that already read as zero. */
  zeroed: Counters["zeroed"];
  /** Minor faults of all three kinds. */
  faults: number;
  /** System calls by kind; only those that were made. */
  syscalls: Partial<Record<Syscall, number>>;
  /** How long it would take on the machine of the cost profile, in seconds. */
  simulatedSeconds: number;
}

/** What an iteration costs at one size once the loop has settled. */
export interface LoopCost extends IterationCost {
  /** Size of each block. */
  bytes: number;
  /** How many iterations passed before one cost what all later ones do; absent if they never cost the same. */
  settledAfter?: number;
  /** What the first iteration cost. */
  first: IterationCost;
}

/** One point of a curve of cost against size. */
export interface CurvePoint extends LoopCost {
  /** How cost grows about this size. */
  cost: CostKind;
}

/** How one allocator's untouched loop costs over sizes. */
export interface CliffsResult {
  allocator: string;
  options: OptionValues;
  /** Name of the cost profile of its simulated seconds. */
  costs: string;
  /** In ascending order; none where cost is of one kind throughout. */
  cliffs: Cliff[];
  /** In ascending order: sizes evenly spread by ratio, the ends, and both sides of each cliff. */
  points: CurvePoint[];
}

/** The record the reports about cliffs are drawn from; as JSON, the command line's contract. */
export interface CliffsReport {
  scenario: "cliffs";
  parameters: { from: number; to: number };
  results: CliffsResult[];
}
