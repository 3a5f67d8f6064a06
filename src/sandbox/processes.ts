/** Processes of one machine, which share frames after a fork. */
import { Counter, SYSCALL_COUNTERS, Syscall } from "#shared/counters";
import type { CounterOf } from "./counter-table.js";

/** Why nothing forks where the kernel is not Linux. */
export const NO_FORK = "the simulated Darwin does not fork: open the sandbox with the option kernel=linux";

/** What became of frames that processes share, counted of all processes of a machine since it was started. */
export interface SharingCounters {
  forks: number;
  /** Pages in the kernel's tables that fork gave to children, of which a huge page is one: what its time goes by. */
  forkedPages: number;
  /** Write faults of the kind `copyOnWrite` on a shared frame: those that copied it, for others have it too. */
  copies: number;
  /** Those that found nobody else had it any more, and made the page writable again. */
  reuses: number;
  /** Bytes copied by `copies`. */
  copiedBytes: number;
}

/** How much memory a process has, in bytes. */
export interface SetSizes {
  /** All pages with a frame, shared ones in full (RSS). */
  resident: number;
  /** Of each shared page the share of one of its holders (PSS). The sum over all processes is what they have together. */
  proportional: number;
  /** Pages whose frame no other process has (USS). */
  unique: number;
}

/** A process that was killed when physical memory ended, for it had most of it. */
export interface KilledProcess {
  process: number;
  /** Bytes that it had; of one that was running, with those that it was about to get. */
  residentBytes: number;
  /** Number of the process that needed more, which may be the same. */
  neededBy: number;
}

/** Set sizes from the numbers of pages with a frame, by how many processes hold it: from 1 on. */
export function setSizes(holders: readonly number[], pageBytes: number): SetSizes {
  const sum = (share: (holders: number) => number) =>
    holders.reduce((bytes, pages, index) => bytes + (pages * pageBytes) / share(index + 1), 0);
  return {
    resident: sum(() => 1),
    proportional: sum((count) => count),
    unique: (holders[0] ?? 0) * pageBytes,
  };
}

/** What the counters of a machine say of it. @internal */
export function sharingOf(of: CounterOf, pageBytes: number): SharingCounters {
  const copies = of(Counter.CopyFaults);
  return {
    forks: of(SYSCALL_COUNTERS + Syscall.Fork),
    forkedPages: of(Counter.ForkedPages),
    copies,
    reuses: of(Counter.ReuseFaults),
    copiedBytes: copies * pageBytes,
  };
}

/** Those that were killed, of the notes that the machine has: three numbers each (assembly/machine/oom.ts). @internal */
export function killedOf(notes: readonly number[], pageBytes: number): KilledProcess[] {
  const killed: KilledProcess[] = [];
  for (let at = 0; at < notes.length; at += 3) {
    const [process, pages, neededBy] = notes.slice(at) as [number, number, number];
    killed.push({ process, residentBytes: pages * pageBytes, neededBy });
  }
  return killed;
}
