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
