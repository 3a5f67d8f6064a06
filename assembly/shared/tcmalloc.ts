/** Numbers that the model of tcmalloc and the host share. */

/** Its options, as its environment has them, and where the heap starts. */
export enum Option {
  ReleaseRate,
  AggressiveDecommit,
  SkipSbrk,
  SkipMmap,
  DisableMemoryRelease,
  HeapLimitMb,
  TransferNumObj,
  MaxTotalThreadCacheBytes,
  HeapStart,
  Count,
}

/** What ends the process. */
export enum Message {
  InvalidFree,
  InvalidRealloc,
  InvalidSize,
  /** The real one says nothing, and its lists are broken from then on. */
  FreedTwice,
  OutOfMetadata,
}

/** The figures of mallinfo, and those of GetNumericProperty. */
export enum Statistic {
  arena,
  fsmblks,
  uordblks,
  fordblks,
  pageheap_free_bytes,
  pageheap_unmapped_bytes,
  current_allocated_bytes,
  heap_size,
  central_cache_free_bytes,
  transfer_cache_free_bytes,
  thread_cache_free_bytes,
  metadata_bytes,
}

/** The figures of malloc_stats, in its order. */
export enum Figure {
  InUse,
  PageHeap,
  Central,
  Transfer,
  Thread,
  Metadata,
  Actual,
  Released,
  Virtual,
  Spans,
  Heaps,
  PageSize,
  Count,
}

/** Where its free memory is. */
export enum FreeList {
  Thread,
  Transfer,
  Central,
  Normal,
  Returned,
}

/** Its functions that a profile shows. */
export enum ModelFn {
  FetchFromCentralCache,
  ReleaseToCentralCache,
  Scavenge,
  New,
  Delete,
  GrowHeap,
  ReleaseAtLeastNPages,
}
