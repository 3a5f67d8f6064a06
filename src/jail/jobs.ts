/**
 * The jobs that a Worker does, and the messages on the way:
 *
 *      starter                          Worker
 *         │  Start                         │
 *         ├───────────────────────────────►│
 *         │  JobMessage, any number        │  only { wants } gets a reply, such as
 *         │◄───────────────────────────────┤  a NotedChunk, or null at the end
 *         │  JailAnswer                    │
 *         │◄───────────────────────────────┤
 */

import type { TouchPolicy } from "../allocator/access.js";
import type { CheckOptions, Outcome } from "../conformance/check.js";
import type { onModules } from "../experiments/on-modules.js";
import type { AllocatorRun } from "../experiments/open.js";
import type { AllocatorReport } from "../foreign/module-allocator.js";
import type { NamingOptions } from "../foreign/options.js";
import type { Ran } from "../fuzz/run.js";
import type { TraceChunk, TraceNotes } from "../trace/trace.js";

/** What the Worker is posted first: a job, and what it needs of this package's files, which it would not find by itself. */
export interface Start {
  job: JailJob;
  files: Readonly<Record<string, Uint8Array<ArrayBuffer>>>;
}

export type JailJob =
  | { replay: ReplayJob }
  | { check: CheckJob }
  | { scenario: ScenarioJob }
  | { programs: ProgramsJob };

/** A trace to replay. */
export interface ReplayJob {
  wasm: Uint8Array;
  records: Uint8Array;
  count: number;
  notes: TraceNotes;
  open: OpenJob & { memoryBytes: number };
  touch: TouchPolicy;
  verify: boolean;
}

/** Cases to check, one after another, each with an instance of its own. */
export interface CheckJob {
  wasm: Uint8Array;
  /** Names of the cases; without them the module is only opened and reported on. */
  names?: readonly string[];
  open: OpenJob;
  memoryBytes: number;
  settings: Pick<CheckOptions, "alignment" | "seed">;
}

type OpenJob = NamingOptions;

/** Programs to run, verified, each on a fresh instance. */
export interface ProgramsJob {
  wasm: Uint8Array;
  open: OpenJob;
  memoryBytes: number;
}

/** What a module turned out to be. */
export interface Opened {
  report: AllocatorReport;
  /** Whether it traps where memory ends, by the contract of its kind. */
  endsByTrap: boolean;
}

/** A scenario to run on a module. */
export interface ScenarioJob {
  name: keyof typeof onModules;
  wasm: Uint8Array;
  memoryBytes: number;
  /** The settings of the run that a message can carry. */
  run: Omit<AllocatorRun, "open" | "source">;
  /** Whether the scenario reads a trace, and whether the caller wants the result of each operation. */
  wants: { trace: boolean; results: boolean };
}

/** A chunk, with what is noted of its operations. */
export type NotedChunk = TraceChunk & Pick<TraceNotes, "marks" | "threads">;

/** What a job sends before it is done. */
export type JobMessage =
  | { alive: true }
  /** Which part of the module is metered. */
  | { metering: number }
  | { progress: number[] }
  | { results: number[]; chunk: TraceChunk }
  /** A case was checked. */
  | { outcome: Outcome }
  /** The job waits for the next chunk. */
  | { wants: "chunk" }
  | { opened: Opened }
  /** The job waits for the next program, and says what the one before came to. */
  | { wants: "program"; ran?: Ran };

/** The end of a job. */
export type JailAnswer = { result: unknown } | { error: { name: string; message: string } };
