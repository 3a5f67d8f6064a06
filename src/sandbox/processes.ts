/** Processes of one machine, which share frames after a fork. */

/** What became of frames that processes share, counted of all processes of a machine since it was started. */
export interface SharingCounters {
  forks: number;
  /** Pages in the kernel's tables that fork gave to children: what its time goes by. */
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
