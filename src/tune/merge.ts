/**
 * Merges the records of a search's shards into one. The search is done once more, of what they know: a shard goes on
 * until `settings` candidates of its own, so it knows all that the whole run would ask of its allocators.
 */
import { isDeepStrictEqual } from "node:util";
import { checkShards, MergeError, type RunFile } from "../compare/one-run.js";
import { allocatorLabel } from "../report/label.js";
import type { TuneReport } from "../results/tune.js";
import type { Candidate, Evaluation } from "./evaluate.js";
import { TUNE_RUN, TuneLog, type TuneRecord } from "./record.js";
import { type TuneEvaluator, tune } from "./tune.js";

/** The whole run's record, and its report without what it comes to where something is otherwise: no trace is at hand. */
export interface MergedTune {
  record: TuneRecord;
  report: TuneReport;
}

/** @throws MergeError naming the files that do not fit, and what to do */
export async function mergeTunes(files: readonly RunFile<TuneRecord>[]): Promise<MergedTune> {
  checkShards(files, TUNE_RUN);
  const [first] = files as [RunFile<TuneRecord>];
  const log = new TuneLog({ ...first.record, shard: null, results: [] });
  for (const { name, record } of files) {
    for (const { evaluation, ...candidate } of record.results) addTo(log, candidate, evaluation, name);
  }
  const { parameters, costs, allocators, traces } = first.record;
  const report = await tune({
    ...{ ...parameters, allocators, known: log.known, evaluator: missing, varied: false },
    ...(costs && { costs }),
    traces: traces.map(({ name, operations, threads, published }) => ({
      ...{ name, records: new Uint8Array(0), count: operations },
      ...(published && { published }),
      notes: { format: "text", losses: [], ...(threads && { threads }) },
    })),
  });
  return { record: log.ended(report), report };
}

function addTo(log: TuneLog, candidate: Candidate, evaluation: Evaluation, file: string): void {
  const before = log.known(candidate);
  if (before && !isDeepStrictEqual(before, evaluation)) {
    throw new MergeError(
      `${file} and another shard count ${allocatorLabel(candidate)} differently: are their traces the same?`,
    );
  }
  log.add(candidate, evaluation);
}

/** Runs nothing: what is asked of it no shard has. */
const missing: TuneEvaluator = async ([job]) => {
  if (!job) return [];
  throw new MergeError(`no shard has a result for ${allocatorLabel(job.candidate)}: run its shard again`);
};
