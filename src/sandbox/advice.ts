/** What a program may tell the kernel of a range of its memory. */
import { Syscall } from "#shared/counters";
import { Protection as Protections } from "#shared/kernel";
import { namesOf } from "../base/enums.js";

/**
 * - `dontNeed`, `free`: the kernel takes the pages back, at once or when it needs them
 * - `dontFork`, `doFork`: a child does not get the range; it does again
 * - `wipeOnFork`, `keepOnFork`: a child gets it untouched; it gets what it holds again
 * - `cold`: splits huge pages that reach beyond the range; pages have no age here
 * - `pageOut`: the kernel takes at once what `free` lets it take; there is no swap for the rest
 * - `hugePage`, `noHugePage`: huge pages shall be used there, or not, where the option `hugePages` gives any
 * - `collapse`: makes each 2 MiB of the range a huge page at once; the kernel refuses at the first that nobody touched
 * - `populateRead`, `populateWrite`: the kernel faults pages in as reads or writes would
 * - `random`, `normal`: nothing is read ahead for a mapping of a file; it is again
 * - `remove`: makes holes of what a shared mapping shows, for all that have the file
 *
 * The range is whole pages: the address is at one.
 */
export type Advice =
  | ("dontNeed" | "free")
  | ("dontFork" | "doFork" | "wipeOnFork" | "keepOnFork")
  | ("cold" | "pageOut" | "populateRead" | "populateWrite")
  | ("hugePage" | "noHugePage" | "collapse")
  | ("random" | "normal" | "remove");

const NUMBERS: Readonly<Record<Advice, Syscall>> = {
  dontNeed: Syscall.MadviseDontneed,
  free: Syscall.MadviseFree,
  dontFork: Syscall.MadviseDontfork,
  doFork: Syscall.MadviseDofork,
  wipeOnFork: Syscall.MadviseWipeonfork,
  keepOnFork: Syscall.MadviseKeeponfork,
  cold: Syscall.MadviseCold,
  pageOut: Syscall.MadvisePageout,
  populateRead: Syscall.MadvisePopulateRead,
  populateWrite: Syscall.MadvisePopulateWrite,
  hugePage: Syscall.MadviseHugepage,
  noHugePage: Syscall.MadviseNohugepage,
  collapse: Syscall.MadviseCollapse,
  random: Syscall.MadviseRandom,
  normal: Syscall.MadviseNormal,
  remove: Syscall.MadviseRemove,
};

export const ADVICE = Object.keys(NUMBERS) as readonly Advice[];

/** What a program may do with a range: nothing, read, or read and write. */
export type Protection = "none" | "read" | "readWrite";

export const PROTECTIONS: readonly Protection[] = namesOf(Protections);

/** @internal */
export function adviceNumber(advice: Advice): number {
  return NUMBERS[advice];
}
