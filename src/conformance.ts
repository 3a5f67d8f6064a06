/**
 * The entry point `zeropage/conformance`: what every allocator promises, as cases to run in any test.
 *
 * @module zeropage/conformance
 */
export type { Case, Part } from "./conformance/case.js";
export {
  type CheckOptions,
  type CheckReport,
  checkAllocator,
  conformanceCases,
  type Open,
  type Outcome,
  type Verdict,
} from "./conformance/check.js";
export { BrokenPromise, type Subject } from "./conformance/tester.js";
