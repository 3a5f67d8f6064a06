/** Matchers about allocators, for `expect.extend` of Vitest, Jest and the package expect. */
import { FAULT_KINDS, type FaultKind, totalFaults } from "../allocator/counters.js";
import { formatBytes, formatCount } from "../base/bytes.js";
import { joinWords } from "../base/numbers.js";
import { type CallCost, type ConstantCostOptions, extremeCosts, isAlike } from "./constant-cost.js";
import { type Expected, inWords, isExpected, isMet } from "./expected.js";
import { allocatorOf, countersOf, isBytes } from "./received.js";

/** What a matcher tells its runner. */
export interface MatcherResult {
  pass: boolean;
  /** What is wrong, if something is. */
  message: () => string;
}

/** A matcher, as `expect.extend` takes it. */
// biome-ignore lint/suspicious/noExplicitAny: what a matcher is given is the user's to say.
export type Matcher = (received: any, ...expected: any[]) => MatcherResult;

/** Faults that are expected: of all kinds, or of each. */
export type ExpectedFaults = Expected | { [Kind in FaultKind | "needless"]?: Expected };

/** Bytes set to zero that are expected, by who did it. */
export type ExpectedZeroing = {
  kernel?: Expected;
  allocator?: Expected;
  /** Those of the allocator that already read as zero. */
  needless?: Expected;
};

/** The matchers, as `expect(…)` has them. */
export interface AllocatorMatchers<Result = void> {
  /**
   * Every byte is 0: of `expect(allocator).toBeZeroed(pointer, bytes)`, or of `expect(allocator.read(pointer, bytes))`.
   * They are read as the program would, which counts.
   */
  toBeZeroed(pointer?: number, bytes?: number): Result;
  /** There were so many faults: of all kinds, or by kind. Without a number: any at all. */
  toHaveFaulted(expected?: ExpectedFaults): Result;
  /** So many bytes were set to zero, such as `{ needless: 0 }`. */
  toHaveZeroed(expected: ExpectedZeroing): Result;
  /**
   * Calls cost the same over and over, once they have settled: bytes zeroed by anyone and a page for each fault differ
   * by at most eight pages. With `sizes`, each of which the call is given, it does not grow with the size either.
   */
  toHaveConstantCost(call: (bytes: number) => unknown, options?: ConstantCostOptions): Result;
  /** All that was allocated was freed. */
  toHaveNoLeaks(): Result;
}

const counting = (count: number, what: string) => `${formatCount(count)} ${what}${count === 1 ? "" : "s"}`;

const resultOf = (pass: boolean, message: string): MatcherResult => ({ pass, message: () => message });

/** For `expect.extend`. */
export const matchers: Readonly<Record<keyof AllocatorMatchers, Matcher>> = {
  ...{ toBeZeroed, toHaveFaulted, toHaveZeroed, toHaveConstantCost, toHaveNoLeaks },
};

function toBeZeroed(received: unknown, pointer?: number, bytes?: number): MatcherResult {
  if (isBytes(received)) {
    const at = received.findIndex((byte) => byte !== 0);
    return zeroedResult(received.length, "", at < 0 ? received.length : at, () => received[at]);
  }
  const allocator = allocatorOf(received);
  if (pointer === undefined || bytes === undefined) {
    throw new TypeError("say which bytes: expect(allocator).toBeZeroed(pointer, bytes)");
  }
  const at = allocator.fillEnd(pointer, 0, bytes);
  return zeroedResult(bytes, ` at 0x${pointer.toString(16)}`, at, () => allocator.load(pointer + at));
}

function zeroedResult(
  bytes: number,
  where: string,
  at: number,
  load: () => number | undefined,
): MatcherResult {
  const all = `the ${formatCount(bytes)}${where}`;
  if (at === bytes) return resultOf(true, `every byte of ${all} is zero`);
  return resultOf(false, `byte ${formatCount(at)} of ${all} is ${load()}, not zero`);
}

function toHaveFaulted(received: unknown, expected: ExpectedFaults = { atLeast: 1 }): MatcherResult {
  const { faults } = countersOf(received);
  if (!isExpected(expected)) return partsResult("faults", faults, expected);
  const all = totalFaults(faults);
  checkMeasured("faults", all);
  const kinds = FAULT_KINDS.filter((kind) => faults[kind] > 0);
  const which = kinds.map((kind) => `${formatCount(faults[kind])} ${kind}`).join(", ");
  const counted = `${counting(all, "fault")}${which && ` (${which})`}`;
  return resultOf(isMet(expected, all), `${counted}, expected ${inWords(expected)}`);
}

function toHaveZeroed(received: unknown, expected: ExpectedZeroing): MatcherResult {
  const { zeroed } = countersOf(received);
  if (!expected || isExpected(expected)) throw new TypeError(`say by whom: toHaveZeroed({ needless: 0 })`);
  return partsResult("zeroed", zeroed, expected);
}

function partsResult(
  name: string,
  counted: Record<string, number>,
  expected: Partial<Record<string, Expected>>,
): MatcherResult {
  const unknown = Object.keys(expected).find((part) => !(part in counted));
  if (unknown !== undefined) {
    throw new TypeError(`${name} has no "${unknown}"; it has ${joinWords(Object.keys(counted))}`);
  }
  const parts = Object.entries(expected).map(([part, wanted = {}]) => {
    const count = counted[part] as number;
    checkMeasured(`${name}.${part}`, count);
    const text = `${name}.${part} is ${formatCount(count)}, expected ${inWords(wanted)}`;
    return { met: isMet(wanted, count), text };
  });
  const missed = parts.filter(({ met }) => !met);
  return resultOf(
    missed.length === 0,
    (missed.length === 0 ? parts : missed).map(({ text }) => text).join("\n"),
  );
}

/** @throws Error: what was not measured is neither as expected nor not. */
function checkMeasured(name: string, count: number): void {
  if (!Number.isNaN(count)) return;
  const remedy = "of a module opened with { meter: true } touched, zeroed and faults.needless are known";
  throw new Error(`${name} is not measured: ${remedy}`);
}

function toHaveConstantCost(
  received: unknown,
  call: (bytes: number) => unknown,
  options: ConstantCostOptions = {},
): MatcherResult {
  const allocator = allocatorOf(received);
  if (typeof call !== "function") throw new TypeError("say what to call: toHaveConstantCost((bytes) => …)");
  const { least, most } = extremeCosts(allocator, call, options);
  checkMeasured("the cost of a call", most.work);
  if (!isAlike(least, most, allocator.pageBytes))
    return resultOf(false, `${costOf(most)}, and ${costOf(least)}`);
  return resultOf(
    true,
    `no call cost more than ${formatBytes(most.work)} of zeroing and faults, or much less`,
  );
}

function costOf({ bytes, number, work }: CallCost): string {
  const which = bytes === undefined ? "" : ` with ${formatBytes(bytes)}`;
  return `call ${number}${which} cost ${formatBytes(work)} of zeroing and faults`;
}

function toHaveNoLeaks(received: unknown): MatcherResult {
  const { inUse } = countersOf(received).bytes;
  if (inUse <= 0) return resultOf(true, "all that was allocated was freed");
  return resultOf(false, `${counting(inUse, "byte")} not freed`);
}
