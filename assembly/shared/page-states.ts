/** What a page is: one byte, of these bits. What becomes of it: machine/states.ts. */

export const UNMAPPED = 0;
/** With no other bit: reserved. */
export const MAPPED = 1;
/** Touched by a read, by a write, since mapped or discarded. */
export const READ = 2;
export const WRITTEN = 4;
/** The machine stores bytes for it; without, it reads as zero. */
export const CONTENT = 8;
/** It holds something nobody told us: a write without data. */
export const UNKNOWN = 16;
/** MADV_FREE, FREE_REUSABLE: the kernel may take the frame. */
export const LAZY = 32;
/** Only zeroing has faulted it in so far. */
export const CLEARED = 64;
/** Its frame is shared with other pages, copied on write. */
export const SHARED = 128;
