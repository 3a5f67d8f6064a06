/** The entry `zeropage/conformance`: what every allocator has to keep, as cases to run in any test. */
export { BrokenPromise, type Subject } from "./bench.js";
export type { Case, Part } from "./case.js";
export {
  type CheckOptions,
  type CheckReport,
  checkAllocator,
  conformanceCases,
  type Open,
  type Outcome,
  type Verdict,
} from "./check.js";
