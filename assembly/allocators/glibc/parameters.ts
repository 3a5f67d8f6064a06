/** What mallopt and the environment set, by the options of shared/glibc.ts. Bytes unless a comment says otherwise. */

import * as kernel from "../../machine/kernel";
import { LINUX_MMAP_TOP, USER_END } from "../../machine/layout";
import { Option } from "../../shared/glibc";

/** The C library ends before so many bytes. */
const MOST_OF_LIBC: u64 = 4 << 20;

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
const LARGEST_MMAP_MAX: u64 = i32.MAX_VALUE;
/** What -1 is as bytes, which the real one reads it as. */
const MINUS_ONE: u64 = u64.MAX_VALUE;
/** Freed memory is filled with this byte, new memory with its complement; 0 fills neither. */
export let perturb: u8 = 0;
/** The thresholds adapt to what the program frees. Setting one of the four parameters above `perturb` ends it. */
export let adapts: bool = true;

/**
 * Where the C library lies: above where mappings begin. What is there is no part of simulated memory, but free
 * chunks link to it, and clears find the bytes of those links.
 */
export let libc: u64 = LINUX_MMAP_TOP;

/** Most arenas; 0: eight a CPU, once there are more than `arenaTest`. */
export let arenaMax: u64 = 0;
export let arenaTest: u64 = 8;
/** Online CPUs. */
export let cpus: u64 = 4;
const MOST_CPUS: u64 = 4096;

/** Whether huge pages are asked for, as they are on request only. */
let hugetlb: u64 = 0;
export const HUGE_BYTES: u64 = 2 << 20;

/** Whether the heap and mappings ask for them. */
export function usesHuge(): bool {
  return hugetlb != 0 && kernel.areHugeOnRequest();
}

/** Tells the kernel that mapped bytes shall be huge pages, if they are enough for one. */
export function adviseHuge(start: u64, bytes: u64): void {
  if (bytes >= HUGE_BYTES && usesHuge()) kernel.madvise(start, bytes, kernel.Syscall.MadviseHugepage);
}

function mayBeLibc(address: u64): bool {
  return address >= LINUX_MMAP_TOP && address <= USER_END - MOST_OF_LIBC && (address & 15) == 0;
}

/**
 * Sets a parameter by its number, which may be -1. Returns false when there is no such parameter, or the value is out of its range (as
 * `ld.so --list-tunables` says); the real one ignores such a value, and then does adapt.
 */
export function set(option: u32, value: u64): bool {
  if (option <= <u32>Option.MmapMax) adapts = false;
  if (option == Option.MmapThreshold) mmapThreshold = value;
  else if (option == Option.TrimThreshold) trimThreshold = value;
  else if (option == Option.TopPad) topPad = value;
  else if (option == Option.MmapMax && value == MINUS_ONE)
    mmapMax = 0; // measured: mallopt maps nothing then; the environment's -1 is out of range
  else if (option == Option.MmapMax && value <= LARGEST_MMAP_MAX) mmapMax = value;
  else if (option == Option.Perturb && (value < 256 || value == MINUS_ONE)) perturb = <u8>value;
  else if (option == Option.Libc && mayBeLibc(value)) libc = value;
  else if (option == Option.ArenaMax) arenaMax = value;
  else if (option == Option.ArenaTest && value) arenaTest = value;
  else if (option == Option.Hugetlb && value <= 1) hugetlb = value;
  else if (option == Option.Cpus && value && value <= MOST_CPUS) cpus = value;
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
