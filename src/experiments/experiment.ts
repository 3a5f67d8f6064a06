/**
 * What an experiment says of itself, of which the command line, its help and every form of output are made:
 *
 *      flags, allocators ─► jobs ─► results ─► record ─┬─► sheet   a table, Markdown
 *                                                      ├─► rows    CSV
 *                                                      ├─► chart   SVG
 *                                                      └─► JSON, as it is
 */

import { formatCount } from "../base/bytes.js";
import type { CostProfile } from "../costs/profile.js";
import type { CsvRow } from "../report/csv.js";
import type { Sheet } from "../report/sheet.js";
import type { OptionValues } from "../results/run.js";
import type { Capability } from "../sandbox/capabilities.js";
import type { Trace } from "../trace/trace.js";
import type { ModelRun } from "./open.js";

/** A flag that takes a value: what help calls the value, and how it is read. */
export interface Flag<T = unknown> {
  value: string;
  help: string;
  default: string;
  /** The default where a wasm module is among the allocators: it really does all that it is asked for. */
  withModules?: string;
  /** Reads the value of the flag called `name`. @throws UsageError */
  parse(text: string, name: string): T;
}

/** By name, without the dashes. */
export type Flags = Record<string, Flag>;

/** Functions of the library, by name. */
export type Functions = Record<string, (run: never) => Promise<unknown>>;

/** What a command line asks for. */
export interface Asked<F extends Flags = Flags, L extends Functions = Functions> {
  flags: { [Name in keyof F]: ReturnType<F[Name]["parse"]> };
  /** Each with the costs, if any were chosen; `label` names it as the command line does. */
  allocators: readonly { label: string; run: ModelRun }[];
  costs?: CostProfile;
  /** The experiment's own, or those that run modules in jail, or fakes. */
  functions: L;
}

/** One result to get. */
export interface Job<Result> {
  label: string;
  /** `show` tells people how far it is. */
  run(show: (howFar?: string) => void): Promise<Result>;
}

/** What every record has. As JSON it is the command line's contract. */
export interface ExperimentRecord {
  results: readonly (ResultOfAllocator | (object & { allocator?: never }))[];
}

/** What a result of an allocator has. */
interface ResultOfAllocator {
  allocator: string;
  options: OptionValues;
  notes?: string[];
}

export interface Experiment<
  F extends Flags = Flags,
  L extends Functions = Functions,
  Result = unknown,
  R extends ExperimentRecord = ExperimentRecord,
> {
  /** What comes after `zeropage`: `cliffs`, or `run calloc-loop`. */
  command: string;
  description: string;
  /** What comes after the command, in the examples of its help. */
  examples: readonly string[];
  flags: F;
  /**
   * Whether wasm modules may be named as allocators; if so, the functions are in on-modules.ts too. What takes no
   * allocators is a model of its own, and has none of the flags about them.
   */
  takes: "models" | "models and modules" | "no allocators";
  /** What the machines of its allocators need that not all have. */
  needs?: Capability;
  /** Allocators to run if none is named, and what help calls them; every model without it. */
  allocators?: { list: string; help: string };
  /** Those to run instead if none is named, where its flags say what to compare. */
  allocatorsFor?(flags: Asked<F>["flags"]): string;
  functions: L;
  /** In the order in which they are run and reported. @throws UsageError */
  jobs(asked: Asked<F, L>): Job<Result>[];
  /** Made of the results of those jobs that did not fail. */
  record(asked: Asked<F, L>, results: Result[]): R | Promise<R>;
  sheet(record: R): Sheet;
  rows(record: R): readonly CsvRow[];
  /** Draws the record as an SVG document. */
  chart: { help: string; draw(record: R): string };
  /** The trace that all allocators get, if there is one, to be saved. @throws UsageError */
  trace?(flags: Asked<F>["flags"]): Trace;
}

/** Infers the types of an experiment, so that nobody has to write them. */
export const defineExperiment = <F extends Flags, L extends Functions, Result, R extends ExperimentRecord>(
  experiment: Experiment<F, L, Result, R>,
) => experiment;

/** How far a job is: `5,000 of 10,000 sizes`. */
export const doneOf = (done: number, total: number, what = "") =>
  `${formatCount(done)} of ${formatCount(total)} ${what}`.trimEnd();
