import type { OptionValues, Parameters } from "./run.js";

/** What is left out of the program, to see whether it matters. */
export const CINNABAR_CHANGES = ["nothing", "middling objects", "growth of buffers", "warm-up"] as const;

/**
 * What is left out of the program: nothing; objects of 576 bytes and more beside the buffers; the growth of buffers over
 * time, all then are about as large; the large block before all others.
 *
 * @useDeclaredType
 */
export type CinnabarChange = (typeof CINNABAR_CHANGES)[number];

/** Bytes after some operations. */
export interface CinnabarPoint {
  operation: number;
  /** Asked for and not freed. */
  live: number;
  inUse: number;
  system: number;
  resident: number;
}

/** What there was at the end of a phase, or after the trim at the end of all. */
export interface CinnabarMoment extends CinnabarPoint {
  name: "phase 1" | "phase 2" | "phase 3" | "trimmed";
  /** Bytes of the heap that brk grows, and bytes in use as malloc counts them, arenas of Python's among them; of glibc only. */
  heap?: number;
  mallocInUse?: number;
  /** Arenas of Python's. */
  arenas?: number;
}

/** One allocator under the program, or under one with something left out. */
export interface CinnabarResult {
  allocator: string;
  options: OptionValues;
  /** Sentences about how sure the model is. */
  notes?: string[];
  without: CinnabarChange;
  operations: number;
  failedAllocations: number;
  /** In their order. */
  moments: CinnabarMoment[];
  /** Evenly spread over the operations. */
  course: CinnabarPoint[];
}

/** The record the reports about git-cinnabar are drawn from; as JSON, the command line's contract. */
export interface CinnabarReport {
  scenario: "cinnabar";
  parameters: Parameters;
  results: CinnabarResult[];
}
