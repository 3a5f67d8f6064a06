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
export { type ArbitraryOptions, type FastCheck, programs } from "./fuzz/arbitrary.js";
export { type FuzzFailure, type FuzzOptions, type FuzzProgress, type FuzzReport, fuzz } from "./fuzz/fuzz.js";
export { type ProgramOptions, randomProgram } from "./fuzz/generate.js";
export {
  type Growing,
  type Program,
  programText,
  programTrace,
  type Step,
  type Taking,
  type Using,
} from "./fuzz/program.js";
export type { ShrinkOptions } from "./fuzz/reduce.js";
export { type Fuzzed, type OpenFuzzed, type Ran, runProgram } from "./fuzz/run.js";
export { type Shrunk, shrink } from "./fuzz/shrink.js";
