/**
 * A layer: a model that serves some requests itself, and hands the rest to a model below. Both are compiled into one
 * module (assembly/build/modules.mjs), so that calls are direct.
 *
 *      program ──▶ layer ──▶ model below ──▶ kernel
 *                    └────────────────────────▲
 *
 * A layer calls the functions of this file and nothing else of the model below. Check builds log these calls among the
 * system calls. Options and statistics of the base have the numbers after the layer's own; its messages keep theirs.
 */
import { logCall } from "../machine/call-log";
import { setInner } from "../machine/failure";
import * as kernel from "../machine/kernel";
import { enter, leave } from "../machine/paths";
import { FIRST_OF_LAYER, Syscall } from "../shared/counters";
import { Below } from "../shared/layer";
import { addLayerBytes, Contract } from "./allocator";
import { Base } from "./below";
import { tellBelow } from "./free-blocks";

// Models have no fields, so this is never dereferenced and costs nothing.
const base = changetype<Base>(0);

/** Usable bytes of the blocks below that the layer has for itself: its tables, and what it cuts up. */
export let ownBytes: u64 = 0;

function log(fn: Below, first: u64, second: u64, result: u64): void {
  logCall(Syscall.Count + fn, first, second, 0, 0, result);
}

// ---- Calls below ----

export function malloc(bytes: u64): u64 {
  const caller = enter(FIRST_OF_LAYER + Below.Malloc);
  const pointer = base.malloc(bytes);
  if (isDefined(ZP_CHECK)) log(Below.Malloc, bytes, 0, pointer);
  leave(caller);
  return pointer;
}

/** `bytes`: the product, which did not overflow. */
export function calloc(bytes: u64): u64 {
  const caller = enter(FIRST_OF_LAYER + Below.Calloc);
  const pointer = base.calloc(bytes);
  if (isDefined(ZP_CHECK)) log(Below.Calloc, bytes, 0, pointer);
  leave(caller);
  return pointer;
}

export function realloc(pointer: u64, bytes: u64): u64 {
  const caller = enter(FIRST_OF_LAYER + Below.Realloc);
  const moved = base.realloc(pointer, bytes);
  if (isDefined(ZP_CHECK)) log(Below.Realloc, pointer, bytes, moved);
  leave(caller);
  return moved;
}

export function free(pointer: u64): void {
  const caller = enter(FIRST_OF_LAYER + Below.Free);
  base.free(pointer);
  if (isDefined(ZP_CHECK)) log(Below.Free, pointer, 0, 0);
  leave(caller);
}

export function usableSize(pointer: u64): u64 {
  return base.usableSize(pointer);
}

// ---- For the layer itself ----

export function mallocOwn(bytes: u64): u64 {
  const before = base.inUse();
  const pointer = malloc(bytes);
  ownBytes += base.inUse() - before;
  return pointer;
}

export function callocOwn(bytes: u64): u64 {
  const before = base.inUse();
  const pointer = calloc(bytes);
  ownBytes += base.inUse() - before;
  return pointer;
}

export function reallocOwn(pointer: u64, bytes: u64): u64 {
  const before = base.inUse();
  setInner(true);
  const moved = realloc(pointer, bytes);
  setInner(false);
  ownBytes += base.inUse() - before;
  return moved;
}

export function freeOwn(pointer: u64): void {
  const before = base.inUse();
  setInner(true);
  free(pointer);
  setInner(false);
  ownBytes += base.inUse() - before;
}

/** Maps whole pages, past the model below. Returns their address, or 0. */
export function map(bytes: u64): u64 {
  const address = kernel.map(bytes);
  if (address) addLayerBytes(bytes);
  return address;
}

export function unmap(address: u64, bytes: u64): void {
  kernel.munmap(address, bytes);
  addLayerBytes(0 - bytes);
}

/** Sets an option of the model below, by its number there. */
export function configure(option: u32, value: f64): bool {
  return base.configure(option, value);
}

/** One of the statistics of the model below, by its number there. */
export function statistic(which: u32): u64 {
  return base.statistic(which);
}

/** Bytes of the program's blocks below, those that the model below has from the kernel, and its free ones. */
export function inUse(): u64 {
  return base.inUse() - ownBytes;
}

export function system(): u64 {
  return base.system();
}

export function cached(): u64 {
  return base.cached();
}

export function start(): void {
  base.start();
}

/** `lists`: how many the layer has itself. */
export function tellFree(lists: u32): void {
  tellBelow(lists);
  base.tellFree();
}

export function check(): void {
  base.check();
  assert(base.inUse() >= ownBytes, "what a layer has for itself is in use below");
}

/** What no layer has of its own: aligned blocks, trimming and threads are the model's below. */
export abstract class Layer extends Contract {
  aligned(align: u64, bytes: u64): u64 {
    return base.aligned(align, bytes);
  }

  trim(keep: u64): bool {
    return base.trim(keep);
  }

  tellsThreads(): bool {
    return base.tellsThreads();
  }

  thread(number: u32): void {
    base.thread(number);
  }

  endThread(number: u32): void {
    base.endThread(number);
  }

  /** The layer's own key figures are statistics. */
  figures(part: u32): usize {
    return base.figures(part);
  }
}
