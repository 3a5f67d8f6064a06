/** Merges the records of a run's shards into one. */
import { isDeepStrictEqual } from "node:util";
import { BENCH_RUN } from "./identity.js";
import { checkShards, MergeError, type RunFile } from "./one-run.js";
import type { BenchRecord, BenchResult } from "./record.js";
import { jobsOf } from "./shards.js";

/**
 * The record of the whole run. Its counts do not depend on the host. Its times are those of each host, compared with the
 * baseline's on the same host. The baseline's own times are those of the first shard that has the trace.
 * @throws MergeError naming the files that do not fit, and what to do.
 */
export function mergeShards(files: readonly RunFile<BenchRecord>[]): BenchRecord {
  checkShards(files, BENCH_RUN);
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
