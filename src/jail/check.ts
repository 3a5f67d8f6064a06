/** Checks a module against the conformance cases, each in its own jail: a case that hangs or traps fails alone. */

import { LimitExceeded, ModuleError, UnknownImport } from "../base/errors.js";
import type { Case } from "../conformance/case.js";
import { type CheckReport, chooseCases, type Outcome, outcomeOf, reportOf } from "../conformance/check.js";
import type { AllocatorReport } from "../foreign/module-allocator.js";
import type { NamingOptions } from "../foreign/options.js";
import { readSource, type WasmSource } from "../foreign/source.js";
import { runInJail } from "./jail.js";

/** What is checked, and what the module may take. */
export interface ModuleCheckOptions extends NamingOptions {
  /** Names of the cases to run. Default: all. */
  cases?: readonly string[];
  /** Time limit of each case in seconds, including the start of its Worker. Default 60. */
  seconds?: number;
  /** Memory limit of the module in bytes. Default 4 GiB. */
  memoryBytes?: number;
  /** As CheckOptions has it. Default: what the module's names and convention tell. */
  alignment?: 8 | 16;
  /** Seed of the random program. Default 24301. */
  seed?: number;
  /** Called before each case. */
  onCase?: (name: string, done: number, total: number) => void;
}

/** What the cases found, and what the module is. */
export interface ModuleCheckReport extends CheckReport {
  /** What was found out about the module. */
  module: AllocatorReport;
}

const GIB = 2 ** 30;

/**
 * Checks an untrusted module.
 * @param source As of openWasmAllocator, but not compiled: a jail limits its memory.
 * @throws ModuleError if it cannot be opened as an allocator, ModuleTrap or LimitExceeded if opening it fails;
 * RangeError for the name of no case.
 */
export async function checkModule(
  source: WasmSource,
  options: ModuleCheckOptions = {},
): Promise<ModuleCheckReport> {
  const { cases, seconds = 60, memoryBytes = 4 * GIB, alignment, seed, onCase, ...open } = options;
  const settings = { ...(alignment && { alignment }), ...(seed !== undefined && { seed }) };
  const chosen = chooseCases(cases);
  const wasm = await readSource(source);
  const job = { wasm, open: { unknownImports: "trap" as const, ...open }, memoryBytes, settings };
  const module = (await runInJail({ check: job }, seconds)) as AllocatorReport;
  const outcomes: Outcome[] = [];
  for (const one of chosen) {
    onCase?.(one.name, outcomes.length, chosen.length);
    const run = runInJail({ check: { ...job, name: one.name } }, seconds) as Promise<Outcome>;
    outcomes.push(await run.catch((error) => outcomeOfError(one, error)));
  }
  return { module, ...reportOf(outcomes) };
}

/** The outcome of a case whose jail ended with an error. With the memory of a case, a module may fail to open. */
function outcomeOfError(one: Case, error: Error): Outcome {
  if (error instanceof ModuleError) return outcomeOf(one, { state: "skip", reason: error.message });
  if (error instanceof UnknownImport) return outcomeOf(one, { state: "undecided", reason: error.message });
  const seen = error instanceof LimitExceeded ? `it hangs: ${error.message}` : error.message;
  return outcomeOf(one, { state: "fail", seen, calls: [] });
}
