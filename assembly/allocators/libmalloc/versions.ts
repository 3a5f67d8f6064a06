/**
 * What differs between releases of libmalloc, which are named by their tag numbers. 792 is the magazine
 * allocator of the newest release. It does what 425 does.
 */

import { Version } from "../../shared/libmalloc";

/** Machines with so much memory get medium blocks and a larger cache, from 283 on. */
const MUCH_MEMORY: u64 = 32 << 30;

/** Largest small and largest medium request in bytes. The latter is 0 where no block is medium. */
export let largestSmall: u64 = 127 << 10;
export let largestMedium: u64 = 0;
/** The cache of freed large blocks: how many it holds, and bytes of the largest. */
export let cacheSlots: u32 = 16;
export let largestCached: u64 = (1 << 27) - 1;
/** Whether the kernel is told when reusable pages of a cached block are used again. */
export let tellsReuse: bool = true;
/** Whether tiny blocks are cleared when freed. */
export let clearsFreedTiny: bool = false;
/** Blocks of so many bytes or more are copied by remapping their pages. */
export let vmCopyThreshold: u64 = 128 << 10;

/** Chooses the version, by its place, for a machine of so many bytes. */
export function choose(version: i32, memoryBytes: u64): void {
  tellsReuse = version == Version.V116;
  clearsFreedTiny = version >= Version.V425;
  if (version < Version.V283) return;
  const isLarge = memoryBytes >= MUCH_MEMORY;
  largestSmall = 32 << 10;
  largestMedium = isLarge ? 8 << 20 : 0;
  cacheSlots = isLarge ? 64 : 16;
  largestCached = isLarge ? 512 << 20 : 128 << 20;
  vmCopyThreshold = 2 << 20;
}
