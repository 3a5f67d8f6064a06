/** Divides a run into shards. */
import type { BenchRecord, Shard } from "./record.js";

/** A subject and a trace, by their places in the record's lists. */
export interface BenchJob {
  subject: number;
  trace: number;
}

type Plan = Pick<BenchRecord, "subjects" | "traces" | "baseline">;

/**
 * The jobs of one shard, or of the whole run. The pairs of an allocator and a trace are dealt out one by one, without
 * the baseline's. The baseline runs on every trace of a shard, because only times of one host can be compared.
 */
export function jobsOf({ subjects, traces, baseline }: Plan, shard: Shard | null): BenchJob[] {
  const first = subjects.findIndex(({ name }) => name === baseline);
  const all = traces.flatMap((_, trace) => subjects.map((_, subject) => ({ subject, trace })));
  if (!shard) return all;
  const dealt = subjects.length > 1 ? all.filter(({ subject }) => subject !== first) : all;
  const own = dealt.filter((_, place) => place % shard.count === shard.index - 1);
  return all.filter(({ subject, trace }) =>
    own.some((job) => job.trace === trace && (job.subject === subject || subject === first)),
  );
}
