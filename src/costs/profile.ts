/**
 * What events cost on a named computer. Simulated time is events times costs: it says how long a run
 * would take there, as exactly as the figures allow.
 */

import { type FaultKind, SYSCALLS, type Syscall } from "../allocator/counters.js";
import { recordOf } from "../base/enums.js";

/** All figures are nanoseconds. */
export interface CostFigures {
  /**
   * A minor fault: entering the kernel, finding a frame, mapping it, and giving it back in the end, but
   * not zeroing it. A copy on write includes copying its page.
   */
  fault: Record<FaultKind, number>;
  /** Zeroing one byte: by the kernel in a frame, or by the allocator or the program in memory. */
  zeroedByte: { kernel: number; allocator: number };
  /** A system call, whatever its arguments. */
  syscall: Record<Syscall, number>;
  /** Each page that a system call visits. */
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

/** The same figure for every system call but those named in `others`. */
export function everySyscall(
  figure: number,
  others: Partial<Record<Syscall, number>> = {},
): Record<Syscall, number> {
  return recordOf(SYSCALLS, (name) => others[name] ?? figure);
}
