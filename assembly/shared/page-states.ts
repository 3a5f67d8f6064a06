/** The bits of a page's state, which is one byte. machine/states.ts has the transitions. */

export const UNMAPPED = 0;
/** Mapped. With no other bit: reserved. */
export const MAPPED = 1;
/** Touched by a read, or by a write, since it was mapped or discarded. */
export const READ = 2;
export const WRITTEN = 4;
/** The machine stores its bytes. Without this bit it reads as zero. */
export const CONTENT = 8;
/** Its contents are unknown: it was written without data. */
export const UNKNOWN = 16;
/** The kernel may take its frame: MADV_FREE, FREE_REUSABLE. */
export const LAZY = 32;
/** Only clearing has faulted it in so far. */
export const CLEARED = 64;
/** It shares its frame with other pages until one is written. */
export const SHARED = 128;

/**
 * A page of a mapping of a file that shows what the file has is not MAPPED, which only memory of the process is:
 *
 *      MAPS_PRIVATE                        not there: an access faults
 *      MAPS_PRIVATE PRESENT                the file's page, which a write copies
 *      MAPS_SHARED                         not there
 *      MAPS_SHARED PRESENT                 the file's page, whose first write the kernel wants to know of
 *      MAPS_SHARED MAPS_PRIVATE PRESENT    the same, which may be written
 */
export const PRESENT = READ;
export const MAPS_SHARED = LAZY;
export const MAPS_PRIVATE = CLEARED;
export const MAPS_WRITABLE = MAPS_SHARED | MAPS_PRIVATE;

/** A page of a file has other bits, and those for its contents: whether it is in the page cache, and newer than on disk. */
export const CACHED = READ;
export const DIRTY = WRITTEN;
/** Somebody maps it. Set for a while, when that matters. */
export const IN_USE = LAZY;
