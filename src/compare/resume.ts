/** Resumes a run that was interrupted. */
import { isDeepStrictEqual } from "node:util";
import { differenceOf, identityOf } from "./identity.js";
import { MergeError } from "./merge.js";
import type { BenchRecord } from "./record.js";

/**
 * The plan of a run, with the finished results of the record `before`, whose file is `name`.
 * @throws MergeError saying in what the two differ, and what to do.
 */
export function resume(plan: BenchRecord, before: BenchRecord, name: string): BenchRecord {
  if (before.identity !== identityOf(before)) {
    throw new MergeError(`${name} was changed after it was written: start a new run`);
  }
  const shards = [before, plan].map(({ shard }) => (shard ? `${shard.index}/${shard.count}` : "none"));
  const difference =
    differenceOf(before, plan) || (shards[0] !== shards[1] && `shard (${shards.join(" and ")})`);
  if (difference) {
    const remedy = "resume with the same version, modules, traces and options, or start a new run";
    throw new MergeError(`${name} is of another run, which differs in ${difference}: ${remedy}`);
  }
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
