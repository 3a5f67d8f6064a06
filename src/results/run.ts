import type { Counters } from "../allocator/counters.js";
import type { Mark } from "../allocator/marks.js";
import type { TimelinePoint } from "../allocator/timeline.js";
import type { SimulatedTime } from "../costs/simulate.js";
import type { CostKind } from "./loop.js";

/** A model's options as given, numbers in bytes or plain. */
export type OptionValues = Record<string, string | number>;

/** What an experiment was run with, sizes in bytes. */
export type Parameters = Record<string, string | number>;

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
  /** What there was at the marks of a trace, and before and after a trim at its end; absent if there was neither. */
  marks?: Mark[];
  /** Bytes after every so many operations, if they were asked for. */
  timeline?: TimelinePoint[];
  /**
   * Whether a second pass of a replay held all blocks against a shadow, and found nothing wrong; absent where
   * none is made, as of models unless `--verify` asks for it.
   */
  verified?: boolean;
  /** Sentences: what is odd about a wasm module, such as imports that trap when called; how sure a model is. */
  notes?: string[];
}

/** The one record every report is drawn from; as JSON, the command line's contract. */
export interface Report {
  scenario: string;
  parameters: Parameters;
  results: Result[];
}
