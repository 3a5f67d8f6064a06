/** What mallopt and the environment set, by the options of shared/glibc.ts. Bytes unless a comment says otherwise. */

import { Option } from "../../shared/glibc";

export const INITIAL_THRESHOLD: u64 = 128 * 1024;
/** A threshold adapts up to 32 MiB. */
export const LARGEST_ADAPTIVE: u64 = 32 << 20;

// While the thresholds adapt: both are INITIAL_THRESHOLD, or trimThreshold == 2 mmapThreshold;
// INITIAL_THRESHOLD <= mmapThreshold <= LARGEST_ADAPTIVE.

/** A chunk of this size or more is mapped, unless a free chunk serves the request. Adapts. */
export let mmapThreshold: u64 = INITIAL_THRESHOLD;
/** A top of this size or more is trimmed. Adapts. */
export let trimThreshold: u64 = INITIAL_THRESHOLD;
/** The heap grows by so much more than it needs, and keeps so much when it is trimmed. */
export let topPad: u64 = 128 * 1024;
/** Most mappings at a time. Not bytes: mappings. */
export let mmapMax: u64 = 65536;
/** Freed memory is filled with this byte, new memory with its complement; 0 fills neither. */
export let perturb: u8 = 0;
/** The thresholds adapt to what the program frees. Setting one of the four parameters above `perturb` ends it. */
export let adapts: bool = true;

/** Sets a parameter by its number. Returns false when there is no such parameter, or the value is out of range. */
export function set(option: u32, value: u64): bool {
  if (option <= <u32>Option.MmapMax) adapts = false;
  if (option == Option.MmapThreshold) mmapThreshold = value;
  else if (option == Option.TrimThreshold) trimThreshold = value;
  else if (option == Option.TopPad) topPad = value;
  else if (option == Option.MmapMax) mmapMax = value;
  else if (option == Option.Perturb && value < 256) perturb = <u8>value;
  else return false;
  return true;
}

/** Adapts to a mapped chunk that is freed. `head` is the size with its flag, so a size of 32 MiB is too large. */
export function adapt(head: u64, size: u64): void {
  if (!adapts || head <= mmapThreshold || head > LARGEST_ADAPTIVE) return;
  if (isDefined(ZP_CHECK)) assert(size >= mmapThreshold, "an adaptive threshold only grows");
  mmapThreshold = size;
  trimThreshold = 2 * size;
}
