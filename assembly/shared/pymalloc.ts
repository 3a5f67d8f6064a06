/** Numbers that the layer pymalloc and the host share. */

export enum Option {
  Python,
  Arenas,
  /** 8 or 16 bytes. */
  Step,
  Domain,
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

/** Whose functions the program calls. */
export enum Domain {
  /** PyObject_Malloc and its kin. */
  Obj,
  /** PyMem_Malloc: the same since 3.6, and the C library's before. */
  Mem,
  /** PyMem_RawMalloc: the C library's. */
  Raw,
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

/** Where its free memory is. */
export enum FreeList {
  Pool,
  Fresh,
  FreePool,
  Arena,
  Count,
}

/** Its functions that a profile shows. */
export enum ModelFn {
  AllocateFromNewPool,
  NewArena,
  ArenaMapMarkUsed,
}
