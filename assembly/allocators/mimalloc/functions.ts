/** Numbers of the functions that a profile tells apart, after those that every machine knows. */
import { Fn } from "../../machine/paths";
import { ModelFn } from "../../shared/mimalloc";

export const MALLOC_GENERIC: u32 = Fn.FirstOfModel + ModelFn.MallocGeneric;
export const HEAP_COLLECT: u32 = Fn.FirstOfModel + ModelFn.HeapCollect;
export const COLLECT_RETIRED: u32 = Fn.FirstOfModel + ModelFn.CollectRetired;
export const PAGE_FREE: u32 = Fn.FirstOfModel + ModelFn.PageFree;
export const SEGMENT_PAGE_ALLOC: u32 = Fn.FirstOfModel + ModelFn.SegmentPageAlloc;
export const SEGMENT_ALLOC: u32 = Fn.FirstOfModel + ModelFn.SegmentAlloc;
export const SEGMENT_FREE: u32 = Fn.FirstOfModel + ModelFn.SegmentFree;
export const SEGMENT_DECOMMIT: u32 = Fn.FirstOfModel + ModelFn.SegmentDecommit;
export const SEGMENT_CACHE_PURGE: u32 = Fn.FirstOfModel + ModelFn.SegmentCachePurge;
