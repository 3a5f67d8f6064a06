import type { TimelinePoint } from "../../allocator/timeline.js";
import type { OptionValues } from "../../results/run.js";

/** The course of one allocator's replay. It is kept beside the report: the JSON contract has no room for it. */
export interface ReplayTimeline {
  allocator: string;
  options: OptionValues;
  points: readonly TimelinePoint[];
  /** The peak of what was resident, where that was counted: points may miss it. */
  peakResident?: number;
}
