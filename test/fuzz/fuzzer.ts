/**
 * What all fuzzers have in common. A seed gives cases; a case is a list of parts that run one after another in a setting, all of
 * it plain data. So one that fails is shrunk by leaving out parts, written to a file, and run again from there.
 */

import type { ReduceOptions } from "../../src/fuzz/reduce.js";

/** What runs once. */
export interface Case<Part, Setting> {
  readonly setting: Setting;
  readonly parts: readonly Part[];
}

/** What was done and really looked at, by its names. */
export type Counts = Record<string, number>;

export type Fails<Part> = (parts: readonly Part[]) => Promise<boolean>;
export type Limits = Pick<ReduceOptions<unknown>, "tries" | "signal">;

export interface Fuzzer<Part = never, Setting = never> {
  /** The cases of a seed, which are the same on every host. Called by `run` of each before the next is asked for. */
  cases(seed: number): Iterable<Case<Part, Setting>> | AsyncIterable<Case<Part, Setting>>;
  /** Runs a case. @throws Error for what is not as it should be */
  run(one: Case<Part, Setting>): Promise<Counts>;
  /** What does less than a part, the simplest first. By default nothing does. */
  simpler?(part: Part): Part[];
  /** Shrinks parts that fail. By default as `reduce` does. */
  shrink?(parts: readonly Part[], fails: Fails<Part>, limits: Limits): Promise<Part[]>;
  /** A case for people. By default its parts as JSON, each in a line. */
  show?(one: Case<Part, Setting>): string;
  /** What else there is to tell of all that was done so far. */
  tells?(): string;
}
