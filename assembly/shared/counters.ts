/** What the machine counts, and in which functions. */

/** The system calls of the simulated kernel. */
export enum Syscall {
  Mmap,
  Munmap,
  Mremap,
  Brk,
  MadviseDontneed,
  MadviseFree,
  MadviseNohugepage,
  MadviseFreeReusable,
  MadviseFreeReuse,
  MadviseCanReuse,
  Mincore,
  VmCopy,
  Mprotect,
  // The calls from here on are the program's own: no allocator makes them.
  Fork,
  Exit,
  MadviseDontfork,
  MadviseDofork,
  MadviseWipeonfork,
  MadviseKeeponfork,
  MadviseCold,
  MadvisePageout,
  MadvisePopulateRead,
  MadvisePopulateWrite,
  MadviseNormal,
  MadviseRandom,
  MadviseRemove,
  MadviseHugepage,
  MadviseCollapse,
  Read,
  Write,
  Send,
  Sendfile,
  Fadvise,
  Fsync,
  Count,
}

/** The calls below this one are those that allocators make, which their counters tell. */
export const ALLOCATOR_SYSCALLS = Syscall.Fork;

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
  /** Faults that clearing caused, and those of them that another access has justified since. */
  ClearingFaults,
  JustifiedFaults,
  /** Whole pages that the allocator cleared although they were known to be zero. */
  NeedlesslyClearedPages,
  /** Pages that a system call visited and that had been touched. */
  PagesWalked,
  // Bytes.
  AllocatorZeroedBytes,
  /** Needlessly zeroed bytes outside NeedlesslyClearedPages. */
  NeedlesslyZeroedBytes,
  // Address space, in pages.
  MappedPages,
  UnmappedPages,
  /** A gauge. Only the total of all tables has it. */
  PeakResidentPages,
  /** Calls of the path's function. */
  Calls,
  // Faults of CopyOnWrite on a page that shared its frame: which copied it; which found that it was the last one.
  CopyFaults,
  ReuseFaults,
  /** Pages in the kernel's tables that fork gave to a child. */
  ForkedPages,
  // Faults on pages of file mappings: that map what the file has; copy it; let a page that is mapped be written.
  FileMapFaults,
  FileCopyFaults,
  MakeWritableFaults,
  /** Those of them that waited for the disk. */
  MajorFaults,
  /** Pages that a fault on another one mapped. */
  MappedAround,
  // The page cache, in pages. What came and has not gone is there.
  PagesCached,
  PagesUncached,
  DiskReadPages,
  DiskWrittenPages,
  // Bytes that system calls copied to the program, and from it.
  CopiedToUser,
  CopiedFromUser,
  /** Faults that mapped a huge page. They are in ZeroMap, ZeroFill and CopyOnWrite, too. */
  HugeFaults,
  Count,
}

/** The counters from here on are the calls of each system call, by its number. */
export const SYSCALL_COUNTERS = Counter.Count;
/** The counters from here on are the PagesWalked of each system call. */
export const WALKED_COUNTERS = SYSCALL_COUNTERS + Syscall.Count;
/** Number of counters in a table. */
export const COUNTERS = WALKED_COUNTERS + Syscall.Count;

/** The functions of every machine. Those of a model have the numbers from FirstOfModel on. */
export enum Fn {
  Program,
  // Called by the program.
  Malloc,
  Calloc,
  Realloc,
  Free,
  Aligned,
  UsableSize,
  Trim,
  EndThread,
  // Called by those, in any order.
  Mmap,
  Munmap,
  Mremap,
  Brk,
  Madvise,
  Mincore,
  VmCopy,
  Mprotect,
  Fork,
  Exit,
  Read,
  Write,
  Send,
  Sendfile,
  Fadvise,
  Fsync,
  Clear,
  Copy,
  FirstOfModel,
}

/** The functions of a layer have the numbers from here on: first those that it calls below (layer.ts), then its own. */
export const FIRST_OF_LAYER = Fn.FirstOfModel + 14;
/** The functions from Malloc up to this one count as calls of the allocator. */
export const LAST_COUNTED = Fn.Aligned;
/** The program calls the functions up to this one. */
export const LAST_CALLED = Fn.EndThread;

/**
 * What is counted by site: the fields of a row, of 8 bytes each, in the units of the counter of the same name. After them come
 * the calls of each system call that allocators make, by its number, and the pages that each walked.
 */
export enum SiteField {
  ZeroMap,
  ZeroFill,
  CopyOnWrite,
  KernelZeroedPages,
  NeedlesslyClearedPages,
  AllocatorZeroedBytes,
  NeedlesslyZeroedBytes,
  Count,
}

export const SITE_SYSCALLS = SiteField.Count;
export const SITE_WALKED = SITE_SYSCALLS + ALLOCATOR_SYSCALLS;
/** Fields of a row. */
export const SITE_FIELDS = SITE_WALKED + ALLOCATOR_SYSCALLS;
