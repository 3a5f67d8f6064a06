/** Compares the model of jemalloc with Debian's library on a trace. */
import type { TouchPolicy } from "../../src/allocator/access.js";
import type { Options } from "../../src/allocator/choice.js";
import { callsDifference, withCalls } from "./calls.js";
import { observeModel } from "./model.js";
import { type Difference, firstDifference } from "./observation.js";
import type { Oracle, OracleJob, OracleRun } from "./oracle.js";

/** The options of the model that are the library's too. */
export interface JemallocOptions {
  dirty_decay_ms?: number;
  narenas?: number;
  tcache?: "true" | "false";
  thp?: "default" | "never";
  retain?: "true" | "false";
}

export interface JemallocComparison {
  records: Uint8Array;
  /** One or more. */
  touches: readonly TouchPolicy[];
  /** Operations between two looks at faults and resident pages; without it there is one, at the end. */
  interval?: number;
  options?: JemallocOptions;
  /** Nanoseconds that the clock goes on before each operation. */
  clock?: number;
  /** Looks at the faults of each operation, which takes longer. */
  countsFaults?: boolean;
}

/** The jobs that ask the library, one for each policy. */
export function jemallocJobs(comparison: JemallocComparison): OracleJob[] {
  const { records, touches, interval, options = {}, clock } = comparison;
  const parameters = Object.entries(options).map(([name, value]) => `${name}:${value}`);
  const job = {
    ...{ records, trace: true },
    ...(interval && { interval }),
    ...(clock && { clockStep: clock }),
    environment: parameters.length > 0 ? { MALLOC_CONF: parameters.join(",") } : {},
  };
  return touches.map((touch) => ({ ...job, touch }));
}

/** The model's options for a run of the library, which says what seeds it. */
export function modelOptions(
  { options = {}, clock = 0 }: Pick<JemallocComparison, "options" | "clock">,
  { seed, space }: Pick<OracleRun, "seed" | "space">,
): Options {
  return { ...(options as Options), clock, seed, mapTop: space.mapTop };
}

/** Where the model parts first from a run of the library, or null. */
async function runDifference(
  comparison: JemallocComparison,
  touch: TouchPolicy,
  run: OracleRun,
): Promise<Difference | null> {
  const { records, interval, countsFaults = false } = comparison;
  const real = withCalls(run, run.calls);
  const model = await observeModel({
    ...{ records, touch, model: "jemalloc", check: true, countsFaults },
    ...(interval && { interval }),
    options: modelOptions(comparison, real),
  });
  const { calls = [] } = model;
  const found = [firstDifference(records, real, model), callsDifference(records, real, { ...model, calls })];
  return found.filter((one) => one !== null).sort((one, other) => one.operation - other.operation)[0] ?? null;
}

async function runsDifference(oracle: Oracle, comparison: JemallocComparison): Promise<Difference | null> {
  const runs = await oracle.run(jemallocJobs(comparison));
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
export async function compareJemalloc(
  oracle: Oracle,
  comparison: JemallocComparison,
): Promise<Difference | null> {
  const once = await runsDifference(oracle, comparison);
  if (!once) return null;
  const again = await runsDifference(oracle, comparison);
  if (!again) console.warn(`differed once, and not when it ran again:\n${once.text}`);
  return again;
}
