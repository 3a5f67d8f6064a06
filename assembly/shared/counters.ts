/** What the machine counts, and in which functions. */

/** The system calls of the simulated kernel. */
export enum Syscall {
  Mmap,
  Munmap,
  Mremap,
  Brk,
  MadviseDontneed,
  MadviseFree,
  MadviseFreeReusable,
  MadviseFreeReuse,
  MadviseCanReuse,
  Mincore,
  VmCopy,
  Count,
}

/**
 * The counters of a table, of 8 bytes each.
 *
 * The first group are page events: a transition of a page (machine/states.ts) names them by bit, so bit
 * n of a transition's effects is counter n.
 */
export enum Counter {
  // Page events, in pages.
  ZeroMap,
  ZeroFill,
  CopyOnWrite,
  KernelZeroedPages,
  FramesTaken,
  FramesGiven,
  TouchedRead,
  TouchedWritten,
  /** Faults that zeroing caused, and those of them that an access by others has justified since. */
  ClearingFaults,
  JustifiedFaults,
  /** Whole pages the allocator cleared that were known to be zero. */
  NeedlesslyClearedPages,
  /** Pages touched before that a system call visited. */
  PagesWalked,
  // Bytes.
  AllocatorZeroedBytes,
  /** Needlessly zeroed bytes outside NeedlesslyClearedPages. */
  NeedlesslyZeroedBytes,
  // Address space, in pages.
  MappedPages,
  UnmappedPages,
  /** A gauge, and in the sum of all tables only. */
  PeakResidentPages,
  /** Calls of the function that the path ends in. */
  Calls,
  Count,
}

/** After these, one for each system call by its number: how often it was called. */
export const SYSCALL_COUNTERS = Counter.Count;
/** And again: PagesWalked by it. */
export const WALKED_COUNTERS = SYSCALL_COUNTERS + Syscall.Count;
/** Counters of a table. */
export const COUNTERS = WALKED_COUNTERS + Syscall.Count;

/** Functions every machine knows. Those of a model have the numbers from FirstOfModel on. */
export enum Fn {
  Program,
  // What the program calls.
  Malloc,
  Calloc,
  Realloc,
  Free,
  Aligned,
  UsableSize,
  Trim,
  // What these call, in whatever order.
  Mmap,
  Munmap,
  Mremap,
  Brk,
  Madvise,
  Mincore,
  VmCopy,
  Clear,
  Copy,
  FirstOfModel,
}

/** The functions from Malloc up to this one are the calls that counters count. */
export const LAST_COUNTED = Fn.Aligned;
/** The functions up to this one are called by the program. */
export const LAST_CALLED = Fn.Trim;
