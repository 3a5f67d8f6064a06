/** Numbers that the model of libmalloc and the host share. */

export enum Option {
  Zeroing,
  Version,
  /** 1 to 64. */
  Cpus,
  Cache,
  TinyZeroing,
  Nano,
  Count,
}

/** What calloc clears of a block of a page or more. */
export enum Zeroing {
  /** All of it, as the real allocator does. */
  Always,
  /** The pages that were written. */
  Dirty,
  /** Nothing of a large block. Its pages are mapped anew, as jemalloc discards them. */
  Discard,
  Count,
}

/** Releases, by their tag numbers. */
export enum Version {
  V116,
  V166,
  V283,
  V425,
  V792,
  Count,
}

/** Whether freed large blocks are kept. */
export enum Cache {
  On,
  Off,
  Count,
}

/** Whether requests of up to 256 bytes go to the nano zone. */
export enum Nano {
  /** From 425 on. */
  Auto,
  /** 116 has another one, and refuses this. */
  On,
  Off,
  Count,
}

/** When releases from 425 on clear tiny blocks. */
export enum TinyZeroing {
  /** Programs of macOS 13 and later. */
  Free,
  /** Programs that were linked for an older macOS. */
  Alloc,
  Count,
}

/** What it prints before it aborts. */
export enum Message {
  NotAllocated,
  NotAllocatedForRealloc,
  DoubleFreeOfTiny,
  DoubleFree,
  Metadata,
}

/** The fields of malloc_statistics_t. */
export enum Statistic {
  BlocksInUse,
  SizeInUse,
  MaxSizeInUse,
  SizeAllocated,
}

/** Where its free memory is. */
export enum FreeList {
  Magazine,
  Depot,
  FreedLast,
  Fresh,
  Large,
  Nano,
}

/** Its functions that a profile shows. */
export enum ModelFn {
  TinyMalloc,
  FreeTiny,
  SmallMalloc,
  FreeSmall,
  MediumMalloc,
  FreeMedium,
  LargeMalloc,
  FreeLarge,
  NanoMalloc,
  FreeNano,
}
