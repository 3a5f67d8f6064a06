import { UsageError } from "../base/errors.js";
import { parseWord } from "../base/flags.js";
import { collectTrace } from "../trace/collect.js";
import { generateTrace } from "../trace/generate.js";
import type { NamedTrace } from "../tune/evaluate.js";
import { type TunePreset, tunePresets } from "../tune/presets.js";
import type { Environment } from "./environment.js";
import { openSource } from "./source.js";
import { writeLines } from "./terminal.js";
import { type ReadingFlags, readReadingFlags } from "./trace-flags.js";
import { readWorkload } from "./workloads.js";

/** The flags that name traces of a tune, as typed. */
export interface TuneInputFlags extends ReadingFlags {
  workload?: string[];
  preset?: string[];
}

/** All that is named, files first. @throws UsageError; TraceError, naming the trace */
export async function readTraces(
  files: readonly string[],
  { workload = [], preset = [], ...reading }: TuneInputFlags,
  { stdin, stderr, library }: Environment,
): Promise<NamedTrace[]> {
  if (files.length + workload.length + preset.length === 0) {
    throw new UsageError("name a trace, a --workload or a --preset");
  }
  const chosen = readReadingFlags(reading);
  const made = [
    ...workload.map((name) => ({ name, trace: generateTrace(readWorkload(name)) })),
    ...preset.map(findPreset).map(({ name, trace, published }) => ({ name, trace: trace(), published })),
  ];
  const traces: NamedTrace[] = [];
  for (const file of files) {
    const source = await openSource(file, stdin, 1);
    try {
      const trace = await library.readTrace(source.open(), chosen);
      traces.push({ name: source.name, ...(await collectTrace(trace)) });
      for (const loss of trace.notes.losses) writeLines(stderr, `note: ${source.name}: ${loss}\n`);
    } finally {
      await source.close();
    }
  }
  for (const { trace, ...named } of made) traces.push({ ...named, ...(await collectTrace(trace)) });
  const empty = traces.find(({ count }) => count === 0);
  if (empty) throw new UsageError(`${empty.name} has no operations: record a program that allocates`);
  const forking = traces.find(({ notes }) => (notes.processes ?? 1) > 1);
  if (forking) throw new UsageError(`${forking.name} has several processes: record each by itself`);
  return traces;
}

function findPreset(name: string): TunePreset {
  const names = tunePresets.map((one) => one.name);
  const chosen = parseWord(name, "--preset", names);
  return tunePresets.find((one) => one.name === chosen) as TunePreset;
}

/** The allocators of a preset that is run alone, if it has some of its own. @throws UsageError for an unknown one */
export function ownAllocators(
  files: readonly string[],
  { workload = [], preset = [] }: TuneInputFlags,
): string | undefined {
  const [only] = preset;
  const isAlone = files.length + workload.length === 0 && preset.length === 1;
  return isAlone && only !== undefined ? findPreset(only).allocators : undefined;
}
