import { isModule } from "../allocator/choice.js";
import { UsageError } from "../base/errors.js";
import type { Asked, Experiment } from "../experiments/experiment.js";
import { lackOf } from "../sandbox/capabilities.js";
import type { Trace } from "../trace/trace.js";
import { writeTrace } from "../trace/write.js";
import { collect } from "./collect.js";
import type { Environment } from "./environment.js";
import { finish } from "./finish.js";
import { type OutStream, prepareStream, prepareSvg } from "./outfile.js";
import { chooseForm } from "./output.js";
import { openProgress } from "./progress.js";
import { type RunFlags, readRunFlags } from "./run-flags.js";

/** The flags of an experiment, as typed: those that all experiments have, and its own, which are all text. */
export type ExperimentFlags = RunFlags & { chart?: string; saveTrace?: string } & Record<string, unknown>;

/** Runs an experiment and reports on it. Returns the exit code; throws UsageError before any work. */
export async function experimentCommand(
  experiment: Experiment,
  flags: ExperimentFlags,
  environment: Environment,
): Promise<number> {
  const own = readFlags(experiment.flags, flags, false);
  const list = experiment.allocatorsFor?.(own);
  const runnable = list === undefined ? experiment : { ...experiment, allocators: { list, help: list } };
  const progress = openProgress(environment.stderr);
  const run = await readRunFlags(runnable, flags, environment.library, progress);
  requireCapable(run.allocators, experiment.needs);
  const hasModules = run.allocators.some(({ run: { model } }) => isModule(model));
  const asked: Asked = { ...run, flags: readFlags(experiment.flags, flags, hasModules) };
  const planned = experiment.jobs(asked);
  const saved = flags.saveTrace === undefined ? undefined : prepareStream("--save-trace", flags.saveTrace);
  const file = flags.chart === undefined ? undefined : prepareSvg("--chart", flags.chart);
  if (saved && experiment.trace) await saveTrace(experiment.trace(asked.flags), saved, environment);
  const jobs = planned.map(({ label, run }) => ({
    label,
    run: () => run((howFar) => progress.show(howFar === undefined ? label : `${label}: ${howFar}`)),
  }));
  const { done, failed } = await collect(jobs);
  const record = await experiment.record(asked, done);
  progress.clear();
  const report = {
    record,
    sheet: () => experiment.sheet(record),
    rows: () => experiment.rows(record),
  };
  return finish(report, chooseForm(flags), failed, environment, {
    ...(file && { picture: { file, draw: () => experiment.chart.draw(record) } }),
  });
}

function requireCapable(allocators: Asked["allocators"], needs: Experiment["needs"]): void {
  if (needs === undefined) return;
  for (const { run } of allocators) {
    const lack = lackOf(needs, run.model);
    if (lack) throw new UsageError(`--allocator: ${lack}`);
  }
}

async function saveTrace(trace: Trace, file: OutStream, { stderr }: Environment): Promise<void> {
  try {
    for await (const lines of writeTrace(trace)) file.append(lines);
    file.finish();
  } catch (error) {
    file.discard();
    throw error;
  }
  stderr.write(`wrote ${file.path}\n`);
}

function readFlags(known: Experiment["flags"], typed: ExperimentFlags, hasModules: boolean): Asked["flags"] {
  return Object.fromEntries(
    Object.entries(known).map(([name, { parse, default: preset, withModules }]) => {
      const text = typed[name] ?? ((hasModules && withModules) || preset);
      return [name, parse(String(text), `--${name}`)];
    }),
  );
}
