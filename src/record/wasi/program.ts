/** What passes between a WASI program that is recorded, in its Worker, and who started it. */
import type { Convention } from "../../foreign/conventions.js";
import type { DrivenBy } from "../module/driven.js";
import type { RecordedNames } from "../module/find.js";
import type { Idle } from "../module/idle.js";
import type { Zeroed } from "../module/recorder.js";
import type { RecordedFunction } from "../module/recording.js";

/** A program and how it is run. */
export interface WasiProgram {
  wasm: Uint8Array;
  functions: RecordedNames;
  convention: Convention | undefined;
  sites: boolean;
  /** Nanoseconds between two times in the trace, at least; undefined for none. */
  timesEvery: number | undefined;
  /** Its name, then its arguments. */
  args: string[];
  env: Record<string, string>;
  /** Folders of this host, by what the program calls them. */
  folders: Record<string, string>;
}

/** How a program ended by itself. */
export interface WasiExit {
  /** Null if it trapped. */
  exitCode: number | null;
  trap?: string;
}

/** What was recorded. */
export interface WasiRecord {
  functions: RecordedFunction[];
  /** How a replay drives the same allocator (module/driven.ts). */
  drivenBy: DrivenBy | null;
  /** Bytes that its allocator cleared; null if that is not known. */
  zeroed: Zeroed | null;
  /** Bytes that memory.discard would give back. */
  idle: Idle;
}

/** What the Worker is started with. */
export interface WorkerData {
  program: WasiProgram;
  /** Logs that were posted and are not yet taken: the Worker waits while there are too many. */
  waiting: Int32Array;
}

/** What the Worker posts. */
export type Message =
  | { begun: Begun }
  /** A site, when it has its number: 1, 2, … */
  | { site: string }
  /** A log that was full. */
  | { events: Uint8Array }
  | { exit: WasiExit }
  | { failed: { name: string; message: string } };

/** A program is about to start. What its recorder writes is in memory that is shared: whatever ends the Worker, it is there. */
export interface Begun {
  functions: RecordedFunction[];
  drivenBy: DrivenBy | null;
  knowsClearing: boolean;
  /** What is not recorded, in sentences. */
  losses: string[];
  buffer: SharedArrayBuffer;
  /** Where in it the log is, and what is kept beside it (Logged). */
  log: number;
  state: number;
}

/** The names under which WASI is imported, by what Node calls the version. */
export const WASI_MODULES = { preview1: "wasi_snapshot_preview1", unstable: "wasi_unstable" } as const;
