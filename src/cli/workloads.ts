import { OptionError, UsageError } from "../base/errors.js";
import { parseWorkload, WORKLOAD_OPTIONS, type Workload, workloadPresets } from "../trace/workload.js";

/** Reads the value of `--workload`. @throws UsageError */
export function readWorkload(text: string): Workload {
  try {
    return parseWorkload(text);
  } catch (error) {
    throw error instanceof OptionError ? new UsageError(`--workload: ${error.message}`) : error;
  }
}

/** What help says of workloads: the presets, and their options. */
export function workloadHelp(): string {
  const lines = (list: readonly (readonly [string, string])[]) => {
    const width = Math.max(...list.map(([name]) => name.length));
    return list.map(([name, about]) => `  ${name.padEnd(width)}  ${about}`).join("\n");
  };
  const presets = workloadPresets.map(({ name, summary }) => [name, summary] as const);
  const options = Object.entries(WORKLOAD_OPTIONS).map(([name, { about }]) => [name, about] as const);
  return `A workload is a trace that is made, the same on every host, and written as zipf or zipf:ops=200000:live=5000:seed=7:
${lines(presets)}
Its options:
${lines(options)}`;
}
