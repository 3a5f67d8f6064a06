import type { Counters, Syscall } from "../allocator/counters.js";
import type { TimelinePoint } from "../allocator/timeline.js";
import type { SimulatedTime } from "../costs/simulate.js";

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
  /** Sentences about what is odd about a wasm module, such as imports that trap when called. */
  notes?: string[];
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
  /** Minor faults of all three kinds; in linear memory those that take a frame, one for each page first written. */
  faults: number;
  /** System calls by kind; only those that were made. */
  syscalls: Partial<Record<Syscall, number>>;
  /** How long it would take on the machine of the cost profile, in seconds; NaN where the allocator really ran. */
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
  /** Name of the cost profile of its simulated seconds; absent where the allocator really ran. */
  costs?: string;
  /** Sentences about what is odd about a wasm module, such as imports that trap when called. */
  notes?: string[];
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

/** How a library gets the buffer of a read: CFFI before 1.10, CFFI 1.10, and the fix. */
export const BUFFER_WAYS = ["malloc+memset", "calloc", "malloc"] as const;
export type BufferWay = (typeof BUFFER_WAYS)[number];

/** A body read in buffers of one size, got in one way from one allocator. */
export interface IterContentResult {
  allocator: string;
  options: OptionValues;
  way: BufferWay;
  /** Size of each buffer. */
  chunk: number;
  /** Bytes read in all. */
  body: number;
  counters: Counters;
  /** Reads; bytes the library cleared itself, and those of them on pages that were all zero. */
  library: { reads: number; cleared: number; needless: number };
  /** With what the library cleared, which is priced as the allocator's clearing. */
  simulated: SimulatedTime;
  /** Of the body; null where reading costs nothing. */
  bytesPerSecond: number | null;
}

/** The record the reports about reading a body are drawn from; as JSON, the command line's contract. */
export interface IterContentReport {
  scenario: "iter-content";
  parameters: { body: number };
  results: IterContentResult[];
}

/** One allocator's settled loop, by the part of its pages that is written. */
export interface CallocFix {
  allocator: string;
  options: OptionValues;
  /** Name of the cost profile. */
  costs: string;
  /** Size of each block. */
  bytes: number;
  points: (IterationCost & { share: number; pages: number })[];
}

/** From how many pages written on the cheaper of two allocators is another one. */
export interface Crossover {
  pages: number;
  /** The same as a part of all pages. */
  share: number;
  /** Which costs less from there on. */
  cheaperAbove: "one" | "other";
}

/** A crossover with the names of both, as the command line takes them. */
export interface NamedCrossover extends Crossover {
  one: string;
  other: string;
}

/** The record the reports about fixes of calloc are drawn from; as JSON, the command line's contract. */
export interface CallocFixesReport {
  scenario: "calloc-fixes";
  parameters: { bytes: number; costs: string };
  results: CallocFix[];
  /** Of the first allocator with each other, where there is one. */
  crossovers: NamedCrossover[];
}
