/**
 * What a thread allocates and frees is counted, in bytes of classes. Each 64 KiB of either, it looks at its cache.
 */
import { collect } from "./cache";

const BETWEEN: u64 = 65536;

let allocatedSince: u64 = 0;
let freedSince: u64 = 0;

/** A block was allocated. */
export function noteAllocated(bytes: u64): void {
  allocatedSince += bytes;
  if (allocatedSince < BETWEEN) return;
  allocatedSince = 0;
  collect();
}

export function noteFreed(bytes: u64): void {
  freedSince += bytes;
  if (freedSince < BETWEEN) return;
  freedSince = 0;
  collect();
}
