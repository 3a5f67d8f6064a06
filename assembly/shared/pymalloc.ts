/** Numbers that the layer pymalloc and the host share. */

export enum Option {
  Python,
  Arenas,
  /** 8 or 16 bytes. */
  Step,
  Count,
}

/** Releases of Python. */
export enum Version {
  V27,
  V36,
  V37,
  V38,
  V39,
  V310,
  V311,
  Count,
}

/** Where arenas come from. */
export enum Arenas {
  Mmap,
  /** malloc of the allocator below. */
  Malloc,
  /** There are none, as with PYTHONMALLOC=malloc. */
  None,
  Count,
}

/** The key figures of sys._debugmallocstats. */
export enum Statistic {
  ArenasAllocatedTotal,
  ArenasReclaimed,
  ArenasHighwaterMark,
  ArenasAllocatedCurrent,
  AllocatedBlocks,
  AvailableBlocks,
  UnusedPools,
  PoolHeaders,
  Quantization,
  ArenaAlignment,
  Count,
}

/** Its functions that a profile shows. */
export enum ModelFn {
  AllocateFromNewPool,
  NewArena,
  ArenaMapMarkUsed,
}
