import type { CostKind, LoopCost } from "./loop.js";
import type { OptionValues } from "./run.js";

/** A size at which the cost of the untouched loop changes kind. */
export interface Cliff {
  /** The largest request of the lower side. */
  bytes: number;
  /** How cost grows up to there, and from one byte more on. */
  below: CostKind;
  above: CostKind;
}

/** Sizes, both included. */
export interface SizeRange {
  from: number;
  to: number;
}

/** Narrow ranges of sizes, all as wide, whose cost is of another kind than that of the sizes around them. */
export interface Bands {
  /** How cost grows within. */
  cost: CostKind;
  /** The first and the last of them. */
  first: SizeRange;
  last: SizeRange;
  /** Bytes from one to the next; 0 where there is one only. */
  period: number;
  count: number;
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
  /** Sentences: what is odd about a wasm module, such as imports that trap when called; how sure a model is. */
  notes?: string[];
  /** In ascending order; none where cost is of one kind throughout. */
  cliffs: Cliff[];
  /** In ascending order; none where cost is as the cliffs say at every size. */
  bands: Bands[];
  /** In ascending order: sizes evenly spread by ratio, the ends, and both sides of each cliff. */
  points: CurvePoint[];
}

/** The record the reports about cliffs are drawn from; as JSON, the command line's contract. */
export interface CliffsReport {
  scenario: "cliffs";
  parameters: { from: number; to: number };
  results: CliffsResult[];
}
