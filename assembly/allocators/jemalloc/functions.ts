/** Numbers of the functions that a profile tells apart, after those that every machine knows. */
import { Fn } from "../../machine/paths";
import { ModelFn } from "../../shared/jemalloc";

export const CACHE_FILL: u32 = Fn.FirstOfModel + ModelFn.CacheFill;
export const CACHE_FLUSH_SMALL: u32 = Fn.FirstOfModel + ModelFn.CacheFlushSmall;
export const CACHE_FLUSH_LARGE: u32 = Fn.FirstOfModel + ModelFn.CacheFlushLarge;
export const CACHE_GC: u32 = Fn.FirstOfModel + ModelFn.CacheGc;
export const LARGE_PALLOC: u32 = Fn.FirstOfModel + ModelFn.LargePalloc;
export const LARGE_DALLOC: u32 = Fn.FirstOfModel + ModelFn.LargeDalloc;
export const LARGE_RALLOC: u32 = Fn.FirstOfModel + ModelFn.LargeRalloc;
export const EXTENT_GROW_RETAINED: u32 = Fn.FirstOfModel + ModelFn.ExtentGrowRetained;
export const ARENA_DECAY: u32 = Fn.FirstOfModel + ModelFn.ArenaDecay;
