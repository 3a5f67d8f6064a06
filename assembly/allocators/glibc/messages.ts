/** What glibc prints before it aborts, by number: `messages` in src/models.ts has the texts. */
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

/** Stops; `chunk` is the one the complaint is about. */
export function stop(message: u64, chunk: u64): void {
  abort(message, chunk + 16);
}
