/** Checks an allocator against the promises of the C library. Each case has a fresh allocator. */
import { UnknownImport } from "../base/errors.js";
import { anyOrder } from "./any-order.js";
import { keeping } from "./blocks-kept.js";
import type { Case, Part } from "./case.js";
import { withCauses } from "./causes.js";
import { cut } from "./cut.js";
import { everySized } from "./every-size.js";
import { growth } from "./growth.js";
import { high } from "./high.js";
import { limits } from "./limits.js";
import { many } from "./many.js";
import type { Outcome, Verdict } from "./outcome.js";
import { posix } from "./posix.js";
import { programs } from "./programs.js";
import { steady } from "./steady.js";
import { BrokenPromise, type Subject, Tester } from "./tester.js";
import { zeroing } from "./zeroing.js";
import { zeroingSizes } from "./zeroing-sizes.js";

export type { Outcome, Verdict };

/** All cases, in the order they run. */
export const conformanceCases: readonly Case[] = [
  ...[...zeroing, ...zeroingSizes, ...limits, ...high, ...keeping, ...posix, ...everySized],
  ...[...cut, ...growth, ...steady, ...anyOrder, ...many, ...programs],
];

/** Opens a fresh allocator, with this memory limit if it is given. */
export type Open = (memoryBytes?: number) => Promise<Subject>;

/** What is checked, and of what allocator. */
export interface CheckOptions {
  /** Names of the cases to run. Default: all. */
  cases?: readonly string[];
  /** Size of an address: 32 for wasm, 64 for models. Default: what the allocator's `addressLimit` says. */
  addressBits?: 32 | 64;
  /**
   * What its ABI asks of the addresses of blocks of 16 bytes or more: a multiple of 16, the default, or of 8, as
   * Emscripten's; null if its functions are told what is asked.
   */
  alignment?: 8 | 16 | null;
  /** Seed of the random program. Default 24301. */
  seed?: number;
  /** Functions that the allocator lacks, and that are composed of others. */
  composed?: readonly Part[];
  /** Memory limit in bytes. A case that needs more is skipped. Default 4 GiB. */
  memoryBytes?: number;
}

/** What all cases found. */
export interface CheckReport {
  /** In the order the cases ran. */
  outcomes: Outcome[];
  /** Whether none failed. */
  passed: boolean;
}

const GIB = 2 ** 30;
const SEED = 0x5eed;

/**
 * Runs the named cases, or all.
 * @throws RangeError for the name of no case; whatever `open` throws.
 */
export async function checkAllocator(open: Open, options: CheckOptions = {}): Promise<CheckReport> {
  const outcomes: Outcome[] = [];
  for (const one of chooseCases(options.cases)) outcomes.push(await checkCase(one, open, options));
  return reportOf(outcomes);
}

export function reportOf(outcomes: Outcome[]): CheckReport {
  return { outcomes: withCauses(outcomes), passed: outcomes.every(({ state }) => state !== "fail") };
}

/** The named cases, or all. @throws RangeError, which lists those of a like name, or all, for the name of none. */
export function chooseCases(names?: readonly string[]): readonly Case[] {
  if (!names) return conformanceCases;
  return names.map((name) => {
    const found = conformanceCases.find((one) => one.name === name);
    if (found) return found;
    throw new RangeError(`there is no case "${name}"; there are ${namesLike(name).join(", ")}`);
  });
}

/** Names of cases that share a word with one; all, if none does. */
function namesLike(name: string): string[] {
  const words = name.toLowerCase().split(/[^a-z0-9]+/);
  const isLike = (known: string) =>
    words.some(
      (word) => word.length > 2 && known.split("-").some((part) => part.startsWith(word.slice(0, 4))),
    );
  const all = conformanceCases.map((one) => one.name);
  const like = all.filter(isLike);
  return like.length > 0 ? like : all;
}

/** Runs one case. */
export async function checkCase(one: Case, open: Open, options: CheckOptions = {}): Promise<Outcome> {
  return outcomeOf(one, unfit(one, options) ?? (await judge(one, open, options)));
}

export function outcomeOf({ name, promise, issue }: Case, verdict: Verdict): Outcome {
  return { name, promise, ...(issue !== undefined && { issue }), ...verdict };
}

function unfit(one: Case, { memoryBytes = 4 * GIB }: CheckOptions): Verdict | undefined {
  if (one.memoryBytes === undefined || one.memoryBytes <= memoryBytes) return undefined;
  return { state: "skip", reason: `it needs ${one.memoryBytes} bytes of memory: raise the limit` };
}

const BY_CONTRACT =
  "it traps where memory ends, as functions of its kind do by their own contract, and nothing can be asked of it then";

/** What became of a case whose error is not the allocator's failure. */
function excuseOf({ endsMemory }: Case, error: Error, subject: Subject): Verdict | undefined {
  if (error instanceof UnknownImport) return { state: "undecided", reason: error.message };
  if (!endsMemory || !subject.endsByTrap || !subject.trappedAtEnd) return undefined;
  return { state: "skip", reason: BY_CONTRACT };
}

const bitsOf = ({ addressLimit = 4 * GIB }: Subject): 32 | 64 => (addressLimit > 4 * GIB ? 64 : 32);

async function judge(one: Case, open: Open, options: CheckOptions): Promise<Verdict> {
  const subject = await open(one.memoryBytes ?? options.memoryBytes);
  const { addressBits = bitsOf(subject), alignment = 16, seed = SEED } = options;
  const tester = new Tester(subject, { addressBits, alignment, seed });
  try {
    if (one.addressBits && one.addressBits !== addressBits)
      return { state: "skip", reason: `it is about addresses of ${one.addressBits} bits` };
    const reason = one.run(tester);
    if (reason) return { state: "skip", reason };
    const state = options.composed?.includes(one.of) ? "composed" : "pass";
    return { state, ...(tester.told !== undefined && { told: tester.told }) };
  } catch (error) {
    const excuse = excuseOf(one, error as Error, subject);
    if (excuse) return excuse;
    const { name, message } = error as Error;
    const seen = error instanceof BrokenPromise ? message : `${name}: ${message}`;
    return { state: "fail", seen, calls: tester.calls };
  } finally {
    subject.close();
  }
}
