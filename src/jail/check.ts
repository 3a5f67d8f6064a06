/** Checks a module against the conformance cases, in jail: a case that hangs or traps fails alone. */
import { checkRange } from "../base/arguments.js";
import { LimitExceeded, ModuleError, UnknownImport } from "../base/errors.js";
import type { Case } from "../conformance/case.js";
import { type CheckReport, chooseCases, type Outcome, outcomeOf, reportOf } from "../conformance/check.js";
import type { AllocatorReport } from "../foreign/module-allocator.js";
import type { NamingOptions } from "../foreign/options.js";
import { readSource, type WasmSource } from "../foreign/source.js";
import { type Abortable, runInJail } from "./jail.js";
import type { CheckJob, JobMessage } from "./jobs.js";

/** What is checked, and what the module may take. */
export interface ModuleCheckOptions extends NamingOptions, Abortable {
  /** Names of the cases to run. Default: all. */
  cases?: readonly string[];
  /** Time limit of each case in seconds, including the start of a Worker where it needs one. Default 60. */
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
 * RangeError for the name of no case; the reason of an aborted `signal`.
 */
export async function checkModule(
  source: WasmSource,
  options: ModuleCheckOptions = {},
): Promise<ModuleCheckReport> {
  const { cases, seconds = 60, memoryBytes = 4 * GIB, alignment, seed, onCase, signal, ...open } = options;
  const settings = { ...(alignment && { alignment }), ...(seed !== undefined && { seed }) };
  const chosen = chooseCases(cases);
  checkRange("memoryBytes", memoryBytes, 0, Number.MAX_SAFE_INTEGER);
  const wasm = await readSource(source);
  const job = { wasm, open: { unknownImports: "trap" as const, ...open }, memoryBytes, settings };
  const module = (await runInJail({ check: job }, seconds, undefined, signal)) as AllocatorReport;
  return { module, ...reportOf(await checkAll(job, chosen, seconds, onCase, signal)) };
}

/**
 * Checks one case after another. All share a Worker, each with an instance of its own, until one hangs or ends the Worker:
 * the next then gets another.
 */
async function checkAll(
  job: CheckJob,
  cases: readonly Case[],
  seconds: number,
  onCase: ModuleCheckOptions["onCase"],
  signal: AbortSignal | undefined,
): Promise<Outcome[]> {
  const outcomes: Outcome[] = [];
  const begin = () => {
    const next = cases[outcomes.length];
    if (next) onCase?.(next.name, outcomes.length, cases.length);
  };
  const listen = (message: JobMessage) => {
    // What is still on its way when the check is given up is not told.
    if (signal?.aborted || !("outcome" in message)) return;
    outcomes.push(message.outcome);
    begin();
  };
  begin();
  for (let next = cases[0]; next; next = cases[outcomes.length]) {
    const names = cases.slice(outcomes.length).map(({ name }) => name);
    await runInJail({ check: { ...job, names } }, seconds, listen, signal).catch((error) => {
      signal?.throwIfAborted();
      const failed = cases[outcomes.length];
      if (failed) listen({ outcome: outcomeOfError(failed, error) });
    });
  }
  return outcomes;
}

/** The outcome of a case that ended its Worker with an error. With the memory of a case, a module may fail to open. */
function outcomeOfError(one: Case, error: Error): Outcome {
  if (error instanceof ModuleError) return outcomeOf(one, { state: "skip", reason: error.message });
  if (error instanceof UnknownImport) return outcomeOf(one, { state: "undecided", reason: error.message });
  const seen = error instanceof LimitExceeded ? `it hangs: ${error.message}` : error.message;
  return outcomeOf(one, { state: "fail", seen, calls: [] });
}
