/**
 * Misuse: what the program must not do, and the heap notices: a pointer is freed that is not a block's. It notes what the
 * pointer is, and traps before anything has changed. The host reads it.
 */
import { HARDENED } from "./config";

// What a pointer given to free, realloc or malloc_usable_size is, if it is no block's.
export const FREED = "a free block";
export const INSIDE = "not where a block begins";
export const OUTSIDE = "outside the heap";

let words: usize = 0;
let culprit: usize = 0;

/** Address of the words for it, UTF-16 with its length in bytes in the u32 before it; 0 if nothing was noticed. */
export function misuse(): usize {
  return words;
}

/** The pointer that they are about, or 0. */
export function misused(): usize {
  return culprit;
}

/** Traps. */
export function refuse(pointer: usize, text: string): void {
  if (HARDENED) {
    words = changetype<usize>(text);
    culprit = pointer;
  }
  unreachable();
}

/** Called by a failing `assert` of a check build. */
export function assertionFailed(message: string | null, file: string | null, line: u32, column: u32): void {
  words = changetype<usize>(message);
  culprit = 0;
  unreachable();
}
