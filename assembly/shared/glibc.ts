/** Numbers that the model of glibc and the host share. */

/** What mallopt and the environment set. In bytes unless said otherwise. */
export enum Option {
  MmapThreshold,
  TrimThreshold,
  TopPad,
  /** Most mappings at a time. */
  MmapMax,
  /** The byte that fills freed memory; 0 for none. */
  Perturb,
  /** Chunks of each size that the tcache keeps. */
  TcacheCount,
  /** Where the C library lies: an address, not bytes. */
  Libc,
  /** Of the enumeration below. */
  Version,
  /** Most arenas; 0: as many as CPUs are good for. */
  ArenaMax,
  /** With more arenas than these, CPUs are counted. */
  ArenaTest,
  /** Online CPUs. */
  Cpus,
  /** The largest request whose chunk goes into fastbins. */
  Mxfast,
  /** The largest request whose chunk goes into the tcache. */
  TcacheMax,
  /** Unsorted chunks that are sorted, once one is cached, before that one is given; 0 for all. */
  TcacheUnsortedLimit,
  /** 1: huge pages are asked for where the kernel uses them on request. */
  Hugetlb,
  Count,
}

/** Releases. */
export enum Version {
  V236,
  V239,
  V241,
  V243,
  Count,
}

/** What it prints before it aborts. */
export enum Message {
  InvalidPointer,
  InvalidSize,
  TcacheDoubleFree,
  FastDoubleFree,
  InvalidNextSizeFast,
  DoubleFreeTop,
  DoubleFreeOut,
  DoubleFreePrev,
  InvalidNextSize,
  CorruptedSize,
  CorruptedList,
  CorruptedLargeList,
  MunmapInvalidPointer,
  ReallocInvalidPointer,
  ReallocInvalidOldSize,
  ReallocInvalidNextSize,
  UnalignedTcache,
  CorruptedTop,
  TcacheUnalignedWalk,
  TcacheTooMany,
  CorruptedSizeMerging,
  CorruptedSizeFast,
  UnsortedCorruptedFree,
  MremapInvalidPointer,
  FastCorrupted,
  FastUnaligned,
  FastUnalignedRefill,
  ConsolidateUnaligned,
  ConsolidateInvalidSize,
  SmallList,
  UnsortedInvalidSize,
  UnsortedInvalidNextSize,
  UnsortedNextBefore,
  UnsortedList,
  UnsortedNextInuse,
  LargeListSizes,
  LargeList,
  TopAssertion,
  SmallCorruptedFree,
  TopAssertion239,
  TopAssertion241,
  TopAssertion243,
}

/** The fields of mallinfo2, and what else malloc_stats prints: the most mappings so far, and the most bytes in them. */
export enum Statistic {
  Arena,
  Ordblks,
  Smblks,
  Hblks,
  Hblkhd,
  Usmblks,
  Fsmblks,
  Uordblks,
  Fordblks,
  Keepcost,
  MaxMaps,
  MaxMapBytes,
  Count,
}

/** What malloc_stats and malloc_info say of an arena, in bytes: assembly/allocators/glibc/figures.ts. */
export enum ArenaFigure {
  System,
  /** The most that System has been. */
  MostSystem,
  /** What its heaps have ever been allowed to write; of the main arena, System. */
  Writable,
  /** How many heaps; none of the main arena. */
  Heaps,
  InUse,
  Top,
  /** 1 if the release has fastbins, else 0. */
  HasFastbins,
  Count,
}

/** A row about the free chunks of one size or one bin. */
export enum RowFigure {
  /** 0 of a fastbin, 1 of the unsorted bin. */
  Bin,
  Least,
  Most,
  Sum,
  Chunks,
  Count,
}

/** Where its free chunks are. */
export enum FreeList {
  Tcache,
  Fastbin,
  Unsorted,
  Small,
  Large,
  Top,
  /** Beyond the top of an arena that is not the main one: what its heap may write since it was larger. */
  Heap,
}

/** Its functions that a profile shows. */
export enum ModelFn {
  Sysmalloc,
  Systrim,
  MallocConsolidate,
  MunmapChunk,
  MremapChunk,
}
