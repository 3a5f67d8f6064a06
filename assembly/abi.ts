/** The exports of every model's module. Sizes and addresses cross as f64, exact to 2^53; the host checks them. */

import { begin, count, rows } from "./allocators/free-blocks";
import { check as checkMachine } from "./machine/check";
import { advanceBy, now, setClock as setNow, tickClock } from "./machine/clock";
import * as kernel from "./machine/kernel";
import { call, program } from "./machine/paths";
import { Model } from "./model";
import * as own from "./own";
import * as replaying from "./replay";
import { Fn } from "./shared/counters";

export { replayed } from "./loop";
export { process, processAbove } from "./machine/processes";
export { exit, fork, switchTo } from "./own";
export * from "./program";
export { bufferAddress, resultsAddress, slotsAddress, slotsMade } from "./replay";
export { siteCount, siteRows } from "./sites";

// Models have no fields, so this is never dereferenced and costs nothing.
const model = changetype<Model>(0);

/** Sets an option of the model, by its number in the registry (src/sandbox/models.ts). Before start. */
export function configure(option: u32, value: f64): bool {
  return model.configure(option, value);
}

/**
 * Starts the machine, once. log2 of the page size (12, 14, 16); kind of kernel; limits in bytes and in areas,
 * 0 for none; MapAlignment; ZeroPage.
 */
export function start(
  pageShift: u32,
  kind: u32,
  memoryBytes: f64,
  addressSpaceBytes: f64,
  maxMaps: f64,
  alignment: u32,
  zeroPage: u32,
): void {
  kernel.start(pageShift, kind, <u64>memoryBytes, <u64>addressSpaceBytes, <u64>maxMaps, alignment, zeroPage);
  own.start();
  model.start();
}

/** An operation begins: a call of the allocator that time goes by before. */
function operate(fn: u32): void {
  tickClock();
  call(fn);
}

/** Nanoseconds on the clock, since the start. */
export function clock(): f64 {
  return <f64>now;
}

/** Sets the clock, unless it has gone further. */
export function setClock(nanoseconds: f64): void {
  setNow(<u64>nanoseconds);
}

/** Has the clock go on so many nanoseconds before each operation. */
export function advanceClock(nanoseconds: f64): void {
  advanceBy(<u64>nanoseconds);
}

/** Tells the kernel how the program will use a range, by one of the calls that it counts apart. Returns 0, or -1. */
export function madvise(address: f64, bytes: f64, advice: u32): i32 {
  program();
  return kernel.madvise(<u64>address, <u64>bytes, advice);
}

/** Sets what the program may do with a range. Returns 0, or -1. */
export function protect(address: f64, bytes: f64, protection: u32): i32 {
  program();
  return kernel.protect(<u64>address, <u64>bytes, protection);
}

export function malloc(bytes: f64): f64 {
  operate(Fn.Malloc);
  return <f64>model.malloc(<u64>bytes);
}

export function calloc(count: f64, size: f64): f64 {
  operate(Fn.Calloc);
  return <f64>replaying.calloc(model, <u64>count, <u64>size);
}

export function realloc(pointer: f64, bytes: f64): f64 {
  operate(Fn.Realloc);
  return <f64>model.realloc(<u64>pointer, <u64>bytes);
}

export function free(pointer: f64): void {
  operate(Fn.Free);
  model.free(<u64>pointer);
}

export function aligned(align: f64, bytes: f64): f64 {
  operate(Fn.Aligned);
  return <f64>model.aligned(<u64>align, <u64>bytes);
}

export function usableSize(pointer: f64): f64 {
  if (!pointer) return 0;
  call(Fn.UsableSize);
  return <f64>model.usableSize(<u64>pointer);
}

export function trim(keep: f64): bool {
  call(Fn.Trim);
  return model.trim(<u64>keep);
}

/** What follows is this thread's: 1 to MOST_THREADS. */
export function thread(number: u32): void {
  replaying.thread(model, number);
}

export function endThread(number: u32): void {
  replaying.endThread(model, number);
}

export function tellsThreads(): bool {
  return model.tellsThreads();
}

export function inUse(): f64 {
  return <f64>model.inUse();
}

export function system(): f64 {
  return <f64>model.system();
}

export function cached(): f64 {
  return <f64>model.cached();
}

/** One of the allocator's own statistics, by its number in the registry. Some may be negative. */
export function statistic(which: u32): f64 {
  program();
  return <f64>(<i64>model.statistic(which));
}

/** What the allocator says of one of its parts, by number: the address of u64s, of which the first is how many follow; or 0. */
export function figures(part: u32): usize {
  program();
  return model.figures(part);
}

/** Collects the free blocks that reach into a range. Returns how many; their rows are at `freeRows`. */
export function freeBlocks(address: f64, bytes: f64): u32 {
  begin(<u64>address, <u64>address + <u64>bytes);
  model.tellFree();
  return count;
}

/** Address of the rows of free-blocks.ts. */
export function freeRows(): usize {
  return rows;
}

export function bufferRecords(): u32 {
  return replaying.BUFFER_RECORDS;
}

/** Runs the buffer's records [from, to), `times` over (replay.ts). */
export function replay(from: u32, to: u32, times: u32, touch: u32, keepsResults: bool, verify: bool): void {
  replaying.replay<Model>(from, to, times, touch, keepsResults, verify);
}

/** Allocations of replays that returned 0 though at least 1 byte was asked for. */
export function failedAllocations(): f64 {
  return replaying.failedAllocations;
}

/** What is broken in the machine (machine/check.ts), or 0. A check build first walks the model, which asserts. */
export function check(): u32 {
  if (isDefined(ZP_CHECK)) model.check();
  return checkMachine();
}
