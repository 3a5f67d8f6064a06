/**
 * The entry `zeropage/testing`: the promises of the C library as tests, and matchers, for Jest, Node's runner and others.
 * Importing it registers the matchers and the serializer where there is an `expect`.
 *
 * @module zeropage/testing
 */
import type { AllocatorMatchers } from "./testing/matchers.js";
import { register } from "./testing/register.js";

export {
  type ConformanceTestOptions,
  conformanceTests,
  type OpenSubject,
  type TestSubject,
} from "./testing/conformance-tests.js";
export type { ConstantCostOptions } from "./testing/constant-cost.js";
export type { Expected } from "./testing/expected.js";
export {
  type AllocatorMatchers,
  type ExpectedFaults,
  type ExpectedZeroing,
  type Matcher,
  type MatcherResult,
  matchers,
} from "./testing/matchers.js";
export type { Describe, Test } from "./testing/runner.js";
export { countersSerializer, type SnapshotPrinter, type SnapshotSerializer } from "./testing/serializer.js";

declare global {
  namespace jest {
    // biome-ignore lint/complexity/noBannedTypes: it has to be as Jest's own declaration has it.
    interface Matchers<R, T = {}> extends AllocatorMatchers<R> {}
  }
}

register();
