/** What passes between a WASI program that is recorded, in its Worker, and who started it. */
import type { Convention } from "../../foreign/conventions.js";
import type { RecordedNames } from "../module/find.js";
import type { Idle } from "../module/idle.js";
import type { RecordedFunction, Zeroed } from "../module/recording.js";

/** A program and how it is run. */
export interface WasiProgram {
  wasm: Uint8Array;
  functions: RecordedNames;
  convention: Convention | undefined;
  sites: boolean;
  /** Its name, then its arguments. */
  args: string[];
  env: Record<string, string>;
  /** Folders of this host, by what the program calls them. */
  folders: Record<string, string>;
}

/** How a program ended, and what was found. */
export interface WasiEnded {
  /** Null if it trapped. */
  exitCode: number | null;
  trap?: string;
  zeroed: Zeroed | null;
  idle: Idle;
  functions: RecordedFunction[];
  losses: string[];
}

/** What the Worker is started with. */
export interface WorkerData {
  program: WasiProgram;
  /** Chunks that were posted and are not yet taken: the Worker waits while there are too many. */
  waiting: Int32Array;
}

/** What the Worker posts. The sites of a chunk are those that were not named before. */
export type Message =
  | { records: Uint8Array; count: number; sites: string[] }
  | { ended: WasiEnded }
  | { failed: { name: string; message: string } };

/** The names under which WASI is imported, by what Node calls the version. */
export const WASI_MODULES = { preview1: "wasi_snapshot_preview1", unstable: "wasi_unstable" } as const;
