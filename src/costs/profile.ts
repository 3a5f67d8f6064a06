/**
 * What things cost on a named machine. Simulated time is events times these: it says how long a run
 * would take there, and is as exact as the profile's figures are.
 */

import { type FaultKind, SYSCALLS, type Syscall } from "../allocator/counters.js";
import { recordOf } from "../base/enums.js";

/** All figures are nanoseconds. */
export interface CostFigures {
  /**
   * A minor fault: entering the kernel, finding a frame and mapping it, and giving it back in the end,
   * without zeroing it. A copy on write has the copying of its page in it.
   */
  fault: Record<FaultKind, number>;
  /** Zeroing one byte: a frame by the kernel, or memory by the allocator or the program. */
  zeroedByte: { kernel: number; allocator: number };
  /** A system call, whatever it is about. */
  syscall: Record<Syscall, number>;
  /** For each page a system call visits. */
  walkedPage: Record<Syscall, number>;
}

/** What things cost on one machine. */
export interface CostProfile {
  /** Its name, which reports give. */
  name: string;
  /** Where the figures come from, in a sentence or two. */
  source: string;
  ns: CostFigures;
}

/** The same figure for every system call, but for those named. */
export function everySyscall(
  figure: number,
  others: Partial<Record<Syscall, number>> = {},
): Record<Syscall, number> {
  return recordOf(SYSCALLS, (name) => others[name] ?? figure);
}
