/** Compares the model with the real allocator on a trace. */
import type { TouchPolicy } from "../../src/allocator/access.js";
import { zeroPageHere } from "../machine/real-kernel.js";
import { callsDifference, withCalls } from "./calls.js";
import { digestsDifference } from "./digests.js";
import { environmentOf, type GlibcOptions, observeModel } from "./model.js";
import { type Difference, firstDifference, MODEL_SPACE } from "./observation.js";
import { type Oracle, type OracleJob, type OracleRun, threadsOf } from "./oracle.js";

export interface Comparison {
  records: Uint8Array;
  /** One or more. The real system calls are looked at under the first: an allocator does not see what is touched. */
  touches: readonly TouchPolicy[];
  /** Operations between two checkpoints; without it there is one, at the end. */
  interval?: number;
  options?: GlibcOptions;
  /** Default `glibc`. Of another one what its memory holds is not compared. */
  model?: string;
  /** Leaves out what memory holds, which is slow to look at where blocks are huge. */
  skipsContents?: boolean;
}

/** What memory holds is looked at once: where the program writes most, so that what is not cleared shows. */
const looksAtContents = (
  { records, touches, skipsContents, model = "glibc" }: Comparison,
  touch: TouchPolicy,
): boolean => touch === touches.at(-1) && !skipsContents && threadsOf(records) === 1 && model === "glibc";

function jobsOf(comparison: Comparison): OracleJob[] {
  const { records, touches, interval, options = {} } = comparison;
  const job = { records, environment: environmentOf(options), ...(interval && { interval }) };
  const looks = { trace: true, stats: true, info: true };
  return touches.map((touch, i) => ({
    ...{ ...job, touch, digests: looksAtContents(comparison, touch) },
    ...(i === 0 && looks),
  }));
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
  const calls = runs[0]?.calls ?? [];
  for (const [i, touch] of comparison.touches.entries()) {
    const difference = await compareRun(comparison, withCalls(runs[i] as OracleRun, calls), touch, i === 0);
    if (difference) return { ...difference, text: `touch ${touch}: ${difference.text}` };
  }
  return null;
}

async function compareRun(
  { records, interval, options = {}, model }: Comparison,
  real: OracleRun,
  touch: TouchPolicy,
  isFirst: boolean,
): Promise<Difference | null> {
  const countsFaults = threadsOf(records) > 1;
  const run = {
    ...{ records, touch, options, zeroPage: zeroPageHere() },
    ...(interval && { interval }),
    ...(model && { model }),
  };
  const isGlibc = (model ?? "glibc") === "glibc";
  const tells = isFirst && (isGlibc || model?.endsWith("/glibc"));
  const observed = await observeModel({ ...run, check: isFirst, countsFaults, ...(tells && { tells }) });
  const { calls, text } = observed;
  const { digests } = real;
  const isComparable = observed.failure === undefined && isGlibc && digests && hasLinksAlike(real);
  const found = [
    firstDifference(records, real, observed),
    calls ? callsDifference(records, real, { ...observed, calls }) : null,
    text !== undefined && real.signal === 0 ? textDifference(real, text) : null,
    isComparable ? await digestsDifference(records, { ...real, digests }, touch, options) : null,
  ];
  return found.filter((one) => one !== null).sort((one, other) => one.operation - other.operation)[0] ?? null;
}

/** Where what malloc_stats and malloc_info say parts first. */
export function textDifference(
  { text, places }: Pick<OracleRun, "text" | "places">,
  model: string,
): Difference | null {
  if (text === model) return null;
  const [real, own] = [text.split("\n"), model.split("\n")];
  const line = real.findIndex((one, i) => one !== own[i]);
  return {
    operation: places.length - 1,
    text: `line ${line + 1} of malloc_stats or malloc_info:\n  real   ${real[line]}\n  model  ${own[line]}`,
  };
}

let isTold = false;

/** Whether memory can hold the same bytes in both: not where addresses are random. Says so once. */
function hasLinksAlike({ space }: OracleRun): boolean {
  const isAlike = space.heapStart === MODEL_SPACE.heapStart;
  if (!isAlike && !isTold)
    console.warn("what memory holds is not compared: addresses are random on this host");
  isTold ||= !isAlike;
  return isAlike;
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
