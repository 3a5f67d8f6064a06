/** The messages between the page and its Workers. */

import { findBuiltIn } from "../allocator/built-in.js";
import { isModule as isModuleName } from "../allocator/choice.js";
import type { SiteValue } from "../experiments/profile/site-stacks.js";
import type {
  CinnabarResult,
  CinnabarWorkload,
  CliffsResult,
  CostKind,
  Counters,
  OptionValues,
  Result,
  SimulatedTime,
  Stack,
  TimelinePoint,
  TouchPolicy,
  TraceNotes,
  TraceProcess,
} from "../index.js";
import type { Sheet } from "../report/sheet.js";
import type { Parameters as RunParameters } from "../results/run.js";
import type { TuneGoal } from "../results/tune.js";
import type { CountName } from "./count-name.js";
import type { PageInside } from "./inside.js";
import type { Objects, PageRuns } from "./page-runs.js";
import type { Tape } from "./tape.js";

/** An allocator and its options, as in reports. */
export interface Choice {
  allocator: string;
  options: OptionValues;
  /** Where the module's file lies, if a link says so. `allocator` is its name then. */
  url?: string;
}

export const isModule = ({ allocator }: Pick<Choice, "allocator">): boolean => isModuleName(allocator);

/** Whether it is a module whose file only the person has. */
export const needsFile = (choice: Pick<Choice, "allocator">): boolean =>
  isModule(choice) && !findBuiltIn(choice.allocator);

/** Limits of a module: bytes of memory, and seconds without progress. Models need none. */
export const MODULE_LIMITS = { memoryBytes: 2 * 2 ** 30, seconds: 30 };

/** A tape that one allocator ran to its end. */
export interface Played {
  /** Operations done; fewer than the tape has if it stopped. */
  end: number;
  /** Why it stopped: the message of the allocator, or of the machine. */
  stopped?: string;
  result: Result;
  library: Library;
  timeline: TimelinePoint[];
  /** Start and end of each range that was ever mapped, in turn, as far as it was seen. */
  mapped: number[];
  /** A sentence on the allocator. */
  note: string;
}

/** The bytes that the program itself cleared, and those of them that already read as zero. */
export interface Library {
  cleared: number;
  needless: number;
}

/** The events to price: clearing by a library costs as much as by the allocator. */
export function eventsOf({ counters, library }: { counters: Counters; library: Library }): Counters {
  const { zeroed } = counters;
  return { ...counters, zeroed: { ...zeroed, allocator: zeroed.allocator + library.cleared } };
}

/** A function on one call path: how often it was called, and the simulated time spent in it and below, in seconds. */
export interface TimeNode {
  name: string;
  calls: number;
  seconds: number;
  /** The callees that took any time, longest first. */
  children: TimeNode[];
}

/** A line of the program near the cursor. */
export interface CodeLine {
  /** The operation; 0 is the first. */
  index: number;
  code: string;
}

/** One side at one moment. */
export interface Moment {
  /** Operations done. */
  position: number;
  counters: Counters;
  library: Library;
  /** Simulated time, with the program's own clearing at the price of the allocator's. Absent for what really ran. */
  simulated?: SimulatedTime;
  /** Where the time went, from the program down. */
  time?: TimeNode;
  runs: PageRuns;
  objects: Objects;
  /** Start and end of each mapped region, in turn. */
  regions: Float64Array<ArrayBuffer>;
  /** The last operation done, and its neighbours. */
  code: CodeLine[];
  /** The object of that operation: its address, 0 if the allocation failed, and the bytes asked for. */
  object?: { address: number; bytes: number };
  /** What lies in the page that was asked about. */
  inside?: PageInside;
}

/** An address in a page; null for the page of the last operation's object, and undefined for none. */
export type AskedPage = number | null | undefined;

/** A change of one page's state. */
export interface PageChange {
  operation: number;
  code: string;
  /** The detail byte of the new state (page-runs.ts). */
  detail: number;
}

export interface PageHistory {
  changes: number;
  /** The last changes. */
  latest: PageChange[];
}

/** A chosen allocator, with its file if it needs one. */
export interface Chosen {
  choice: Choice;
  module?: Blob;
  /** The JavaScript beside the module, for names that are short. */
  glue?: Blob;
}

