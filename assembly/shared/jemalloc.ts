/** Numbers that the model of jemalloc and the host share. */

/** Its options, by their names in MALLOC_CONF, and two addresses. */
export enum Option {
  dirty_decay_ms,
  narenas,
  tcache,
  thp,
  retain,
  seed,
  mapTop,
  Count,
}

export enum Switch {
  True,
  False,
  Count,
}

export enum Thp {
  Default,
  Never,
  Count,
}

/** What ends the process. */
export enum Message {
  /** The kernel does: it reads where nothing is. */
  Segmentation,
}

/** The figures of malloc_stats_print. */
export enum Statistic {
  allocated,
  active,
  metadata,
  resident,
  mapped,
  retained,
}

/** Where its free memory is. */
export enum FreeList {
  Tcache,
  Slab,
  Dirty,
  Retained,
}

/** Its functions that a profile shows. */
export enum ModelFn {
  CacheFill,
  CacheFlushSmall,
  CacheFlushLarge,
  CacheGc,
  LargePalloc,
  LargeDalloc,
  LargeRalloc,
  ExtentGrowRetained,
  ArenaDecay,
}
