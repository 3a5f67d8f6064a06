/** Runs a fuzzer, seed after seed, until it finds something; what it finds is shrunk. */
import { reduce } from "../../src/fuzz/reduce.js";
import { kindOfFault } from "../../src/fuzz/run.js";
import type { Case, Counts, Fuzzer } from "./fuzzer.js";

/** What a fuzzer found: a case that fails, as small as it could be made. */
export interface Finding {
  seed: number;
  /** What was not as it should be, of the shrunk case. */
  seen: string;
  case: Case<unknown, unknown>;
  /** Parts of the case before it was shrunk. */
  parts: number;
}

export interface Explored {
  /** The seeds that were run: from the first to below this one. */
  seed: number;
  end: number;
  counts: Counts;
  finding?: Finding;
}

/** Any fuzzer: what its cases are is its own affair. */
type AnyFuzzer = Fuzzer<unknown, unknown>;

/** How long a finding is shrunk. */
const TRIES = 2000;
const MILLISECONDS = 120_000;

/** @param goesOn asked before each seed */
export async function explore(
  fuzzer: AnyFuzzer,
  seed: number,
  goesOn: (seed: number) => boolean,
  tries = TRIES,
): Promise<Explored> {
  const explored: Explored = { seed, end: seed, counts: {} };
  for (; !explored.finding && goesOn(explored.end); explored.end++) {
    for await (const one of fuzzer.cases(explored.end)) {
      const error = await attempt(fuzzer, one, explored.counts);
      if (error === undefined) continue;
      explored.finding = {
        seed: explored.end,
        parts: one.parts.length,
        ...(await shrunk(fuzzer, one, error, tries)),
      };
      break;
    }
  }
  return explored;
}

/** Runs a case, and adds what it counts. Returns what was thrown. */
async function attempt(
  fuzzer: AnyFuzzer,
  one: Case<unknown, unknown>,
  counts: Counts = {},
): Promise<unknown> {
  try {
    for (const [what, count] of Object.entries(await fuzzer.run(one)))
      counts[what] = (counts[what] ?? 0) + count;
    return undefined;
  } catch (error) {
    return error ?? new Error("nothing was thrown");
  }
}

/** The same failure of fewer and simpler parts. */
async function shrunk(
  fuzzer: AnyFuzzer,
  one: Case<unknown, unknown>,
  error: unknown,
  tries: number,
): Promise<{ seen: string; case: Case<unknown, unknown> }> {
  const { setting } = one;
  let seen = wordsOf(error);
  const fails = async (parts: readonly unknown[]) => {
    const words = wordsOf(await attempt(fuzzer, { setting, parts }));
    if (kindOf(words) !== kindOf(seen)) return false;
    seen = words;
    return true;
  };
  const limits = { tries, signal: AbortSignal.timeout(MILLISECONDS) };
  const simpler = fuzzer.simpler?.bind(fuzzer);
  const shrink = fuzzer.shrink?.bind(fuzzer) ?? ((parts) => reduce(parts, fails, simpler, limits));
  return { seen, case: { setting, parts: await shrink(one.parts, fails, limits) } };
}

const wordsOf = (error: unknown): string => (error instanceof Error ? `${error.stack}` : `${error}`);

/** What failed, whatever the numbers: its first line. */
const kindOf = (words: string): string | undefined => kindOfFault(words.split("\n")[0]);

/** What to tell people of a fuzzer's work, in one line. */
export function summary(name: string, { seed, end, counts, finding }: Explored): string {
  const counted = Object.entries(counts).map(([what, count]) => `${count.toLocaleString("en")} ${what}`);
  const ended = finding ? `stopped at a finding of seed ${finding.seed}` : "nothing found";
  return `${name}: seeds ${seed}..${end - 1}: ${counted.join(", ")}; ${ended}`;
}

/** A shrunk case for people. */
export function shown(fuzzer: AnyFuzzer, { seen, case: one, parts }: Finding): string {
  const text =
    fuzzer.show?.(one) ?? [one.setting, ...one.parts].map((part) => JSON.stringify(part)).join("\n");
  return `${seen}\n\nShrunk from ${parts} parts to ${one.parts.length}:\n${text}`;
}
