import type { Counters } from "../allocator/counters.js";
import type { SimulatedTime } from "../costs/simulate.js";
import type { OptionValues } from "./run.js";

export const BUFFER_WAYS = ["malloc+memset", "calloc", "malloc"] as const;

/**
 * How a library gets the buffer of a read: CFFI before 1.10, CFFI 1.10, and the fix.
 *
 * @useDeclaredType
 */
export type BufferWay = (typeof BUFFER_WAYS)[number];

/** A body read in buffers of one size, got in one way from one allocator. */
export interface IterContentResult {
  allocator: string;
  options: OptionValues;
  /** Sentences about how sure the model is. */
  notes?: string[];
  way: BufferWay;
  /** Size of each buffer. */
  chunk: number;
  /** Bytes read in all. */
  body: number;
  counters: Counters;
  /** Reads; bytes the library cleared itself, and those of them on pages that were all zero. */
  library: { reads: number; cleared: number; needless: number };
  /** With what the library cleared, which is priced as the allocator's clearing. */
  simulated: SimulatedTime;
  /** Of the body; null where reading costs nothing. */
  bytesPerSecond: number | null;
}

/** The record the reports about reading a body are drawn from; as JSON, the command line's contract. */
export interface IterContentReport {
  scenario: "iter-content";
  parameters: { body: number };
  results: IterContentResult[];
}
