/** Compares the model with the real allocator on a trace. */
import type { TouchPolicy } from "../../src/allocator/access.js";
import { environmentOf, type GlibcOptions, observeModel } from "./model.js";
import { type Difference, firstDifference } from "./observation.js";
import { type Oracle, type OracleJob, type OracleRun, withCalls } from "./oracle.js";

export interface Comparison {
  records: Uint8Array;
  /** One or more. The real system calls are looked at under the first: an allocator does not see what is touched. */
  touches: readonly TouchPolicy[];
  /** Operations between two checkpoints; without it there is one, at the end. */
  interval?: number;
  options?: GlibcOptions;
  /** Default `glibc`. */
  model?: string;
}

function jobsOf({ records, touches, interval, options = {} }: Comparison): OracleJob[] {
  const job = { records, environment: environmentOf(options), ...(interval && { interval }) };
  return touches.map((touch, i) => ({ ...job, touch, trace: i === 0 }));
}

/**
 * Where the model parts from the real one. What the kernel does of its own accord, such as moving pages, shows in faults
 * and resident pages now and then: what differs is run again, and what does not differ again is told on the console.
 */
async function compareTwice(
  oracle: Oracle,
  comparison: Comparison,
  runs: OracleRun[],
): Promise<Difference | null> {
  const once = await compareRuns(comparison, runs);
  if (!once) return null;
  const again = await compareRuns(comparison, await oracle.run(jobsOf(comparison)));
  if (!again) console.warn(`differed once, and not when it ran again:\n${once.text}`);
  return again;
}

/** Runs the model as the oracle has run, once for each policy. Returns where they part first, or null. */
async function compareRuns(comparison: Comparison, runs: OracleRun[]): Promise<Difference | null> {
  const { touches, ...rest } = comparison;
  const calls = runs[0]?.calls ?? [];
  for (const [i, touch] of touches.entries()) {
    const real = withCalls(runs[i] as OracleRun, calls);
    const difference = firstDifference(rest.records, real, await observeModel({ ...rest, touch }));
    if (difference) return { ...difference, text: `touch ${touch}: ${difference.text}` };
  }
  return null;
}

/** Comparisons that the oracle runs in one go, while the model runs the ones before. */
const TOGETHER = 8;

/** Runs both. Where they part, in order of the comparisons; null where they do not. */
export async function* compareEach(
  oracle: Oracle,
  comparisons: Comparison[],
): AsyncGenerator<Difference | null> {
  const run = (from: number) => oracle.run(comparisons.slice(from, from + TOGETHER).flatMap(jobsOf));
  let next = run(0);
  for (let from = 0; from < comparisons.length; from += TOGETHER) {
    const runs = await next;
    next = run(from + TOGETHER);
    next.catch(() => {}); // thrown where it is awaited, if it is
    for (const comparison of comparisons.slice(from, from + TOGETHER)) {
      yield compareTwice(oracle, comparison, runs.splice(0, comparison.touches.length));
    }
  }
}

export async function compareAll(oracle: Oracle, comparisons: Comparison[]): Promise<(Difference | null)[]> {
  const found: (Difference | null)[] = [];
  for await (const difference of compareEach(oracle, comparisons)) found.push(difference);
  return found;
}
