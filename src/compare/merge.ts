/** Merges the records of a run's shards into one. */
import { isDeepStrictEqual } from "node:util";
import { ZeropageError } from "../base/errors.js";
import { differenceOf, identityOf } from "./identity.js";
import type { BenchRecord, BenchResult } from "./record.js";
import { jobsOf } from "./shards.js";

/** The records do not belong to one run. */
export class MergeError extends ZeropageError {
  override name = "MergeError";
}

const REMEDY = "run all shards with the same version, modules, traces and options";

/** The record of a shard, and the file it is from. */
export interface ShardFile {
  name: string;
  record: BenchRecord;
}

/**
 * The record of the whole run. Its counts do not depend on the host. Its times are those of each host, compared with the
 * baseline's on the same host. The baseline's own times are those of the first shard that has the trace.
 * @throws MergeError naming the files that do not fit, and what to do.
 */
export function mergeShards(files: readonly ShardFile[]): BenchRecord {
  checkFiles(files);
  const sorted = files.map(({ record }) => record).sort((one, other) => indexOf(one) - indexOf(other));
  const [first] = sorted as [BenchRecord, ...BenchRecord[]];
  const results = jobsOf(first, null).map(({ subject, trace }) => {
    const names = [first.subjects[subject]?.name, first.traces[trace]?.name];
    const found = sorted.flatMap((record) =>
      record.results.filter((result) => result.subject === names[0] && result.trace === names[1]),
    );
    return agreed(found, names.join(" on "));
  });
  return { ...first, complete: true, shard: null, results, ...together(sorted) };
}

function together(records: readonly BenchRecord[]): Pick<BenchRecord, "hosts" | "resumed" | "drivers"> {
  return {
    hosts: records.flatMap(({ hosts }) => hosts),
    resumed: records.flatMap(({ resumed }) => resumed),
    drivers: records.flatMap(({ drivers }) => drivers),
  };
}

const indexOf = ({ shard }: BenchRecord): number => shard?.index ?? 0;

function checkFiles(files: readonly ShardFile[]): void {
  const [first] = files;
  if (!first) throw new MergeError("there is nothing to merge: name the files of all shards");
  for (const { name, record } of files) {
    if (!record.shard) throw new MergeError(`${name} is a whole run: merge files that --shard wrote`);
    if (!record.complete) throw new MergeError(`${name} was interrupted: run its shard again`);
    if (record.identity !== identityOf(record)) {
      throw new MergeError(`${name} was changed after it was written: run its shard again`);
    }
    if (record.identity !== first.record.identity || record.shard.count !== first.record.shard?.count) {
      throw new MergeError(
        `${name} and ${first.name} are of different runs, which differ in ${differenceOf(first.record, record) || "number of shards"}: ${REMEDY}`,
      );
    }
  }
  checkNumbers(files);
}

function checkNumbers(files: readonly ShardFile[]): void {
  const count = files[0]?.record.shard?.count as number;
  const holders = Array.from({ length: count }, (_, at) =>
    files.filter(({ record }) => record.shard?.index === at + 1).map(({ name }) => name),
  );
  const doubled = holders.find((names) => names.length > 1);
  if (doubled) throw new MergeError(`${doubled.join(" and ")} are the same shard: leave one out`);
  const missing = holders.flatMap((names, at) => (names.length === 0 ? [`${at + 1}/${count}`] : []));
  if (missing.length > 0) {
    throw new MergeError(
      `there is no shard ${missing.join(", ")}: run zeropage bench with --shard ${missing[0]}`,
    );
  }
}

/** The first of several shards' results for one job. @throws MergeError unless their counts agree. */
function agreed(found: readonly BenchResult[], name: string): BenchResult {
  const [first, ...others] = found;
  if (!first) throw new MergeError(`no shard has a result for ${name}: run its shard again`);
  const exact = ({ outcome }: BenchResult) => (outcome.state === "done" ? outcome.counts : null);
  const odd = others.find(
    (other) => exact(other) && exact(first) && !isDeepStrictEqual(exact(other), exact(first)),
  );
  if (odd) {
    throw new MergeError(
      `shards ${first.shard} and ${odd.shard} count ${name} differently: is the allocator deterministic, and Node the same?`,
    );
  }
  return first;
}
