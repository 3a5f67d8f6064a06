/** Runs a benchmark. Every round measures each allocator once, so that what disturbs the host disturbs all of them. */

import { seeded } from "../base/random.js";
import { median, ratioOfMedians, spread } from "../base/statistics.js";
import type { BenchCounts, BenchOutcome, BenchRecord, BenchResult, Timing } from "./record.js";
import type { Round, Runner } from "./runner.js";
import { type BenchJob, jobsOf } from "./shards.js";

export interface BenchHooks {
  open(job: BenchJob): Runner;
  /** Called after each round with the record so far. */
  onRound?(record: BenchRecord): void;
  onProgress?(text: string): void;
  /** True once the run is to end. Its caller may then close the runners, and what they report is ignored. */
  stopped?(): boolean;
}

/** One allocator on one trace, in progress. */
interface ActiveJob {
  job: BenchJob;
  runner: Runner;
  counts: BenchCounts | null;
  rounds: Round[];
  /** Why it ended early. */
  ended: Exclude<BenchOutcome, { state: "done" }> | null;
}

/** Fills in the results of a record, trace by trace. Finished results stay as they are. */
export async function runBench(plan: BenchRecord, hooks: BenchHooks): Promise<BenchRecord> {
  const jobs = jobsLeft(plan);
  let done: BenchResult[] = [];
  for (let trace = 0; trace < plan.traces.length && !hooks.stopped?.(); trace++) {
    const active = jobs.filter((job) => job.trace === trace).map((job) => start(job, hooks));
    const sofar = () => [...done, ...resultsOf(plan, active)];
    try {
      await runTrace(plan, active, hooks, () => hooks.onRound?.(withResults(plan, sofar())));
    } finally {
      for (const { runner } of active) runner.close();
    }
    done = sofar();
  }
  return withResults(plan, done);
}

const resultOf = (plan: BenchRecord, results: readonly BenchResult[], { subject, trace }: BenchJob) =>
  results.find(
    (one) => one.subject === plan.subjects[subject]?.name && one.trace === plan.traces[trace]?.name,
  );

/** The jobs that are not finished, and the baseline's on the same traces, to compare with in the same rounds. */
function jobsLeft(plan: BenchRecord): BenchJob[] {
  const all = jobsOf(plan, plan.shard);
  const left = all.filter((job) => !resultOf(plan, plan.results, job)?.finished);
  const isBaseline = ({ subject }: BenchJob) => plan.subjects[subject]?.name === plan.baseline;
  return all.filter(
    (job) => left.includes(job) || (isBaseline(job) && left.some(({ trace }) => trace === job.trace)),
  );
}

/** The record with new results in place of unfinished ones. */
function withResults(plan: BenchRecord, fresh: readonly BenchResult[]): BenchRecord {
  const jobs = jobsOf(plan, plan.shard);
  const results = jobs.flatMap((job) => {
    const before = resultOf(plan, plan.results, job);
    return (before?.finished ? before : (resultOf(plan, fresh, job) ?? before)) ?? [];
  });
  const complete = results.filter(({ finished }) => finished).length === jobs.length;
  return { ...plan, complete, results };
}

function start(job: BenchJob, { open }: BenchHooks): ActiveJob {
  return { job, runner: open(job), counts: null, rounds: [], ended: null };
}

async function runTrace(plan: BenchRecord, active: ActiveJob[], hooks: BenchHooks, onRound: () => void) {
  const name = ({ job }: ActiveJob) =>
    `${plan.subjects[job.subject]?.name} on ${plan.traces[job.trace]?.name}`;
  for (const one of active) {
    if (hooks.stopped?.()) return;
    hooks.onProgress?.(`${name(one)}: counting`);
    await advance(one, "counts", hooks);
  }
  for (let round = 1; round <= plan.parameters.rounds; round++) {
    for (const one of active) {
      if (hooks.stopped?.()) return;
      hooks.onProgress?.(`${name(one)}: round ${round} of ${plan.parameters.rounds}`);
      await advance(one, "round", hooks);
    }
    onRound();
  }
}

async function advance(one: ActiveJob, question: "counts" | "round", { stopped }: BenchHooks): Promise<void> {
  if (one.ended) return;
  const given = await one.runner.ask(question);
  if (given.state !== "answer") one.ended = stopped?.() ? null : given;
  else if (question === "counts") one.counts = given.answer as BenchCounts;
  else one.rounds.push(given.answer as Round);
}

/** The results so far. A job that has neither ended nor done a round has none. */
function resultsOf(plan: BenchRecord, active: ActiveJob[]): BenchResult[] {
  const nameOf = ({ job }: ActiveJob) => plan.subjects[job.subject]?.name as string;
  const baseline = active.find((one) => nameOf(one) === plan.baseline) as ActiveJob;
  return active.flatMap((one) => {
    const outcome = outcomeOf(one, one === baseline ? null : baseline, plan.parameters.seed);
    if (!outcome) return [];
    const trace = plan.traces[one.job.trace]?.name as string;
    const finished = one.ended !== null || one.rounds.length === plan.parameters.rounds;
    return [{ subject: nameOf(one), trace, shard: plan.shard?.index ?? 1, finished, outcome }];
  });
}

function outcomeOf(
  { rounds, counts, ended }: ActiveJob,
  baseline: ActiveJob | null,
  seed: number,
): BenchOutcome | null {
  // A job that was late after some rounds just has fewer rounds.
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
