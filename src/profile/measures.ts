import { type Counters, totalFaults } from "../allocator/counters.js";
import type { CostProfile } from "../costs/profile.js";
import { type Events, simulatedTime } from "../costs/simulate.js";

/** What a value of a stack is. */
export interface SampleType {
  name: string;
  unit: "nanoseconds" | "bytes" | "count";
}

/** A quantity that a profile has for each stack. Always a whole number. */
export interface Measure extends SampleType {
  of(counters: Counters, costs: CostProfile): number;
}

/** All measures. A profile is mainly about the first. */
export const MEASURES: readonly Measure[] = [
  { name: "simulated time", unit: "nanoseconds", of: (counters, costs) => nanoseconds(counters, costs) },
  { name: "zeroed", unit: "bytes", of: ({ zeroed }) => zeroed.kernel + zeroed.allocator },
  { name: "needlessly zeroed", unit: "bytes", of: ({ zeroed }) => zeroed.needless },
  { name: "faults", unit: "count", of: ({ faults }) => totalFaults(faults) },
  {
    name: "system calls",
    unit: "count",
    of: ({ syscalls }) => Object.values(syscalls).reduce((one, other) => one + other, 0),
  },
];

function nanoseconds(events: Events, costs: CostProfile): number {
  return Math.round(simulatedTime(events, costs).seconds * 1e9);
}
