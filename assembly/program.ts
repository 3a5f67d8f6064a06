/**
 * The host's use of the machine, whichever model runs on it: the program's own loads and stores, and
 * reading out the state. Addresses and sizes cross as f64 (exact to 2^53), and the host checks them.
 * An access to unmapped memory raises an exception before it changes anything.
 */

import * as access from "./machine/access";
import { RECORD } from "./machine/failure";
import { reserve } from "./machine/frames";
import { holders as holdersOfPages } from "./machine/holders";
import { pageShift } from "./machine/layout";
import { requireMapped } from "./machine/page-access";
import * as paths from "./machine/paths";
import * as regions from "./machine/regions";
import { runOf, stateOf } from "./machine/table";
import { COUNTERS } from "./shared/counters";

/** Loads an unsigned integer of 1, 2, 4 or 8 bytes. */
export function read(address: f64, width: u32): u64 {
  paths.program();
  const at = <u64>address;
  requireMapped(at, width, false);
  if (width == 1) return access.loadAt<u8>(at);
  if (width == 2) return access.loadAt<u16>(at);
  if (width == 4) return access.loadAt<u32>(at);
  return access.loadAt<u64>(at);
}

/** Stores the low 1, 2, 4 or 8 bytes of a value. */
export function write(address: f64, width: u32, value: u64): void {
  paths.program();
  const at = <u64>address;
  requireMapped(at, width, true);
  if (width == 1) access.storeAt<u8>(at, <u8>value);
  else if (width == 2) access.storeAt<u16>(at, <u16>value);
  else if (width == 4) access.storeAt<u32>(at, <u32>value);
  else access.storeAt<u64>(at, value);
}

export function fill(address: f64, value: u32, bytes: f64): void {
  paths.program();
  requireMapped(<u64>address, <u64>bytes, true);
  access.fill(<u64>address, <u8>value, <u64>bytes);
}

/** Offset of the first byte of the range that is not the value; `bytes` if all are. */
export function fillEnd(address: f64, value: u32, bytes: f64): f64 {
  paths.program();
  requireMapped(<u64>address, <u64>bytes, false);
  return <f64>access.fillEnd(<u64>address, <u8>value, <u64>bytes);
}

export function copy(destination: f64, source: f64, bytes: f64): void {
  paths.program();
  requireMapped(<u64>source, <u64>bytes, false);
  requireMapped(<u64>destination, <u64>bytes, true);
  access.copy(<u64>destination, <u64>source, <u64>bytes);
}

/** Throws unless all of the range is mapped. */
export function require(address: f64, bytes: f64, write: u32): void {
  paths.program();
  requireMapped(<u64>address, <u64>bytes, write != 0);
}

/** Bytes that the host and the program pass each other at once. */
const TRANSFER_BYTES: u32 = 65536;
let transfer: usize = 0;

/** Address of TRANSFER_BYTES for the host. Made on first use. */
export function transferAddress(): usize {
  if (!transfer) transfer = reserve(TRANSFER_BYTES);
  return transfer;
}

/** Loads a mapped range, at most TRANSFER_BYTES, into what the host reads. */
export function copyOut(address: f64, bytes: u32): void {
  paths.program();
  access.copyOut(transferAddress(), <u64>address, bytes);
}

/** Stores what the host wrote, at most TRANSFER_BYTES, into a mapped range. */
export function copyIn(address: f64, bytes: u32): void {
  paths.program();
  access.copyIn(<u64>address, transferAddress(), bytes);
}

/** Touches every page of the range, by reads or by writes without data. */
export function touch(address: f64, bytes: f64, write: u32): void {
  paths.program();
  requireMapped(<u64>address, <u64>bytes, write != 0);
  access.touch(<u64>address, <u64>bytes, write != 0);
}

/** State byte (states.ts) of the page that holds the address. */
export function pageState(address: f64): u32 {
  return stateOf(<u64>address >> pageShift);
}

/** How many of `pages` pages from the address on are in the same state as the first. */
export function pageRun(address: f64, pages: f64): f64 {
  return <f64>runOf(<u64>address >> pageShift, <u64>pages);
}

/** Pages of the running process by how many processes hold their frame: u64s, of which the first is how many follow. */
export function holders(): usize {
  return holdersOfPages();
}

/** Start of the lowest region that ends above the address; 0 when there is none. */
export function regionFrom(address: f64): f64 {
  return <f64>regions.startAbove(<u64>address);
}

/** End of the region that holds the address; 0 when none does. */
export function regionEnd(address: f64): f64 {
  return <f64>regions.endOf(<u64>address);
}

/** End of the highest region that ends at or below the address; 0 when there is none. */
export function regionBelow(address: f64): f64 {
  return <f64>regions.endBelow(<u64>address);
}

/** Address of the counters: `counterCount()` u64. */
export function counters(): usize {
  return paths.total();
}

export function counterCount(): u32 {
  return COUNTERS;
}

/** Address of the failure record (failure.ts). */
export function failure(): usize {
  return RECORD;
}

/** Starts counting. What happened before is start-up. */
export function restartCounters(): void {
  paths.restart();
}

/** Calls of the allocator by the program. */
export function calls(): f64 {
  return <f64>paths.calls();
}

/** Number of call paths (machine/paths.ts). */
export function pathCount(): u32 {
  return paths.count();
}

/** Function of a path << 16 | its caller's path. */
export function pathOrigin(path: u32): u32 {
  return paths.origin(path);
}

/** Address of a path's own counters. */
export function pathCounters(path: u32): usize {
  return paths.table(path);
}
