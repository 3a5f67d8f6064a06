/** Numbers of what glibc prints before it aborts. The texts are `messages` in src/sandbox/models.ts, in this order. */
import { abort } from "../allocator";

export const INVALID_POINTER: u64 = 0;
export const INVALID_SIZE: u64 = 1;
export const TCACHE_DOUBLE_FREE: u64 = 2;
export const FAST_DOUBLE_FREE: u64 = 3;
export const INVALID_NEXT_SIZE_FAST: u64 = 4;
export const DOUBLE_FREE_TOP: u64 = 5;
export const DOUBLE_FREE_OUT: u64 = 6;
export const DOUBLE_FREE_PREV: u64 = 7;
export const INVALID_NEXT_SIZE: u64 = 8;
export const CORRUPTED_SIZE: u64 = 9;
export const CORRUPTED_LIST: u64 = 10;
export const CORRUPTED_LARGE_LIST: u64 = 11;
export const MUNMAP_INVALID_POINTER: u64 = 12;
export const REALLOC_INVALID_POINTER: u64 = 13;
export const REALLOC_INVALID_OLD_SIZE: u64 = 14;
export const REALLOC_INVALID_NEXT_SIZE: u64 = 15;
export const UNALIGNED_TCACHE: u64 = 16;
export const CORRUPTED_TOP: u64 = 17;
export const TCACHE_UNALIGNED_WALK: u64 = 18;
export const TCACHE_TOO_MANY: u64 = 19;
export const CORRUPTED_SIZE_MERGING: u64 = 20;
export const CORRUPTED_SIZE_FAST: u64 = 21;
export const UNSORTED_CORRUPTED_FREE: u64 = 22;
export const MREMAP_INVALID_POINTER: u64 = 23;
export const FAST_CORRUPTED: u64 = 24;
export const FAST_UNALIGNED: u64 = 25;
export const FAST_UNALIGNED_REFILL: u64 = 26;
export const CONSOLIDATE_UNALIGNED: u64 = 27;
export const CONSOLIDATE_INVALID_SIZE: u64 = 28;
export const SMALL_LIST: u64 = 29;
export const UNSORTED_INVALID_SIZE: u64 = 30;
export const UNSORTED_INVALID_NEXT_SIZE: u64 = 31;
export const UNSORTED_NEXT_BEFORE: u64 = 32;
export const UNSORTED_LIST: u64 = 33;
export const UNSORTED_NEXT_INUSE: u64 = 34;
export const LARGE_LIST_SIZES: u64 = 35;
export const LARGE_LIST: u64 = 36;
export const TOP_ASSERTION: u64 = 37;

/** Aborts with a message about a chunk. */
export function stop(message: u64, chunk: u64): void {
  abort(message, chunk + 16);
}
