import type { Counters } from "../allocator/counters.js";
import type { SimulatedTime } from "../costs/simulate.js";
import type { OptionValues } from "./run.js";

/** A loop of which a part of each block is written. */
export interface IdleZeroingPoint {
  /** Part of the block that is written, 0 to 1. */
  share: number;
  /** Minor faults of all kinds, and bytes zeroed. */
  faults: number;
  zeroed: Counters["zeroed"];
  /** As kernels are: a frame is zeroed in the fault that takes it. */
  onFault: SimulatedTime;
  /** As if it had been zeroed before, in time that nobody misses. */
  idle: SimulatedTime;
}

/** The loops of one allocator. */
export interface IdleZeroingResult {
  allocator: string;
  options: OptionValues;
  /** Sentences about how sure the model is. */
  notes?: string[];
  points: IdleZeroingPoint[];
}

/** The record that reports about zeroing in idle time are drawn from; as JSON, the command line's contract. */
export interface IdleZeroingReport {
  scenario: "idle-zeroing";
  parameters: { bytes: number; count: number; costs: string };
  results: IdleZeroingResult[];
}
