/** What a program may tell the kernel of a range of its memory. */
import { Syscall } from "#shared/counters";

const NUMBERS = {
  dontNeed: Syscall.MadviseDontneed,
  free: Syscall.MadviseFree,
  dontFork: Syscall.MadviseDontfork,
  doFork: Syscall.MadviseDofork,
  wipeOnFork: Syscall.MadviseWipeonfork,
  keepOnFork: Syscall.MadviseKeeponfork,
} as const;

/**
 * - `dontNeed`, `free`: the kernel takes the pages back, at once or when it needs them
 * - `dontFork`, `doFork`: a child does not get the range; it does again
 * - `wipeOnFork`, `keepOnFork`: a child gets it untouched; it gets what it holds again
 *
 * The range is whole pages: the address is at one.
 */
export type Advice = keyof typeof NUMBERS;

export const ADVICE = Object.keys(NUMBERS) as readonly Advice[];

/** @internal */
export function adviceNumber(advice: Advice): number {
  return NUMBERS[advice];
}
