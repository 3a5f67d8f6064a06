/** Numbers that the model of mimalloc and the host share. */

/** Its options, by their names in the environment without MIMALLOC_, and where its segments begin. */
export enum Option {
  decommit_delay,
  segment_decommit_delay,
  decommit_extend_delay,
  allow_decommit,
  eager_commit,
  page_reset,
  base,
  Count,
}

/** What ends the process. */
export enum Message {
  /** The kernel does: it reads where nothing is. */
  Segmentation,
}

/** The rows of mi_stats_print that this build counts, of four figures each. */
export enum Row {
  reserved,
  committed,
  reset,
  touched,
  segments,
  pages,
  Count,
}

export enum Column {
  peak,
  total,
  freed,
  current,
  Count,
}

/** Statistics up to here are `Column.Count` a row; then comes the number of mprotect calls. */
export const COMMITS = Row.Count * Column.Count;

/** Where its free memory is. */
export enum FreeList {
  Page,
  Fresh,
  EmptyPage,
  Span,
  Cached,
}

/** Its functions that a profile shows. */
export enum ModelFn {
  MallocGeneric,
  HeapCollect,
  CollectRetired,
  PageFree,
  SegmentPageAlloc,
  SegmentAlloc,
  SegmentFree,
  SegmentDecommit,
  SegmentCachePurge,
}
