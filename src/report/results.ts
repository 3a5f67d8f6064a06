import type { Counters } from "../counters.js";
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
