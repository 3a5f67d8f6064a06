/** Runs random programs until one fails, and shrinks that. */
import { checkRange } from "../base/arguments.js";
import { FUZZ_MEMORY, type ProgramOptions, randomProgram } from "./generate.js";
import { type Program, programText } from "./program.js";
import type { ShrinkOptions } from "./reduce.js";
import { kindOfFault, type OpenFuzzed, type Run, runProgram } from "./run.js";
import { shrink } from "./shrink.js";

/** What is run, and how long. */
export interface FuzzOptions extends ProgramOptions {
  /** Seed of the first program, from 0 to 2^32 - 1. Default 1. */
  seed?: number;
  /** Programs to run, at most. Default 100. */
  runs?: number;
  /** Asked before each program whether to run it, such as for a limit of time. */
  goesOn?: () => boolean;
  /** Ends it before the next program, and shrinking at once. */
  signal?: AbortSignal;
  /** Called after each program; and while one is shrunk, with how many steps are left. */
  onProgress?: (progress: FuzzProgress) => void;
}

/** How far it is. */
export interface FuzzProgress {
  programs: number;
  operations: number;
  /** Steps of the smallest program that fails; absent before one does. */
  steps?: number;
}

/** What was found. */
export interface FuzzReport {
  /** As given. */
  seed: number;
  /** Programs run, the last one that failed included. */
  programs: number;
  /** Steps of these programs. */
  operations: number;
  /** Allocations of theirs that got no memory, which is no fault. */
  failedAllocations: number;
  /** Memory that the allocator had, in bytes. */
  memoryBytes: number;
  /** Absent if every program was served well. */
  failure?: FuzzFailure;
}

/** A program that fails. */
export interface FuzzFailure {
  /** The seed that gives the whole program first. */
  seed: number;
  /** What the allocator did wrong when the shrunk program ran, beginning with the operation. */
  seen: string;
  /** The shrunk program. */
  program: Program;
  /** The same as a trace in our text form. */
  trace: string;
  /** Steps of the whole program. */
  steps: number;
  /** Programs that were tried to shrink it. */
  tries: number;
  /** Whether it cannot be shrunk further. */
  minimal: boolean;
}

/**
 * Runs random programs on an allocator, each on a fresh one. Stops at the first that fails, and shrinks it. The same seed
 * gives the same programs everywhere.
 * @param open opens a fresh allocator of so much memory: a sandbox, or a wasm module's.
 * @throws RangeError for a seed or a number of runs that is none; what `open` throws, UnknownImport, OutOfMemory of the host
 */
export async function fuzz(open: OpenFuzzed, options: FuzzOptions = {}): Promise<FuzzReport> {
  const { memoryBytes = FUZZ_MEMORY } = options;
  checkOptions(options);
  const allocator = await open(memoryBytes);
  const endsMemory = options.endsMemory ?? allocator.endsByTrap !== true;
  allocator.close();
  return fuzzBy((program) => runProgram(open, program, memoryBytes), { ...options, endsMemory });
}

/** How programs that fail are shrunk, by what was wrong: a program that hangs takes long to try. */
export type ShrinkWith = (fault: string) => { run: Run } & ShrinkOptions;

/** The same by whatever runs a program. @internal */
export async function fuzzBy(
  run: Run,
  options: FuzzOptions,
  shrinkWith: ShrinkWith = () => ({ run }),
): Promise<FuzzReport> {
  const { seed = 1, runs = 100, memoryBytes = FUZZ_MEMORY, signal, onProgress } = options;
  checkOptions(options);
  const report: FuzzReport = { seed, programs: 0, operations: 0, failedAllocations: 0, memoryBytes };
  while (report.programs < runs && !signal?.aborted && options.goesOn?.() !== false) {
    const own = seedOf(seed, report.programs);
    const program = randomProgram(own, options);
    const { failedAllocations, fault } = await run(program);
    report.programs++;
    report.operations += program.length;
    report.failedAllocations += failedAllocations;
    onProgress?.({ programs: report.programs, operations: report.operations });
    if (fault !== undefined) {
      report.failure = await explain(own, program, fault, options, report, shrinkWith);
      break;
    }
    if (report.programs % BREATH === 0) await new Promise((resolve) => setTimeout(resolve));
  }
  return report;
}

/** @throws RangeError for a number that is none */
export function checkOptions({ seed = 1, runs = 1, steps = 1, memoryBytes = 1 }: FuzzOptions): void {
  checkRange("seed", seed, 0, 2 ** 32 - 1);
  checkRange("runs", runs, 1, Number.MAX_SAFE_INTEGER);
  checkRange("steps", steps, 1, 2 ** 32);
  checkRange("memoryBytes", memoryBytes, 1, Number.MAX_SAFE_INTEGER);
}

/** Programs between two moments when what else waits may run: a signal, a page. */
const BREATH = 16;

/** The seed of a program by its number: that of the first is the seed itself. Steps of 2^32 / golden ratio meet all. */
export const seedOf = (seed: number, number: number): number => (seed + Math.imul(number, 0x9e3779b1)) >>> 0;

async function explain(
  seed: number,
  program: Program,
  fault: string,
  { signal, onProgress }: FuzzOptions,
  { programs, operations }: FuzzReport,
  shrinkWith: ShrinkWith,
): Promise<FuzzFailure> {
  const { run, ...limits } = shrinkWith(fault);
  let seen = fault;
  const fails = async (smaller: Program) => {
    const ran = await run(smaller);
    const isSame = kindOfFault(ran.fault) === kindOfFault(fault);
    if (isSame && ran.fault !== undefined) seen = ran.fault;
    return isSame;
  };
  const whole = { seed, seen, program, trace: programText(program), steps: program.length };
  // What depends on time may not fail again.
  if (!(await fails(program))) return { ...whole, seen: fault, tries: 1, minimal: false };
  const onTry = (_: number, steps: number) => onProgress?.({ programs, operations, steps });
  const shrunk = await shrink(program, fails, { ...limits, onTry, ...(signal && { signal }) });
  return { ...whole, ...shrunk, seen, trace: programText(shrunk.program) };
}
