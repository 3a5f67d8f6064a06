/** Whether calls cost the same over and over, at whatever size. */
import type { Allocator } from "../allocator/allocator.js";
import { type Counters, subtract, totalFaults } from "../allocator/counters.js";
import { ROUNDING_PAGES, work } from "../experiments/loop/cost.js";

/** How `toHaveConstantCost` calls. */
export interface ConstantCostOptions {
  /** Sizes that the call is given, one after another. Default: none, and it is only repeated. */
  sizes?: readonly number[];
  /** Calls of each size whose costs are compared. Default 16. */
  times?: number;
}

/** Calls before an allocator has settled: at least as many as any cache has slots. */
const SETTLING = 16;

/** A call, what size it was given, and its work: bytes zeroed by anyone, and a page for each fault. */
export interface CallCost {
  bytes: number | undefined;
  /** From 1, of those with this size. */
  number: number;
  work: number;
}

/** The cheapest and the dearest of the calls, once those of each size have settled. */
export function extremeCosts(
  allocator: Allocator,
  call: (bytes: number) => unknown,
  { sizes, times = 16 }: ConstantCostOptions,
): { least: CallCost; most: CallCost } {
  const costs: CallCost[] = [];
  for (const bytes of sizes ?? [undefined]) {
    for (let number = 1; number <= SETTLING + times; number++) {
      const before = allocator.counters();
      call(bytes as number);
      const cost = workOf(subtract(allocator.counters(), before), allocator.pageBytes);
      if (number > SETTLING) costs.push({ bytes, number, work: cost });
    }
  }
  const [first, ...others] = costs;
  if (!first) throw new RangeError("toHaveConstantCost needs sizes, and times of at least 1");
  const dearer = (one: CallCost, other: CallCost) => (other.work > one.work ? other : one);
  const cheaper = (one: CallCost, other: CallCost) => (other.work < one.work ? other : one);
  return { least: others.reduce(cheaper, first), most: others.reduce(dearer, first) };
}

/** Whether two costs differ by no more than rounding to pages may make. */
export function isAlike(least: CallCost, most: CallCost, pageBytes: number): boolean {
  return most.work - least.work <= ROUNDING_PAGES * pageBytes;
}

/** NaN where nothing is measured. */
function workOf({ zeroed, faults, touched }: Counters, pageBytes: number): number {
  const ofAllKinds = totalFaults(faults);
  const taken = Number.isNaN(ofAllKinds) ? touched.written : ofAllKinds;
  return work({ zeroed, faults: taken }, pageBytes);
}
