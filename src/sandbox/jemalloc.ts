/** What the registry has of jemalloc. */
import { FreeList, ModelFn, Option, Statistic } from "#shared/jemalloc";
import { namesOf } from "../base/enums.js";
import { type ModelInfo, optionsOf } from "./model-info.js";
import { sureness } from "./sureness.js";

export const jemalloc: ModelInfo = {
  name: "jemalloc",
  summary:
    "jemalloc 5.3.0: a cache, slabs and extents; free pages decay; large blocks are zeroed by the kernel",
  kernel: "linux",
  headerBytes: 0,
  notes: ["calloc zeroes large blocks by madvise, not by clearing"],
  watchesClock: true,
  only: { kernel: "linux", pageSize: 4096 },
  options: optionsOf(Option, {
    dirty_decay_ms: {
      summary: "milliseconds until free pages are given back; -1: never",
      default: 10000,
      takesMinusOne: true,
    },
    narenas: {
      summary: "arenas, 1 to 4095; one thread has one of them",
      default: 16,
    },
    tcache: { summary: "whether freed blocks are cached", values: ["true", "false"], default: "true" },
    thp: {
      summary:
        "never: mappings are told to have no huge pages; the machine has none, so always is not modelled",
      values: ["default", "never"],
      default: "default",
    },
    retain: {
      summary: "whether free pages stay mapped when they are given back",
      values: ["true", "false"],
      default: "true",
    },
    seed: {
      summary: "address of the thread's state, which seeds where large blocks begin",
      default: 0x7ffff7f91738,
    },
    mapTop: {
      summary: "address that mappings are below, which seeds when pages decay",
      default: 0x7ffff7ff0000,
    },
  }),
  messages: ["Segmentation fault"],
  freeLists: Object.values({
    [FreeList.Tcache]: "tcache",
    [FreeList.Slab]: "slab",
    [FreeList.Dirty]: "dirty extent",
    [FreeList.Retained]: "retained extent",
  } satisfies Record<FreeList, string>),
  statistics: namesOf(Statistic),
  functions: Object.values({
    [ModelFn.CacheFill]: "arena_cache_bin_fill_small",
    [ModelFn.CacheFlushSmall]: "tcache_bin_flush_small",
    [ModelFn.CacheFlushLarge]: "tcache_bin_flush_large",
    [ModelFn.CacheGc]: "tcache_gc_event",
    [ModelFn.LargePalloc]: "large_palloc",
    [ModelFn.LargeDalloc]: "large_dalloc",
    [ModelFn.LargeRalloc]: "large_ralloc_no_move",
    [ModelFn.ExtentGrowRetained]: "extent_grow_retained",
    [ModelFn.ArenaDecay]: "arena_decay",
  } satisfies Record<ModelFn, string>),
  sureness: sureness.jemalloc,
  file: {
    name: "wasm/jemalloc.wasm",
    url: () => new URL("../../build/jemalloc.wasm", import.meta.url),
  },
};
