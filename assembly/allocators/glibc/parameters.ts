/** What mallopt and the environment set (shared/glibc.ts). */

import { Option } from "../../shared/glibc";

/** Requests whose chunk is this large are mapped, unless a free chunk serves them. Adapts. */
export let mmapThreshold: u64 = 128 * 1024;
/** A top this large is trimmed. Adapts. */
export let trimThreshold: u64 = 128 * 1024;
/** Asked for beyond need when the heap grows, and kept when it is trimmed. */
export let topPad: u64 = 128 * 1024;
/** Most mappings at a time. */
export let mmapMax: u64 = 65536;
/** Byte that freed memory is filled with, and its complement that new memory is; 0 for neither. */
export let perturb: u8 = 0;
/** The thresholds follow what the program frees, until one of the first four is set. */
export let adapts: bool = true;

const LARGEST_ADAPTIVE: u64 = 32 << 20;

/** Sets a parameter by number. Returns false when there is none, or the value is out of range. */
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

/** A mapping is freed: `head` is its chunk's size with flags, which is how 32 MiB itself stays out. */
export function adapt(head: u64, size: u64): void {
  if (!adapts || head <= mmapThreshold || head > LARGEST_ADAPTIVE) return;
  mmapThreshold = size;
  trimThreshold = 2 * size;
}
