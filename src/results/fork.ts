import type { SharingTime } from "../costs/sharing.js";
import type { SimulatedTime } from "../costs/simulate.js";
import type { SetSizes } from "../sandbox/processes.js";
import type { OptionValues } from "./run.js";

/** What a parent and its children do, in the order of reports. */
export const FORK_PROGRAMS = ["read", "write", "iterate", "collect", "freeze", "snapshot"] as const;

/**
 * - `read`, `write`: each child reads the data, or writes part of it
 * - `iterate`: the data are Python objects, and each child iterates over them, which writes their reference counts
 * - `collect`: each child collects garbage, which writes the headers of all containers
 * - `freeze`: the same, but that the parent has called `gc.freeze()` before it forked
 * - `snapshot`: one child writes the data to a file, as Redis does, while the parent goes on and changes part of it
 *
 * @useDeclaredType
 */
export type ForkProgram = (typeof FORK_PROGRAMS)[number];

/** The Python objects that there may be. */
export const PYTHON_OBJECTS = ["list", "float"] as const;

/**
 * An empty list, which is a container, or a float.
 *
 * @useDeclaredType
 */
export type PythonObject = (typeof PYTHON_OBJECTS)[number];

/** What is loaded, and what is done with it. Sizes are bytes. */
export interface ForkLoad {
  /** What the parent loads: a block, objects with the array that points to them, or values. */
  data: number;
  /** Children, but for `snapshot`, which has one. */
  children: number;
  /** Part of the data that is written, 0 to 1: from its start, or of a snapshot random values. */
  written: number;
  object: PythonObject;
  /** Size of a value of a snapshot. */
  value: number;
  /** What each child allocates and writes for itself. */
  own: number;
  /** Of what is random. */
  seed: number;
}

/** What happened to pages, in all processes. */
export interface ForkEvents {
  /** Pages that a write copied, for other processes have them too, and their bytes. */
  copies: number;
  copiedBytes: number;
  /** Faults on pages that nobody else had any more. */
  reuses: number;
  /** First writes, for which the kernel zeroed a frame. */
  zeroFills: number;
}

/** One program on one allocator. */
export interface ForkResult {
  allocator: string;
  options: OptionValues;
  /** Sentences about how sure the model is. */
  notes?: string[];
  program: ForkProgram;
  /** Children that were forked. */
  children: number;
  /** Resident bytes of the parent before it forked, and pages in its table that each fork copied: a huge page is one. */
  loaded: number;
  forkedPages: number;
  /** Until the children end. */
  working: ForkEvents;
  /** When they have ended, and the parent does the same. */
  afterwards: ForkEvents;
  /** Set sizes before the children end: of the parent, and of each child. */
  processes: SetSizes[];
  /** Bytes that all of them have together, that they would have if they shared nothing, and what that saves. */
  together: number;
  separate: number;
  saved: number;
  /** From the first fork on. */
  simulated: SharingTime;
  /** What memory costs while data are loaded: what each process would pay that was not forked. */
  loading: SimulatedTime;
}

/** The record that reports about fork are drawn from; as JSON, the command line's contract. */
export interface ForkReport {
  scenario: "fork";
  parameters: ForkLoad;
  results: ForkResult[];
}
