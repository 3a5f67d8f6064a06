import type { SiteEvents } from "../sandbox/site-events.js";
import type { OptionValues, Parameters } from "./run.js";

/** Objects, and the bytes that were asked for them. */
export interface Amount {
  objects: number;
  bytes: number;
}

/** What was allocated at one site, and what happened in the allocator and the kernel in its operations. */
export interface SiteUse extends SiteEvents {
  /** Simulated time of those events. */
  seconds: number;
  /** Who called, the outermost first; `unknown` for operations that name no site. */
  frames: string[];
  /** What was allocated here and is not freed at the end of the trace. */
  live: Amount;
  /** The same at the moment when the program first held the most bytes. */
  peak: Amount;
  /** All that was ever allocated here. A realloc frees at the old site, and allocates here. */
  allocated: Amount;
}

/** A trace on one allocator, by site. */
export interface SitesReport {
  scenario: "profile";
  parameters: Parameters;
  allocator: string;
  options: OptionValues;
  /** Sentences about how sure the model is. */
  notes?: string[];
  /** Name of the cost profile of the simulated time. */
  costs: string;
  /** Allocations that returned 0 though something was asked for: they are at no site. */
  failedAllocations: number;
  /** In the order in which the trace names them. Sites at which nothing happened are left out. */
  sites: SiteUse[];
}
