/** Which part of a run is whose. */
import type { BenchRecord, Shard } from "./record.js";

/** A subject and a trace, by their places in the record's lists. */
export interface BenchJob {
  subject: number;
  trace: number;
}

type Plan = Pick<BenchRecord, "subjects" | "traces" | "baseline">;

/**
 * The jobs of one shard, or of the whole. Pairs are dealt out one by one, those of the baseline last of all; and the
 * baseline also runs on every trace that the shard has, for times are compared on one machine only.
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
