/** Runs a bench: each trace's allocators in turn, round by round, so that what disturbs the machine disturbs all of them. */

import { median, ratioOfMedians, spread } from "../base/statistics.js";
import { seeded } from "./random.js";
import type { BenchCounts, BenchRecord, BenchResult, Outcome, Timing } from "./record.js";
import { type BenchJob, jobsOf } from "./shards.js";
import type { Round, Subject } from "./subject.js";

export interface BenchHooks {
  open(job: BenchJob): Subject;
  /** After each round; what there is so far. */
  onRound?(record: BenchRecord): void;
  onProgress?(text: string): void;
  /** True once it shall end; who says so may close the subjects, which then have nothing to say any more. */
  stopped?(): boolean;
}

/** One allocator on one trace, as it goes. */
interface Entry {
  job: BenchJob;
  subject: Subject;
  counts: BenchCounts | null;
  rounds: Round[];
  /** Why it ended before its time. */
  ended: Exclude<Outcome, { state: "done" }> | null;
}

/** Fills in the results of a record, trace by trace. Those finished before stay as they are. */
export async function runBench(plan: BenchRecord, hooks: BenchHooks): Promise<BenchRecord> {
  const jobs = jobsLeft(plan);
  let done: BenchResult[] = [];
  for (let trace = 0; trace < plan.traces.length && !hooks.stopped?.(); trace++) {
    const entries = jobs.filter((job) => job.trace === trace).map((job) => start(job, hooks));
    const sofar = () => [...done, ...resultsOf(plan, entries)];
    try {
      await runTrace(plan, entries, hooks, () => hooks.onRound?.(withResults(plan, sofar())));
    } finally {
      for (const { subject } of entries) subject.close();
    }
    done = sofar();
  }
  return withResults(plan, done);
}

const resultOf = (plan: BenchRecord, results: readonly BenchResult[], { subject, trace }: BenchJob) =>
  results.find(
    (one) => one.subject === plan.subjects[subject]?.name && one.trace === plan.traces[trace]?.name,
  );

/** The jobs that are not finished; and the baseline, to compare these with in the same rounds. */
function jobsLeft(plan: BenchRecord): BenchJob[] {
  const all = jobsOf(plan, plan.shard);
  const left = all.filter((job) => !resultOf(plan, plan.results, job)?.finished);
  const isBaseline = ({ subject }: BenchJob) => plan.subjects[subject]?.name === plan.baseline;
  return all.filter(
    (job) => left.includes(job) || (isBaseline(job) && left.some(({ trace }) => trace === job.trace)),
  );
}

/** The record with new results, where those from before were not finished. */
function withResults(plan: BenchRecord, fresh: readonly BenchResult[]): BenchRecord {
  const jobs = jobsOf(plan, plan.shard);
  const results = jobs.flatMap((job) => {
    const before = resultOf(plan, plan.results, job);
    return (before?.finished ? before : (resultOf(plan, fresh, job) ?? before)) ?? [];
  });
  const complete = results.filter(({ finished }) => finished).length === jobs.length;
  return { ...plan, complete, results };
}

function start(job: BenchJob, { open }: BenchHooks): Entry {
  return { job, subject: open(job), counts: null, rounds: [], ended: null };
}

async function runTrace(plan: BenchRecord, entries: Entry[], hooks: BenchHooks, onRound: () => void) {
  const name = ({ job }: Entry) => `${plan.subjects[job.subject]?.name} on ${plan.traces[job.trace]?.name}`;
  for (const entry of entries) {
    if (hooks.stopped?.()) return;
    hooks.onProgress?.(`${name(entry)}: counting`);
    await advance(entry, "counts", hooks);
  }
  for (let round = 1; round <= plan.parameters.rounds; round++) {
    for (const entry of entries) {
      if (hooks.stopped?.()) return;
      hooks.onProgress?.(`${name(entry)}: round ${round} of ${plan.parameters.rounds}`);
      await advance(entry, "round", hooks);
    }
    onRound();
  }
}

async function advance(entry: Entry, question: "counts" | "round", { stopped }: BenchHooks): Promise<void> {
  if (entry.ended) return;
  const given = await entry.subject.ask(question);
  if (given.state !== "answer") entry.ended = stopped?.() ? null : given;
  else if (question === "counts") entry.counts = given.answer as BenchCounts;
  else entry.rounds.push(given.answer as Round);
}

/** What is known so far; nothing of what neither ended nor had a round. */
function resultsOf(plan: BenchRecord, entries: Entry[]): BenchResult[] {
  const nameOf = ({ job }: Entry) => plan.subjects[job.subject]?.name as string;
  const baseline = entries.find((entry) => nameOf(entry) === plan.baseline) as Entry;
  return entries.flatMap((entry) => {
    const outcome = outcomeOf(entry, entry === baseline ? null : baseline, plan.parameters.seed);
    if (!outcome) return [];
    const trace = plan.traces[entry.job.trace]?.name as string;
    const finished = entry.ended !== null || entry.rounds.length === plan.parameters.rounds;
    return [{ subject: nameOf(entry), trace, shard: plan.shard?.index ?? 1, finished, outcome }];
  });
}

function outcomeOf({ rounds, counts, ended }: Entry, baseline: Entry | null, seed: number): Outcome | null {
  // What was late after some rounds has just fewer of them.
  if (ended && (ended.state !== "late" || rounds.length === 0)) return ended;
  if (!counts || rounds.length === 0) return null;
  const timing = (figure: keyof Round): Timing => {
    const of = (all: Round[]) => all.map((round) => round[figure] as number);
    const pairs = Math.min(rounds.length, baseline?.rounds.length ?? 0);
    const both = pairs > 0 && baseline?.rounds.every((round) => round[figure] !== null);
    const yardstick = of(baseline?.rounds ?? []).slice(0, pairs);
    const ratio = both ? ratioOfMedians(of(rounds).slice(0, pairs), yardstick, seeded(seed)) : null;
    const samples = of(rounds);
    return { samples, median: median(samples), spread: spread(samples), ratio };
  };
  const javascript = rounds.some((round) => round.javascript === null) ? null : timing("javascript");
  return {
    state: "done",
    rounds: rounds.length,
    first: timing("first"),
    steady: timing("steady"),
    javascript,
    counts,
  };
}
