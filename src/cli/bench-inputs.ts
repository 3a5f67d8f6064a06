/** What a benchmark needs, read before any work: modules and traces. */
import { basename } from "node:path";
import { builtInModules } from "../allocator/built-in.js";
import { TraceError, UsageError, ZeropageError } from "../base/errors.js";
import { type ClosedTrace, closeTrace } from "../compare/closed-trace.js";
import { hashOf } from "../compare/identity.js";
import type { SubjectInfo, TraceInfo } from "../compare/record.js";
import { generateWorkload } from "../compare/workload.js";
import { collectTrace } from "../trace/collect.js";
import { generateTrace } from "../trace/generate.js";
import { readTrace } from "../trace/read.js";
import type { Trace } from "../trace/trace.js";
import type { Environment } from "./environment.js";
import { parseModule, readModuleFile } from "./modules.js";
import { openSource } from "./source.js";
import { readReadingFlags } from "./trace-flags.js";
import { readWorkload } from "./workloads.js";

export interface LoadedSubject {
  info: SubjectInfo;
  wasm: Uint8Array;
}

export interface LoadedTrace extends ClosedTrace {
  info: TraceInfo;
}

/** Reads modules; without any, the built-in ones. @throws UsageError as `readModuleFile` does, or for a repeated name. */
export async function loadSubjects(texts: readonly string[], glue?: string): Promise<LoadedSubject[]> {
  const wanted = texts.length > 0 ? texts : builtInModules.map(({ name }) => name);
  const choices = wanted.map(parseModule);
  const names = namesOf(
    wanted,
    choices.map(({ model }) => model),
    ".wasm",
  );
  return Promise.all(
    choices.map(async (choice, i) => {
      const { wasm: read, options } = await readModuleFile(choice, glue);
      const wasm = new Uint8Array(read);
      return { info: { name: names[i] as string, options, bytes: wasm.length, hash: hashOf(wasm) }, wasm };
    }),
  );
}

/** The traces to replay, as typed. */
export interface TracesAsked {
  /** Files, where `-` is standard input. */
  files: readonly string[];
  workloads: readonly string[];
  /** The process to read of files, as typed. */
  process?: string | undefined;
  /** Seed of what is replayed if there are none. */
  seed: number;
}

/**
 * Reads files and makes workloads; without any, a workload of all kinds of sizes.
 * @throws UsageError for a file that cannot be read, or a workload that there is not; TraceError, naming the file, for a bad
 * trace.
 */
export async function loadTraces(
  { files, workloads, process, seed }: TracesAsked,
  stdin: Environment["stdin"],
): Promise<LoadedTrace[]> {
  if (files.length + workloads.length === 0) {
    return [await load("workload", () => readTrace(generateWorkload(seed)))];
  }
  const made = workloads.map(readWorkload);
  const reading = readReadingFlags(process === undefined ? {} : { process });
  const typed = [...files, ...workloads];
  const names = namesOf(typed, typed, ".gz", ".txt", ".rep", ".log");
  const traces: LoadedTrace[] = [];
  for (const [i, file] of files.entries()) {
    const source = await openSource(file, stdin, 1);
    const name = file === "-" ? source.name : (names[i] as string);
    const loaded = load(name, () => readTrace(source.open(), reading), source.name);
    traces.push(await loaded.finally(() => source.close()));
  }
  for (const [i, workload] of made.entries()) {
    traces.push(await load(workloads[i] as string, async () => generateTrace(workload)));
  }
  return traces;
}

async function load(name: string, read: () => Promise<Trace>, file = name): Promise<LoadedTrace> {
  try {
    const trace = closeTrace(await collectTrace(await read()));
    if (trace.count === 0)
      throw new TraceError("the trace has no operations: record a program that allocates");
    const { records, count, peakLiveBytes } = trace;
    return { ...trace, info: { name, operations: count, peakLiveBytes, hash: hashOf(records) } };
  } catch (error) {
    if (error instanceof ZeropageError) error.message = `${file}: ${error.message}`;
    throw error;
  }
}

/** The names of files without folder and extension; where two are the same, the text as typed. */
function namesOf(typed: readonly string[], files: readonly string[], ...endings: string[]): string[] {
  const doubled = typed.find((text, i) => typed.indexOf(text) !== i);
  if (doubled !== undefined) throw new UsageError(`"${doubled}" is named twice: name each once`);
  const short = files.map((file) =>
    endings.reduce(
      (name, ending) => (name.endsWith(ending) ? name.slice(0, -ending.length) : name),
      basename(file),
    ),
  );
  return short.map((name, i) =>
    short.indexOf(name) === short.lastIndexOf(name) ? name : (typed[i] as string),
  );
}