/** Experiments that need nothing of what is on the page, and what the page calls them. */
export const OWN_EXPERIMENTS = {
  fork: "What processes share after a fork",
  "serve-file": "Ways to serve a file",
  luajit: "Low memory left to LuaJIT",
  sockets: "Copies of data on sockets",
  huge: "What huge pages make of touching",
  "idle-zeroing": "Zeroing in idle time",
} as const;

export type OwnExperiment = keyof typeof OWN_EXPERIMENTS;

/** What an allocator has mapped at one moment, and its name with what that comes to. */
export interface SmallMap {
  name: string;
  runs: PageRuns;
  /** Start and end of each mapped region, in turn. */
  regions: Float64Array<ArrayBuffer>;
}

/** The calls that a Worker answers. */
export interface Calls {
  /** Reads a trace in any format, of several processes the one that is chosen. */
  readTrace(job: { source: Blob | string; process?: number | undefined }): { tape: Tape; notes: TraceNotes };
  /** Runs a tape to its end, and keeps the player open. */
  open(job: Chosen & { tape: Tape; touch: TouchPolicy }): Played;
  /** Moves the open player to a position, and returns what is there, with what lies in a page if that is asked. */
  seek(place: { position: number; inside: AskedPage }): Moment;
  /**
   * A count at a position of the open player, and after each operation up to another; fewer figures where the run
   * stopped before.
   */
  course(stretch: { count: CountName; from: number; to: number }): Float64Array<ArrayBuffer>;
  /** What happened to the page at an address of the open player, up to a position. */
  pageHistory(page: { address: number; position: number }): PageHistory;
  /**
   * The call paths of the whole run of the open player: as they are, or as a file; or what is live on each at the peak
   * (live-paths.ts). `title` says what is run.
   */
  profile(job: {
    form: "stacks" | "live" | "collapsed" | "pprof";
    title: string;
    /** Name of the cost profile of the time in them; absent: the run's own. */
    costs?: string | undefined;
  }): Stack[] | string | Uint8Array;
  /** How the calloc loop's cost grows near a size; undefined if there is not enough memory. */
  costKind(job: Chosen & { bytes: number; written: number }): CostKind | undefined;
  cliffs(job: Chosen & { from: number; to: number }): CliffsResult;
  /** Runs git-cinnabar's program, of this size, on what is compared if nobody says what. */
  cinnabar(workload: CinnabarWorkload): CinnabarResult[];
  /** Runs an experiment that needs nothing of what is on the page. Returns its picture, an SVG document, and its table. */
  experiment(name: OwnExperiment): { svg: string; sheet: Sheet };
  /**
   * Searches the settings that would help a tape. Returns the picture, an SVG document, and tables, of the first of which
   * each row begins with an allocator as links have it; and what they are compared with.
   */
  tune(job: { tape: Tape; name: string; touch: TouchPolicy; goal: TuneGoal; sides: readonly Choice[] }): {
    svg: string;
    sheets: Sheet[];
    baseline?: Choice;
  };
  /**
   * Runs a tape on what was chosen and on the other allocators of real systems. Returns the picture of bytes over time on each, an SVG document
   * with `subtitle`, what each has mapped when the program holds the most, the runs, and what failed where.
   */
  others(job: { tape: Tape; touch: TouchPolicy; chosen: readonly Choice[]; subtitle: string }): {
    svg: string;
    maps: SmallMap[];
    results: Result[];
    failures: string[];
  };
  /**
   * Runs a tape that names sites on models. Returns a picture of them for each, an SVG document and what it has in words, and
   * their tables; only one where what is shown is the same on all.
   */
  sites(job: {
    choices: readonly Choice[];
    tape: Tape;
    touch: TouchPolicy;
    picture: "flame" | "graph";
    /** Empty: as the command line chooses. */
    value: SiteValue | "";
    /** Whether each picture has what its model has more of than the other. */
    isDifference: boolean;
    /** Name of the cost profile of simulated time; absent: that of each model. */
    costs?: string | undefined;
    parameters: RunParameters;
  }): { pictures: { svg: string; text: string }[]; sheets: Sheet[] };
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
  /** Absent if it is unknown. */
  total?: number;
}

/** An error as a message carries it, without its class. */
export interface SentError {
  name: string;
  message: string;
  /** Those of a ProcessError. */
  processes?: readonly TraceProcess[];
}

export type Reply = { id: number } & ({ progress: Progress } | { answer: unknown } | { error: SentError });
