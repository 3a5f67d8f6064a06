import type { FileCounters, ResidentSets } from "../sandbox/files.js";
import type { OptionValues } from "./run.js";

/** How a program serves a file, in the order of reports. */
export const SERVE_WAYS = ["read", "mmap", "sendfile"] as const;

/**
 * - `read`: it reads the file into a buffer of its own, and writes that to a socket
 * - `mmap`: it maps the file, and writes the mapping to the socket
 * - `sendfile`: it has the kernel hand the file's pages to the socket
 *
 * @useDeclaredType
 */
export type ServeWay = (typeof SERVE_WAYS)[number];

/** What it took to serve the file once. */
export interface ServeRound {
  /** Faults of all kinds. */
  faults: number;
  /** Bytes read from the disk, and copied between kernel and program. */
  diskReadBytes: FileCounters["diskReadBytes"];
  copiedToUser: number;
  copiedFromUser: number;
}

/** One way of serving the file. */
export interface ServeFileResult {
  allocator: string;
  options: OptionValues;
  /** Sentences about how sure the model is. */
  notes?: string[];
  way: ServeWay;
  /** Served for the first time, when nothing is in the page cache; and once more. */
  first: ServeRound;
  again: ServeRound;
  /** Bytes of the file in the page cache then, and what the program has resident. */
  cachedBytes: number;
  resident: ResidentSets;
}

/** The record that reports about serving a file are drawn from; as JSON, the command line's contract. */
export interface ServeFileReport {
  scenario: "serve-file";
  /** Length of the file, and of the buffer of `read`, in bytes. */
  parameters: { size: number; buffer: number };
  results: ServeFileResult[];
}
