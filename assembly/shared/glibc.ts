/** What the model of glibc and the host tell each other in numbers. */

/** What mallopt and the environment set; bytes unless said. */
export enum Option {
  MmapThreshold,
  TrimThreshold,
  TopPad,
  /** Most mappings at a time. */
  MmapMax,
  /** Byte to fill freed memory with; 0 for none. */
  Perturb,
  /** Chunks of each size the tcache keeps. */
  TcacheCount,
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
}

/** The fields of mallinfo2, and what malloc_stats prints besides: most mappings so far, and most bytes in them. */
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

/** Its functions that a profile tells apart. */
export enum ModelFn {
  Sysmalloc,
  Systrim,
  MallocConsolidate,
  MunmapChunk,
  MremapChunk,
}
