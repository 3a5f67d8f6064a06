/** The promises of the C library as tests of a runner: one of each case. */
import { type CheckOptions, checkCase, chooseCases, type Outcome } from "../conformance/check.js";
import type { Subject } from "../conformance/tester.js";
import { type Describe, runner, type Test } from "./runner.js";

/** Opens a fresh allocator, whose memory is limited to so many bytes if that is given. */
export type OpenSubject = (memoryBytes?: number) => TestSubject | Promise<TestSubject>;

/** An allocator to test. Where its addresses may be above 2^32, cases for 32 bits are skipped. */
export interface TestSubject extends Subject {
  readonly addressLimit?: number;
}

/** What is tested, and by what runner. */
export interface ConformanceTestOptions extends CheckOptions {
  /** What the tests are grouped under. Default: "keeps the promises of the C library". */
  title?: string;
  /** Names of cases that are known to fail: their tests pass while they do, and fail once they pass. */
  failing?: readonly string[];
  /** Limit of each test in milliseconds. Default 60,000: a case takes a second at most where nothing else runs. */
  timeout?: number;
  /** The runner's. Default: Vitest's, the global one of Jest and others, or Node's. */
  describe?: Describe;
  /** The runner's, as `describe`. */
  test?: Test;
}

const TITLE = "keeps the promises of the C library";
const TIMEOUT = 60_000;

/** A promise that was not kept, in the words of the case. */
class ConformanceError extends Error {
  override name = "ConformanceError";

  /** @param calledAt where the test was made: what led to the failure is no concern of who reads it. */
  constructor(message: string, calledAt: string) {
    super(message);
    this.stack = `${this.name}: ${message}\n${calledAt}`;
  }
}

/**
 * Makes a test of each case, named by it. A case that does not apply, or cannot be decided, is skipped and says why.
 * @throws RangeError for the name of no case; Error where there is no runner.
 */
export function conformanceTests(open: OpenSubject, options: ConformanceTestOptions = {}): void {
  const { describe, test } = runnerOf(options);
  const { title = TITLE, timeout = TIMEOUT, failing = [], cases } = options;
  chooseCases(failing);
  const calledAt = callerOf(conformanceTests);
  describe(title, () => {
    for (const one of chooseCases(cases)) {
      // Jest takes a function with parameters for one that calls back.
      const run = async (...[context]: unknown[]) => {
        const outcome = await checkCase(one, async (bytes) => open(bytes), options);
        if (failing.includes(one.name)) expectFailure(outcome, calledAt);
        else conclude(outcome, context, calledAt);
      };
      test(`${one.name}: ${one.promise}`, run, timeout);
    }
  });
}

function runnerOf({ describe = runner.describe, test = runner.test }: ConformanceTestOptions) {
  if (describe && test) return { describe, test };
  throw new Error("there are no describe and test here: give conformanceTests those of your test runner");
}

/** The stack above a function. */
function callerOf(callee: unknown): string {
  const holder: { stack?: string } = {};
  // V8 alone has it. Others begin with this function.
  const { captureStackTrace } = Error as { captureStackTrace?: (holder: object, callee: unknown) => void };
  if (!captureStackTrace) return new Error().stack ?? "";
  captureStackTrace(holder, callee);
  return (holder.stack ?? "").split("\n").slice(1).join("\n");
}

function expectFailure({ name, state }: Outcome, calledAt: string): void {
  if (state === "fail") return;
  throw new ConformanceError(`${name} does not fail any more: leave it out of "failing"`, calledAt);
}

function conclude(outcome: Outcome, context: unknown, calledAt: string): void {
  if (outcome.state === "fail") throw new ConformanceError(textOf(outcome), calledAt);
  if (outcome.state === "skip" || outcome.state === "undecided") skip(context, outcome.reason, outcome.state);
}

function textOf({ seen, calls, issue }: Outcome & { state: "fail" }): string {
  const lines = [seen, ...(calls.length > 0 ? [`after ${calls.join("; ")}`] : [])];
  return [...lines, ...(issue ? [`a bug like ${issue}`] : [])].join("\n");
}

/** Vitest and Node are told why. Jest cannot skip a test that runs: it passes, and the reason is printed. */
function skip(context: unknown, reason: string, state: "skip" | "undecided"): void {
  const told = state === "skip" ? reason : `undecided: ${reason}`;
  const { skip: skipTest } = (context ?? {}) as { skip?: (note: string) => void };
  if (skipTest) skipTest.call(context, told);
  else console.info(`skipped: ${told}`);
}
