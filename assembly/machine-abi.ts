/** The bare machine, without an allocator: for tests and benchmarks of the machine. */
import { clear as clearRange } from "./machine/access";
import * as areas from "./machine/areas";
import { check as checkMachine } from "./machine/check";
import * as kernel from "./machine/kernel";
import { requireMapped } from "./machine/page-access";

export { exit, fork, process, processAbove, switchTo } from "./machine/processes";
export * from "./program";

/**
 * Starts the machine. log2 of the page size (12, 14, 16); kind of kernel; limits in bytes and in areas, 0 for
 * none; MapAlignment; ZeroPage.
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
}

export function mmap(hint: f64, bytes: f64, place: u32, align: f64): f64 {
  return <f64>kernel.mmap(<u64>hint, <u64>bytes, place, <u64>align);
}

export function munmap(address: f64, bytes: f64): i32 {
  return kernel.munmap(<u64>address, <u64>bytes);
}

export function mremap(address: f64, oldBytes: f64, newBytes: f64, mayMove: u32): f64 {
  return <f64>kernel.mremap(<u64>address, <u64>oldBytes, <u64>newBytes, mayMove != 0);
}

export function brk(address: f64): f64 {
  return <f64>kernel.brk(<u64>address);
}

export function madvise(address: f64, bytes: f64, advice: u32): i32 {
  return kernel.madvise(<u64>address, <u64>bytes, advice);
}

export function vmCopy(source: f64, destination: f64, bytes: f64): i32 {
  return kernel.vmCopy(<u64>source, <u64>destination, <u64>bytes);
}

export function mprotect(address: f64, bytes: f64): i32 {
  return kernel.mprotect(<u64>address, <u64>bytes);
}

export function protect(address: f64, bytes: f64, protection: u32): i32 {
  return kernel.protect(<u64>address, <u64>bytes, protection);
}

export function clear(address: f64, bytes: f64): void {
  requireMapped(<u64>address, <u64>bytes, true);
  clearRange(<u64>address, <u64>bytes);
}

export function clearDirty(address: f64, bytes: f64): void {
  requireMapped(<u64>address, <u64>bytes, true);
  kernel.clearDirty(<u64>address, <u64>bytes);
}

/** Number of areas that Linux keeps. */
export function areaCount(): u32 {
  return areas.count();
}

/** End of the area that holds the address; 0 if none does. */
export function areaEnd(address: f64): f64 {
  return <f64>areas.endOf(<u64>address);
}

/** What is broken (machine/check.ts), or 0. */
export function check(): u32 {
  return checkMachine();
}
