/**
 * What is done in a Worker, and what is said on the way:
 *
 *      starter                          Worker
 *         │  JailJob                       │
 *         ├───────────────────────────────►│
 *         │  Word, as often as it likes    │  of which { wants } alone is answered,
 *         │◄───────────────────────────────┤  with a TraceChunk, or null at the end
 *         │  JailAnswer                    │
 *         │◄───────────────────────────────┤
 */

import type { onModules } from "../experiments/on-modules.js";
import type { AllocatorRun } from "../experiments/open.js";
import type { WasmOptions } from "../foreign/open.js";
import type { TouchPolicy } from "../sandbox/sandbox.js";
import type { TraceChunk } from "../trace/trace.js";

export type JailJob = { replay: ReplayJob } | { check: CheckJob } | { scenario: ScenarioJob };

/** A trace to replay. */
export interface ReplayJob {
  wasm: Uint8Array;
  records: Uint8Array;
  count: number;
  open: OpenJob & { memoryBytes: number };
  touch: TouchPolicy;
  verify: boolean;
}

/** A case to check. */
export interface CheckJob {
  wasm: Uint8Array;
  /** Name of a case; without it the module is only opened, and described. */
  name?: string;
  open: OpenJob;
  memoryBytes: number;
}

type OpenJob = Pick<WasmOptions, "functions" | "convention" | "unknownImports">;

/** A scenario to run on the module at a URL. */
export interface ScenarioJob {
  name: keyof typeof onModules;
  url: string;
  memoryBytes: number;
  /** What to run, as far as a message can carry it. */
  run: Omit<AllocatorRun, "open">;
  /** Whether it reads a trace, and whether somebody wants to hear what each operation returns. */
  wants: { trace: boolean; results: boolean };
}

/** What a job says before it is done. */
export type Word =
  | { alive: true }
  | { progress: number[] }
  | { results: number[]; chunk: TraceChunk }
  /** It has nothing to do before it gets it. */
  | { wants: "chunk" };

/** What comes of a job. */
export type JailAnswer = { result: unknown } | { error: { name: string; message: string } };
