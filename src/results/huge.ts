import type { HugePagesKind } from "../allocator/machine.js";
import type { OptionValues } from "./run.js";

/** Who touches: a byte here and there; or of each page, and then asks for huge pages where they are on request. */
export const TOUCHERS = ["sparse", "dense"] as const;
/**
 * Who touches.
 *
 * @useDeclaredType
 */
export type Toucher = (typeof TOUCHERS)[number];

/** What one toucher had in one mode of huge pages. */
export interface HugeResult {
  allocator: string;
  options: OptionValues;
  /** Sentences about how sure the model is. */
  notes?: string[];
  mode: HugePagesKind;
  toucher: Toucher;
  /** Bytes of the pages of 4 KiB that it wrote to. */
  used: number;
  /** Minor faults while it did; those of them that mapped a huge page. */
  faults: number;
  hugeFaults: number;
  /** Bytes that the kernel zeroed for it, and that it had more of then. */
  zeroed: number;
  resident: number;
}

/** The record that reports about huge pages are drawn from; as JSON, the command line's contract. */
export interface HugeReport {
  scenario: "huge";
  /** Size of the block, and how far the bytes of the sparse one are apart. */
  parameters: { size: number; stride: number };
  results: HugeResult[];
}
