/**
 * What modules whose machine places and limits memory as it is told export besides (build/modules.mjs). Addresses and sizes
 * cross as f64, exact to 2^53; the host checks them.
 */
import { mapForProgram, placeFrom, startHeapAt, unmapForProgram } from "./machine/kernel";
import * as limits from "./machine/limits";
import * as oom from "./machine/oom";
import { program } from "./machine/paths";

/** Has Linux start the heap at a page, and place mappings from another on; low ones at random by the seed. Before start. */
export function place(heapStart: f64, mapBase: f64, upward: bool, seed: u32): void {
  startHeapAt(<u64>heapStart);
  placeFrom(<u64>mapBase, upward, seed);
}

/** RLIMIT_DATA, 0 for none; `Overcommit`, and what it promises at most in mode Never. Before start. */
export function limit(dataBytes: f64, overcommit: u32, commitBytes: f64): void {
  limits.set(<u64>dataBytes, overcommit, <u64>commitBytes);
}

/** Has the largest process be killed when physical memory ends. Before start. */
export function killLargest(): void {
  oom.killLargest();
}

/** Address of the notes on processes that were killed (machine/oom.ts). */
export function killNotes(): usize {
  return oom.notes();
}

/** Maps memory of the program's own; low, below 2 GiB. Returns its address, or 0. */
export function mapMemory(hint: f64, bytes: f64, isLow: bool): f64 {
  program();
  return <f64>mapForProgram(<u64>hint, <u64>bytes, isLow);
}

/** Unmaps all that is mapped in a range of whole pages. Returns 0, or -1. */
export function unmap(address: f64, bytes: f64): i32 {
  program();
  return unmapForProgram(<u64>address, <u64>bytes);
}
