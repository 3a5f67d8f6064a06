import type { TimelinePoint } from "../../allocator/timeline.js";
import type { OptionValues } from "../../results/run.js";

/** How one allocator's replay went on. Kept beside the report, for the JSON contract has no room for it. */
export interface ReplayTimeline {
  allocator: string;
  options: OptionValues;
  points: readonly TimelinePoint[];
}
