import type { Counters, Syscall } from "../allocator/counters.js";

/** How cost per iteration grows with the size asked for. */
export type CostKind = "constant" | "linear";

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
