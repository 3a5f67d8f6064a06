/** Resumes a run that was interrupted. */
import { isDeepStrictEqual } from "node:util";
import { BENCH_RUN } from "./identity.js";
import { checkResumed } from "./one-run.js";
import type { BenchRecord } from "./record.js";

/**
 * The plan of a run, with the finished results of the record `before`, whose file is `name`.
 * @throws MergeError saying in what the two differ, and what to do.
 */
export function resume(plan: BenchRecord, before: BenchRecord, name: string): BenchRecord {
  checkResumed(plan, before, name, BENCH_RUN);
  if (before.complete) return before;
  const known = before.hosts.some((host) => plan.hosts.every((one) => isDeepStrictEqual(one, host)));
  return {
    ...plan,
    hosts: known ? before.hosts : [...before.hosts, ...plan.hosts],
    resumed: [...before.resumed, before.results.filter(({ finished }) => finished).length],
    results: before.results,
    drivers: before.drivers,
  };
}
