/**
 * Misuse: what the program must not do, and the heap notices. It notes a sentence and the pointer, and traps. The host
 * reads both. Nothing has changed then, but the heap's instance should be given up.
 */
import { HARDENED } from "./config";

let sentence: usize = 0;
let culprit: usize = 0;

/** Address of the sentence, UTF-16 with its length in bytes in the u32 before it; 0 if nothing was noticed. */
export function misuse(): usize {
  return sentence;
}

/** The pointer that the sentence is about. */
export function misused(): usize {
  return culprit;
}

/** Traps. */
export function refuse(pointer: usize, text: string): void {
  if (HARDENED) {
    sentence = changetype<usize>(text);
    culprit = pointer;
  }
  unreachable();
}

/** Called by a failing `assert` of a check build. */
export function assertionFailed(message: string | null, file: string | null, line: u32, column: u32): void {
  sentence = changetype<usize>(message);
  culprit = line;
  unreachable();
}
