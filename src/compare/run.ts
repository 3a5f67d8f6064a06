/** Runs a benchmark. Every round measures each allocator once, so that what disturbs the host disturbs all of them. */

import type {
  BenchCounts,
  BenchOutcome,
  BenchRecord,
  BenchResult,
  DriverResult,
  Latency,
  Unfinished,
} from "./record.js";
import type { Question, Round, Runner } from "./runner.js";
import { type BenchJob, jobsOf } from "./shards.js";
import { judgedClock, netOf, timingsOf } from "./timings.js";

export interface BenchHooks {
  open(job: BenchJob): Runner;
  /** Opens an allocator that does nothing, to measure what driving one costs. */
  openDriver?(trace: number): Runner;
  /** Called after each round with the record so far. */
  onRound?(record: BenchRecord): void;
  onProgress?(text: string): void;
  /** True once the run is to end. Its caller may then close the runners, and what they report is ignored. */
  stopped?(): boolean;
}

/** What is measured on one trace, in progress. */
interface Active {
  /** The allocator; null for the driver alone. */
  job: BenchJob | null;
  runner: Runner;
  counts: BenchCounts | null;
  rounds: Round[];
  latency: Latency | null;
  /** Why it ended early. */
  ended: Unfinished | null;
}

/** Fills in the results of a record, trace by trace. Finished results stay as they are. */
export async function runBench(plan: BenchRecord, hooks: BenchHooks): Promise<BenchRecord> {
  const jobs = jobsLeft(plan);
  let record = plan;
  for (let trace = 0; trace < plan.traces.length && !hooks.stopped?.(); trace++) {
    const active = jobs.filter((job) => job.trace === trace).map((job) => start(job, hooks.open(job)));
    if (active.length > 0 && hooks.openDriver) active.push(start(null, hooks.openDriver(trace)));
    const before = record;
    const sofar = () => withResults(before, resultsOf(plan, active), driversOf(plan, trace, active));
    try {
      await runTrace(plan, trace, active, hooks, () => hooks.onRound?.(sofar()));
    } finally {
      for (const { runner } of active) runner.close();
    }
    record = sofar();
  }
  return record;
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

/** The record with new results in place of unfinished ones, and of the driver's on the same traces. */
function withResults(
  plan: BenchRecord,
  fresh: readonly BenchResult[],
  drivers: readonly DriverResult[],
): BenchRecord {
  const jobs = jobsOf(plan, plan.shard);
  const results = jobs.flatMap((job) => {
    const before = resultOf(plan, plan.results, job);
    return (before?.finished ? before : (resultOf(plan, fresh, job) ?? before)) ?? [];
  });
  const complete = results.filter(({ finished }) => finished).length === jobs.length;
  const others = plan.drivers.filter(({ trace }) => drivers.every((one) => one.trace !== trace));
  return { ...plan, complete, results, drivers: [...others, ...drivers] };
}

const start = (job: BenchJob | null, runner: Runner): Active => ({
  ...{ job, runner, counts: null, rounds: [], latency: null, ended: null },
});

async function runTrace(
  plan: BenchRecord,
  trace: number,
  active: readonly Active[],
  hooks: BenchHooks,
  onRound: () => void,
) {
  const name = ({ job }: Active) =>
    `${job ? plan.subjects[job.subject]?.name : "the driver alone"} on ${plan.traces[trace]?.name}`;
  for (const one of active.filter(({ job }) => job !== null)) {
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
  for (const one of plan.parameters.latencyRuns > 0 ? active : []) {
    if (hooks.stopped?.()) return;
    hooks.onProgress?.(`${name(one)}: timing each call`);
    await advance(one, "latency", hooks);
  }
  onRound();
}

async function advance(one: Active, question: Question, { stopped }: BenchHooks): Promise<void> {
  if (one.ended) return;
  const given = await one.runner.ask(question);
  if (given.state !== "answer") one.ended = stopped?.() ? null : given;
  else if (question === "counts") one.counts = given.answer as BenchCounts;
  else if (question === "latency") one.latency = given.answer as Latency;
  else one.rounds.push(given.answer as Round);
}

/** The results so far. A job that has neither ended nor done a round has none. */
function resultsOf(plan: BenchRecord, active: readonly Active[]): BenchResult[] {
  const driver = active.find(({ job }) => job === null)?.rounds ?? [];
  const nameOf = (job: BenchJob) => plan.subjects[job.subject]?.name as string;
  const baseline = active.find(({ job }) => job && nameOf(job) === plan.baseline) as Active;
  return active.flatMap((one) => {
    if (!one.job) return [];
    const outcome = outcomeOf(one, one === baseline ? null : baseline, driver, plan.parameters.seed);
    if (!outcome) return [];
    const trace = plan.traces[one.job.trace]?.name as string;
    const { rounds, latencyRuns } = plan.parameters;
    const isTimed = one.rounds.length === rounds && (latencyRuns === 0 || one.latency !== null);
    const finished = one.ended !== null || isTimed;
    return [{ subject: nameOf(one.job), trace, shard: plan.shard?.index ?? 1, finished, outcome }];
  });
}

/** What the driver alone took so far; nothing if it did no round, as where memory does not hold an object of the trace. */
function driversOf(plan: BenchRecord, trace: number, active: readonly Active[]): DriverResult[] {
  const { rounds, latency } = active.find(({ job }) => job === null) ?? { rounds: [], latency: null };
  if (rounds.length === 0) return [];
  const timings = (clock: "wall" | "cpu") => timingsOf(rounds, null, clock, plan.parameters.seed);
  const cpu = judgedClock(rounds) === "cpu" ? timings("cpu") : null;
  const { name } = plan.traces[trace] as BenchRecord["traces"][number];
  return [{ trace: name, shard: plan.shard?.index ?? 1, ...timings("wall"), cpu, latency }];
}

function outcomeOf(
  { rounds, counts, latency, ended }: Active,
  baseline: Active | null,
  driver: readonly Round[],
  seed: number,
): BenchOutcome | null {
  // A job that was late after some rounds just has fewer rounds.
  if (ended && (ended.state !== "late" || rounds.length === 0)) return ended;
  if (!counts || rounds.length === 0) return null;
  const yardstick = baseline?.rounds ?? null;
  const timings = (clock: "wall" | "cpu") => timingsOf(rounds, yardstick, clock, seed);
  const judged = judgedClock([...rounds, ...(yardstick ?? [])]);
  const cpu = judged === "cpu" ? timings("cpu") : null;
  const net = netOf(rounds, yardstick, driver, judged, seed);
  return { state: "done", rounds: rounds.length, ...timings("wall"), cpu, judged, net, latency, counts };
}
