/** `zeropage tune` of wasm modules: measured in turns, as bench measures them, and judged as settings of models are. */
import type { TouchPolicy } from "../allocator/access.js";
import { isModule, splitChoice } from "../allocator/choice.js";
import { UsageError } from "../base/errors.js";
import { closeTrace } from "../compare/closed-trace.js";
import { hashOf, identityOf } from "../compare/identity.js";
import type { BenchRecord } from "../compare/record.js";
import type { TuneGoal } from "../results/tune.js";
import type { ModuleTuneReport } from "../results/tune-modules.js";
import type { NamedTrace } from "../tune/evaluate.js";
import { moduleTune } from "../tune/modules.js";
import { moduleTuneRows, moduleTuneSheet } from "../tune/modules-sheet.js";
import { type LoadedTrace, loadSubjects } from "./bench-inputs.js";
import { measure } from "./bench-measure.js";
import type { Environment } from "./environment.js";
import { EXIT } from "./exit.js";
import { finish } from "./finish.js";
import { chooseForm, type FormFlags } from "./output.js";
import { readTraces, type TuneInputFlags } from "./tune-inputs.js";

/** Rounds from which on an interval of lower quartiles holds what it should (base/statistics.ts). */
const ROUNDS = 8;

/** What of a module is bounded, on each trace. */
const LIMITS = { budgetSeconds: 60, memoryBytes: 2 ** 30 };

/** Flags that mean nothing where nothing is searched, or simulated. */
const OTHERS = [
  "settings",
  "jobs",
  "shard",
  "output",
  "resume",
  "verify",
  "costs",
  "clock",
  "chart",
] as const;

/** The flags of a tune of modules, as typed. */
export type ModuleTuneFlags = FormFlags &
  TuneInputFlags & { glue?: string } & { [Flag in (typeof OTHERS)[number]]?: unknown };

/** What is asked of a tune of modules. */
export interface ModulesAsked {
  goal: TuneGoal;
  touch: TouchPolicy;
  /** When to begin no further round. */
  seconds: number | undefined;
}

/** The modules in a list of allocators; nothing if there is none. @throws UsageError for one that has models, too */
export function modulesAsked(list: string | undefined): string[] | undefined {
  const all = (list ?? "").split(",").map((one) => one.trim());
  const modules = all.filter((one) => isModule(splitChoice(one).name));
  const [model] = all.filter((one) => !modules.includes(one));
  if (modules.length === 0) return undefined;
  if (model === undefined) return modules;
  throw new UsageError(
    `--allocator: ${modules[0]} is a wasm module, whose time is measured, and ${model} a model, whose time is simulated: name only the one kind or the other`,
  );
}

/** Measures modules on some traces, and recommends. Returns the exit code; throws UsageError before any work. */
export async function tuneModules(
  modules: readonly string[],
  files: readonly string[],
  flags: ModuleTuneFlags,
  { goal, touch, seconds }: ModulesAsked,
  environment: Environment,
): Promise<number> {
  const other = OTHERS.find((flag) => flags[flag] !== undefined);
  if (other) {
    throw new UsageError(`--${other}: nothing of wasm modules is searched or simulated: leave it out`);
  }
  const subjects = await loadSubjects(modules, flags.glue);
  const named = await readTraces(files, flags, environment);
  const traces = named.map(loaded);
  const parameters = { ...{ rounds: ROUNDS, passes: 1, latencyRuns: 0, touch, seed: 1 }, ...LIMITS };
  const plan: BenchRecord = {
    ...{ scenario: "bench", version: environment.version, identity: "", complete: false, shard: null },
    ...{ resumed: [], hosts: [{ shard: 1, description: environment.description ?? "" }], parameters },
    baseline: subjects[0]?.info.name as string,
    ...{ subjects: subjects.map(({ info }) => info), traces: traces.map(({ info }) => info) },
    ...{ results: [], drivers: [] },
  };
  plan.identity = identityOf(plan);
  const begun = performance.now();
  const isLate = () => seconds !== undefined && performance.now() - begun > 1000 * seconds;
  const record = await measure(plan, { subjects, traces }, environment, () => {}, isLate);
  const ended = record.complete ? "converged" : isLate() ? "time" : "interrupted";
  const report = moduleTune(record, { goal, ended, threads: named.map(({ notes }) => notes.threads) });
  return (await print(report, flags, environment)) || (ended === "interrupted" ? EXIT.interrupted : EXIT.ok);
}

function print(report: ModuleTuneReport, flags: FormFlags, environment: Environment): Promise<number> {
  const printable = {
    record: report,
    sheet: () => moduleTuneSheet(report),
    rows: () => moduleTuneRows(report),
  };
  return finish(printable, chooseForm(flags), [], environment, {});
}

/** As bench takes it: with all freed at the end, so that an instance can replay it again. */
function loaded({ name, records, count }: NamedTrace): LoadedTrace {
  const closed = closeTrace({ records, count });
  const { peakLiveBytes } = closed;
  return { ...closed, info: { name, operations: closed.count, peakLiveBytes, hash: hashOf(closed.records) } };
}
