import type { IterationCost } from "./loop.js";
import type { OptionValues } from "./run.js";

/** One allocator's settled loop, by the part of its pages that is written. */
export interface CallocFix {
  allocator: string;
  options: OptionValues;
  /** Sentences about how sure the model is. */
  notes?: string[];
  /** Name of the cost profile. */
  costs: string;
  /** Size of each block. */
  bytes: number;
  points: (IterationCost & { share: number; pages: number })[];
}

/** Where the cheaper of two allocators changes, by the number of pages written. */
export interface Crossover {
  pages: number;
  /** The same as a part of all pages. */
  share: number;
  /** Which one costs less from there on. */
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
