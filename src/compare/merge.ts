/** Makes one record of the shards of a run. */
import { isDeepStrictEqual } from "node:util";
import { ZeropageError } from "../base/errors.js";
import { differenceOf, identityOf } from "./identity.js";
import type { BenchRecord, BenchResult } from "./record.js";
import { jobsOf } from "./shards.js";

/** Records that do not belong to one run. */
export class MergeError extends ZeropageError {
  override name = "MergeError";
}

const REMEDY = "run all shards with the same version, modules, traces and options";

/** A record and where it is from. */
export interface Part {
  name: string;
  record: BenchRecord;
}

/**
 * The whole run: its counts are what one machine would have given, its times those of each machine, compared with the
 * baseline's on the same. The baseline's own times are those of the first shard that has the trace.
 * @throws MergeError naming the parts that do not fit, and what to do.
 */
export function mergeShards(parts: readonly Part[]): BenchRecord {
  checkParts(parts);
  const sorted = parts.map(({ record }) => record).sort((one, other) => indexOf(one) - indexOf(other));
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

function together(records: readonly BenchRecord[]): Pick<BenchRecord, "hosts" | "resumed"> {
  return {
    hosts: records.flatMap(({ hosts }) => hosts),
    resumed: records.flatMap(({ resumed }) => resumed),
  };
}

const indexOf = ({ shard }: BenchRecord): number => shard?.index ?? 0;

function checkParts(parts: readonly Part[]): void {
  const [first] = parts;
  if (!first) throw new MergeError("there is nothing to merge: name the files of all shards");
  for (const { name, record } of parts) {
    if (!record.shard) throw new MergeError(`${name} is a whole run: merge what --shard wrote`);
    if (!record.complete) throw new MergeError(`${name} was interrupted: run its shard again`);
    if (record.identity !== identityOf(record)) {
      throw new MergeError(`${name} was changed after it was written: run its shard again`);
    }
    if (record.identity !== first.record.identity || record.shard.count !== first.record.shard?.count) {
      throw new MergeError(
        `${name} and ${first.name} are of different runs, in ${differenceOf(first.record, record) || "number of shards"}: ${REMEDY}`,
      );
    }
  }
  checkNumbers(parts);
}

function checkNumbers(parts: readonly Part[]): void {
  const count = parts[0]?.record.shard?.count as number;
  const holders = Array.from({ length: count }, (_, at) =>
    parts.filter(({ record }) => record.shard?.index === at + 1).map(({ name }) => name),
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

/** The first of what several shards found of one job. */
function agreed(found: readonly BenchResult[], name: string): BenchResult {
  const [first, ...others] = found;
  if (!first) throw new MergeError(`no shard has ${name}: run its shard again`);
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
