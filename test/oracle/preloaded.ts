/** Compares the model of a library that is preloaded with the library on a trace. */
import type { TouchPolicy } from "../../src/allocator/access.js";
import type { Options } from "../../src/allocator/choice.js";
import { zeroPageHere } from "../machine/real-kernel.js";
import { callsDifference, withCalls } from "./calls.js";
import { textDifference } from "./compare.js";
import { observeModel } from "./model.js";
import { type Difference, firstDifference, MODEL_SPACE } from "./observation.js";
import type { Oracle, OracleJob, OracleRun, Preloaded } from "./oracle.js";
import type { RandomTrace } from "./random-trace.js";

/** What all is compared with: options that are the library's too, and the nanoseconds that the clock goes on before each operation. */
export interface Setting {
  options?: Options;
  clock?: number;
}

/** A trace that is compared with a setting. */
export interface ChosenRun extends Setting {
  name: string;
  records: Uint8Array;
  interval: number;
}

/** A library that is preloaded, and its model. */
export interface Library extends Preloaded {
  /** What evidence calls it. */
  subject: string;
  /** The environment that gives the library these options. */
  environmentOf(options: Options): Record<string, string>;
  /** Options of the model that only a run of the library tells. */
  seededBy(run: Pick<OracleRun, "seed" | "space">): Options;
  /** Those of the figures that it tells at the end that do not depend on who asks. */
  steady(statistics: number[]): number[];
  /** Whether its malloc_stats is compared. */
  tellsStats?: boolean;
  random(seed: number): RandomTrace;
  /** What random traces reach seldom. */
  chosen?(): Promise<ChosenRun[]>;
  settings: readonly Setting[];
  /** How many of the settings, the first of them, real traces are compared with; all if it is not said. */
  settingsOfReal?: number;
}

export interface LibraryComparison extends Setting {
  library: Library;
  records: Uint8Array;
  /** One or more. */
  touches: readonly TouchPolicy[];
  /** Operations between two looks at faults and resident pages; without it there is one, at the end. */
  interval?: number;
  /** Looks at the faults of each operation, which takes longer. */
  countsFaults?: boolean;
}

/** The jobs that ask the library, one for each policy. */
export function libraryJobs(comparison: LibraryComparison): OracleJob[] {
  const { library, records, touches, interval, options = {}, clock } = comparison;
  const job = {
    ...{ records, trace: true },
    ...(interval && { interval }),
    ...(clock && { clockStep: clock }),
    ...("heapStart" in options && { heapShift: Number(options.heapStart) - MODEL_SPACE.heapStart }),
    environment: library.environmentOf(options),
  };
  return touches.map((touch) => ({ ...job, touch }));
}

/** The model's options for a run of the library, which says what seeds it. */
export function modelOptions(
  { library, options = {}, clock = 0 }: Pick<LibraryComparison, "library" | "options" | "clock">,
  run: Pick<OracleRun, "seed" | "space">,
): Options {
  return { ...options, clock, ...library.seededBy(run) };
}

/** What malloc_stats said, without complaints that there was no room. */
const statsIn = (text: string): string => text.replace(/^src\/.*allocation failed \d+ \n/gm, "");

/** Where the model parts first from a run of the library, or null. */
async function runDifference(
  comparison: LibraryComparison,
  touch: TouchPolicy,
  run: OracleRun,
): Promise<Difference | null> {
  const { library, records, interval, countsFaults = false } = comparison;
  const real = withCalls(run, run.calls);
  const model = await observeModel({
    ...{ records, touch, model: library.name, zeroPage: zeroPageHere(), check: true, countsFaults },
    ...(library.tellsStats && { tells: true }),
    ...(interval && { interval }),
    options: modelOptions(comparison, real),
  });
  const { calls = [], text } = model;
  const found = [
    firstDifference(records, real, model),
    callsDifference(records, real, { ...model, calls }),
    text === undefined || real.signal ? null : textDifference({ ...real, text: statsIn(real.text) }, text),
  ];
  return found.filter((one) => one !== null).sort((one, other) => one.operation - other.operation)[0] ?? null;
}

async function runsDifference(oracle: Oracle, comparison: LibraryComparison): Promise<Difference | null> {
  const { tellsStats = false } = comparison.library;
  const jobs = libraryJobs(comparison).map((job) => ({ ...job, stats: tellsStats }));
  const runs = await oracle.run(jobs);
  for (const [i, touch] of comparison.touches.entries()) {
    const difference = await runDifference(comparison, touch, runs[i] as OracleRun);
    if (difference) return { ...difference, text: `touch ${touch}: ${difference.text}` };
  }
  return null;
}

/**
 * Where the model parts first from the library, or null. What the kernel does of its own accord shows in faults now and
 * then: what differs is run again, and what does not differ again is told on the console.
 */
export async function compareLibrary(
  oracle: Oracle,
  comparison: LibraryComparison,
): Promise<Difference | null> {
  const once = await runsDifference(oracle, comparison);
  if (!once) return null;
  const again = await runsDifference(oracle, comparison);
  if (!again) console.warn(`differed once, and not when it ran again:\n${once.text}`);
  return again;
}
