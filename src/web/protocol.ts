/** What the page and its Workers say to each other. */

import type { TopLevelSpec } from "vega-lite";
import { isModule as isModuleName } from "../allocator/name.js";
import type {
  CliffsResult,
  CostKind,
  Counters,
  OptionValues,
  Result,
  SimulatedTime,
  TimelinePoint,
  TouchPolicy,
  TraceNotes,
} from "../index.js";
import type { PageRuns } from "./page-runs.js";
import type { Tape } from "./tape.js";

/** A model and its options, as reports have them. */
export interface Choice {
  allocator: string;
  options: OptionValues;
}

export const isModule = ({ allocator }: Pick<Choice, "allocator">): boolean => isModuleName(allocator);

/** What a module may take: memory in bytes, and seconds without progress. Models need no such limits. */
export const MODULE_LIMITS = { memoryBytes: 2 * 2 ** 30, seconds: 30 };

/** A tape run to its end on one allocator. */
export interface Played {
  /** Operations it came through; fewer than the tape has if it was stopped. */
  end: number;
  /** Why it was stopped: the allocator's words, or the machine's. */
  stopped?: string;
  result: Result;
  library: Library;
  timeline: TimelinePoint[];
  /** What is to be known of the allocator, in a sentence. */
  note: string;
}

/** What the program itself cleared, and how much of it already read as zero, in bytes. */
export interface Library {
  cleared: number;
  needless: number;
}

/** A function on one call path: how often it was called, and the simulated time spent in it and below, in seconds. */
export interface TimeNode {
  name: string;
  calls: number;
  seconds: number;
  /** Those that took any, longest first. */
  children: TimeNode[];
}

/** A line of the program about the cursor. */
export interface CodeLine {
  /** 0 for the first operation. */
  index: number;
  code: string;
}

/** One side at one moment. */
export interface Moment {
  /** Operations done. */
  position: number;
  counters: Counters;
  library: Library;
  /** With what the program cleared, which is priced as the allocator's clearing. Absent for what really ran. */
  simulated?: SimulatedTime;
  /** Where that went; the program is at the top. */
  time?: TimeNode;
  /** Where addresses end. */
  addressLimit: number;
  runs: PageRuns;
  /** Start and end of each mapped region, in turn. */
  regions: Float64Array<ArrayBuffer>;
  /** The operation done last and its neighbours. */
  code: CodeLine[];
  /** The object of that operation: its address, 0 if it could not be had, and the bytes asked for. */
  object?: { address: number; bytes: number };
}

/** A change of one page's state. */
export interface PageChange {
  operation: number;
  code: string;
  /** page-runs.ts */
  detail: number;
}

export interface PageHistory {
  changes: number;
  /** The last of them. */
  latest: PageChange[];
}

/** An allocator, with its file if it is a module. */
export interface Chosen {
  choice: Choice;
  module?: Blob;
}

/** What a Worker can be asked for. */
export interface Calls {
  /** Reads a trace in any format. */
  readTrace(source: Blob | string): { tape: Tape; notes: TraceNotes };
  /** Runs a tape to its end, and keeps the player. */
  open(job: Chosen & { tape: Tape; touch: TouchPolicy }): Played;
  /** Where the open player is after so many operations. */
  seek(position: number): Moment;
  /** What happened, up to there, to the page at an address of the open player's. */
  pageHistory(page: { address: number; position: number }): PageHistory;
  /** How the calloc loop's cost grows about a size; undefined where there is not the memory for it. */
  costKind(job: Chosen & { bytes: number; written: number }): CostKind | undefined;
  cliffs(job: Chosen & { from: number; to: number }): CliffsResult;
  /** Draws a chart as an SVG document. */
  draw(spec: TopLevelSpec): string;
}

export type CallName = keyof Calls;
export type Argument<Name extends CallName> = Parameters<Calls[Name]>[0];
export type Answer<Name extends CallName> = ReturnType<Calls[Name]>;

export interface Request {
  id: number;
  name: CallName;
  argument: unknown;
}

export interface Progress {
  done: number;
  /** Absent where it is not known. */
  total?: number;
}

/** An error as it crosses: errors lose their class on the way. */
export interface Failure {
  name: string;
  message: string;
}

export type Reply = { id: number } & ({ progress: Progress } | { answer: unknown } | { failure: Failure });
