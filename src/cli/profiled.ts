/** What is profiled, and where to: the parts that `zeropage profile` has by call path and by site alike. */
import { TOUCH_POLICIES } from "../allocator/access.js";
import { TraceError, UsageError } from "../base/errors.js";
import { parseWord } from "../base/flags.js";
import type { TraceProfileRun } from "../experiments/profile/run.js";
import type { Parameters } from "../results/run.js";
import type { Trace } from "../trace/trace.js";
import { type AllocatorChoice, type ModelFlags, parseAllocators, runOptions } from "./allocators.js";
import type { Environment } from "./environment.js";
import type { Catalogue } from "./library.js";
import { type OutStream, prepareStream } from "./outfile.js";
import { openSource } from "./source.js";
import { writeLines } from "./terminal.js";
import { type ReadingFlags, readReadingFlags } from "./trace-flags.js";

/** The flags of a trace that is profiled, as typed. */
export interface TraceFlags extends ModelFlags, ReadingFlags {
  allocator?: string;
  touch: string;
}

/** The one allocator that is profiled. @throws UsageError */
export function oneAllocator(text: string | undefined, library: Catalogue): AllocatorChoice {
  const [choice, ...others] = parseAllocators(text, library);
  if (choice && text !== undefined && others.length === 0) return choice;
  throw new UsageError("--allocator: name exactly one, because a profile is of one run");
}

/** The allocator and its options, as the library takes them. */
export function modelRun(allocator: AllocatorChoice, flags: ModelFlags) {
  return { model: allocator.model, options: runOptions(allocator, flags) };
}

/** A trace to profile. */
export interface ProfiledTrace {
  parameters: Parameters;
  /** Replays it by a function of the library, once. */
  run<Profiled>(profile: (run: TraceProfileRun) => Promise<Profiled>): Promise<Profiled>;
}

/** @throws UsageError before anything is read of it. */
export async function profiledTrace(
  path: string,
  flags: TraceFlags,
  { library, stdin, stderr }: Environment,
): Promise<ProfiledTrace> {
  const touch = parseWord(flags.touch, "--touch", TOUCH_POLICIES);
  const reading = readReadingFlags(flags);
  const run = { ...modelRun(oneAllocator(flags.allocator, library), flags), touch };
  const source = await openSource(path, stdin, 1);
  return {
    parameters: { trace: source.name, touch },
    async run(profile) {
      let trace: Trace | undefined;
      try {
        trace = await library.readTrace(source.open(), reading);
        return await profile({ ...run, trace });
      } catch (error) {
        if (error instanceof TraceError) error.message = `${source.name}: ${error.message}`;
        throw error;
      } finally {
        await source.close();
        for (const loss of trace?.notes.losses ?? []) writeLines(stderr, `note: ${loss}\n`);
      }
    },
  };
}

/** Makes sure, before long work, that the files can be written that these flags name. */
export async function prepareFiles<Flag extends string>(
  flags: { readonly [name in Flag]?: string },
  names: readonly Flag[],
): Promise<[Flag, OutStream][]> {
  const files: [Flag, OutStream][] = [];
  for (const name of names) {
    const path = flags[name];
    if (path !== undefined) files.push([name, prepareStream(`--${name}`, path)]);
  }
  return files;
}

/** Writes a whole file, and says so. */
export function writeFile(file: OutStream, data: string | Uint8Array, { stderr }: Environment): void {
  file.append(data);
  file.finish();
  stderr.write(`wrote ${file.path}\n`);
}
