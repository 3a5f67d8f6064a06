/**
 * What differs between releases of libmalloc, which are named by their tag numbers, as data: the mechanisms
 * read it. 166 is 166.200.60; 792 is the magazine allocator of the newest release, which differs from 425 in
 * words only. All of it was read from public sources and never run.
 */
import { pageBytes } from "../../machine/layout";

/** In the order of the option's words in src/sandbox/models.ts. */
enum Version {
  V116,
  V166,
  V283,
  V425,
  V792,
}
export const VERSIONS: u32 = 5;

/** Machines with so much memory get medium blocks and a larger cache, from 283 on. */
const MUCH_MEMORY: u64 = 32 << 30;
/** Larger pages than these are Apple silicon's, which has medium blocks from 425 on. */
const INTEL_PAGE: u64 = 4096;

// ---- Sizes ----

/** Largest small and largest medium request in bytes. The latter is 0 where no block is medium. */
export let largestSmall: u64 = 127 << 10;
export let largestMedium: u64 = 0;
/** The cache of freed large blocks: how many it holds, and bytes of the largest. */
export let cacheSlots: u32 = 16;
export let largestCached: u64 = (1 << 27) - 1;
/** Blocks of so many bytes or more are copied by remapping their pages. */
export let vmCopyThreshold: u64 = 128 << 10;

// ---- What is done ----

/** Whether the kernel is told when reusable pages of a cached block, or of the depot, are used again. */
export let tellsReuse: bool = true;
/** Whether tiny blocks are cleared when freed. */
export let clearsFreedTiny: bool = false;
/** Whether free() knows a pointer's region before its size, and so has words for a block freed twice. */
export let freesDirectly: bool = false;
/** Whether realloc has the same words as free for a pointer that nobody holds. */
export let reallocSaysFreed: bool = false;

/** Chooses the version, by its place, for a machine of so many bytes. */
export function choose(version: i32, memoryBytes: u64): void {
  tellsReuse = version == Version.V116;
  clearsFreedTiny = version >= Version.V425;
  freesDirectly = version >= Version.V425;
  reallocSaysFreed = version == Version.V792;
  // From 166 on, more than the threshold.
  if (version == Version.V166) vmCopyThreshold = (128 << 10) + 1;
  if (version >= Version.V283) chooseSizes(version, memoryBytes >= MUCH_MEMORY);
}

function chooseSizes(version: i32, isLarge: bool): void {
  const hasMedium = isLarge || (version >= Version.V425 && pageBytes > INTEL_PAGE);
  largestSmall = 32 << 10;
  largestMedium = hasMedium ? 8 << 20 : 0;
  cacheSlots = isLarge ? 64 : 16;
  largestCached = isLarge ? 512 << 20 : 128 << 20;
  vmCopyThreshold = (2 << 20) + 1;
}
