/** The traces on which each release is held against the second model. */
import { RECORD_BYTES } from "../../src/trace/records.js";
import { randomObjects } from "../oracle/random-objects.js";
import { randomTrace } from "../oracle/random-trace.js";

/** Many small objects, and blocks of all sizes. */
export const OBJECT_SEEDS = [0, 1] as const;
export const TRACE_SEEDS = [0, 2, 5] as const;

export const objectsOf = (seed: number): Uint8Array => randomObjects(seed, 2).records;
export const blocksOf = (seed: number): Uint8Array => randomTrace(seed).records;

/** Traces and operations of a release. */
export function referenceCount(): { count: number; operations: number } {
  const all = [...OBJECT_SEEDS.map(objectsOf), ...TRACE_SEEDS.map(blocksOf)];
  return { count: all.length, operations: all.reduce((sum, { length }) => sum + length / RECORD_BYTES, 0) };
}
