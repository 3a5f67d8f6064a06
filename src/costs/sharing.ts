/**
 * What sharing costs. Profiles have no figures of fork. These were measured beside those of a first write, on Linux 6.18 x86-64
 * under KVM, with areas of 64 pages and of 16,384: so they are given as parts of what a profile has.
 *
 *      µs per page              64 pages       16,384
 *      first write              1.6 to 1.8     4.9
 *      first read               0.64 to 0.73   1.9
 *      write that copies        2.0 to 2.4     6.3
 *      write that reuses        0.72 to 1.0    1.6 to 1.7
 */
import type { Counters } from "../allocator/counters.js";
import type { SharingCounters } from "../sandbox/processes.js";
import type { CostProfile } from "./profile.js";
import { simulatedTime } from "./simulate.js";

/** A copy to a first write: 2.2 to 1.7, and 6.3 to 4.9. */
const COPY_TO_FIRST_WRITE = 1.29;
/** A reuse to a first read, neither of which takes a frame: 0.86 to 0.69, and 1.65 to 1.9. */
const REUSE_TO_FIRST_READ = 1.06;
/** Nanoseconds of a fork, the middle of 60 to 150 µs, and of each page in the table: of 85 to 130. */
const FORK = 105_000;
const FORKED_PAGE = 107;

/** Where the time of several processes goes, in seconds. To end a process has no price. */
export interface SharingTime {
  /** Name of the cost profile. */
  costs: string;
  seconds: number;
  parts: {
    forks: number;
    copies: number;
    reuses: number;
    /** All else: first touches, system calls, and what the allocator zeroes. */
    others: number;
  };
}

/** How long events of processes would take. Both say what happened in the same time. */
export function sharingTime(counters: Counters, sharing: SharingCounters, costs: CostProfile): SharingTime {
  const { fault, zeroedByte } = costs.ns;
  const { forks, forkedPages, copies, reuses, copiedBytes } = sharing;
  const pageBytes = copies > 0 ? copiedBytes / copies : 0;
  const firstWrite = fault.zeroFill + pageBytes * zeroedByte.kernel;
  const copyOnWrite = counters.faults.copyOnWrite - copies - reuses;
  const parts = {
    forks: (forks * FORK + forkedPages * FORKED_PAGE) / 1e9,
    copies: (copies * firstWrite * COPY_TO_FIRST_WRITE) / 1e9,
    reuses: (reuses * fault.zeroMap * REUSE_TO_FIRST_READ) / 1e9,
    others: simulatedTime({ ...counters, faults: { ...counters.faults, copyOnWrite } }, costs).seconds,
  };
  const seconds = Object.values(parts).reduce((sum, part) => sum + part, 0);
  return { costs: costs.name, seconds, parts };
}
