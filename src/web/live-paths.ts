/**
 * What is live when the program holds the most, by the call path that allocated it: the program's own as far as its trace
 * names sites, and the function that it called.
 *
 *      program ─ main ─ parse ─ malloc    3 MiB asked for, 200 KiB rounded up
 */
import { OpKind, type Stack } from "../index.js";
import type { Objects } from "./page-runs.js";
import { type Origin, operationAt, originsOf, type Tape } from "./tape.js";

/** The values of such a stack. */
export const LIVE_MEASURES = [
  { name: "live bytes at the peak", unit: "bytes" },
  { name: "bytes rounded up at the peak", unit: "bytes" },
] as const;

/** The functions that allocate, by kind of operation, as call paths name them. */
const ALLOCATES: Readonly<Record<number, string>> = {
  [OpKind.malloc]: "malloc",
  [OpKind.calloc]: "calloc",
  [OpKind.aligned]: "aligned_alloc",
  [OpKind.realloc]: "realloc",
};

/** @param usable the bytes that may be used of each object; absent where that is not known. */
export function liveStacks(
  tape: Tape,
  position: number,
  { slots, bytes }: Objects,
  usable: readonly number[] | undefined,
): Stack[] {
  const origins = originsOf(tape, position, slots);
  const sums = new Map<string, [asked: number, rounded: number]>();
  for (const [i, slot] of slots.entries()) {
    const path = pathOf(tape, origins.get(slot) as Origin);
    const [asked, rounded] = sums.get(path) ?? [0, 0];
    const size = bytes[i] as number;
    sums.set(path, [asked + size, rounded + (usable?.[i] ?? size) - size]);
  }
  return [...sums].map(([path, values]) => ({ frames: path.split(";"), values }));
}

function pathOf(tape: Tape, { index, site }: Origin): string {
  const frames = ["program", site, ALLOCATES[operationAt(tape, index).kind]];
  return frames.filter((frame) => frame !== undefined).join(";");
}
