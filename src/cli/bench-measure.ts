/** Measures what was loaded, in Workers, and shows how far it is. */
import { emptyJobs } from "../compare/empty.js";
import type { BenchRecord } from "../compare/record.js";
import { runBench } from "../compare/run.js";
import { type Runner, type RunnerJob, startRunner } from "../compare/runner.js";
import { moduleOptions } from "../foreign/module-options.js";
import type { LoadedSubject, LoadedTrace } from "./bench-inputs.js";
import type { Environment } from "./environment.js";
import { openProgress } from "./progress.js";

/** What is measured, in memory. */
export interface BenchInputs {
  subjects: readonly LoadedSubject[];
  traces: readonly LoadedTrace[];
}

/** Runs until all is done, until `isOver`, or until Ctrl-C, which ends the current round. Keeps the record from the start on. */
export async function measure(
  plan: BenchRecord,
  { subjects, traces }: BenchInputs,
  environment: Environment,
  keep: (sofar: BenchRecord) => void,
  isOver: () => boolean = () => false,
): Promise<BenchRecord> {
  const { passes, touch, latencyRuns, memoryBytes, budgetSeconds } = plan.parameters;
  const progress = openProgress(environment.stderr);
  const running: Runner[] = [];
  let stopped = false;
  const release = environment.onInterrupt?.(() => {
    stopped = true;
    for (const runner of running) runner.close();
  });
  const emptyJob = await emptyJobs();
  const opened = (work: RunnerJob) => {
    const runner = startRunner(work, budgetSeconds);
    running.push(runner);
    return runner;
  };
  keep(plan);
  const record = await runBench(plan, {
    open: (job) => {
      const { wasm, info } = subjects[job.subject] as LoadedSubject;
      const { records, count, peakLiveBytes } = traces[job.trace] as LoadedTrace;
      const options = { ...moduleOptions(info.options), memoryBytes };
      const work = { wasm, records, count, peakLiveBytes, options, passes, touch, latencyRuns };
      return opened(work);
    },
    openDriver: (trace) => opened(emptyJob(traces[trace] as LoadedTrace, { passes, touch, latencyRuns })),
    onRound: keep,
    onProgress: (text) => progress.show(text),
    stopped: () => stopped || isOver(),
  }).finally(() => release?.());
  progress.clear();
  keep(record);
  return record;
}
