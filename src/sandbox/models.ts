import * as glibc from "#shared/glibc";
import * as jemalloc from "#shared/jemalloc";
import * as libmalloc from "#shared/libmalloc";
import { namesOf } from "../base/enums.js";
import { over } from "./compose.js";
import { mimalloc } from "./mimalloc.js";
import { type ModelInfo, optionsOf } from "./model-info.js";
import { pymalloc } from "./pymalloc.js";
import { sureness } from "./sureness.js";
import { tcmalloc } from "./tcmalloc.js";

export { machineOptions, type OptionInfo } from "./machine.js";
export type { LayerInfo, ModelInfo } from "./model-info.js";

/** What a parameter of glibc is called by mallopt, in the environment, and as a tunable. */
function realNames(name: string, end = ""): readonly string[] {
  return [`M_${name}`, `MALLOC_${name}${end}`, `glibc.malloc.${name.toLowerCase()}`];
}

/** What glibc asserts of the top before the heap grows. */
const SOUND_TOP =
  "(old_top == initial_top (av) && old_size == 0) || ((unsigned long) (old_size) >= MINSIZE && " +
  "prev_inuse (old_top) && ((unsigned long) old_end & (pagesize - 1)) == 0)";

/** Models that are no compositions. A new one needs a file under assembly/allocators/ and an entry here. */
const bases: readonly ModelInfo[] = [
  {
    name: "naive",
    summary: "every block is a mapping of its own; calloc clears all of it",
    kernel: "linux",
    options: [],
    messages: ["free(): invalid pointer"],
    url: new URL("../../build/naive.wasm", import.meta.url),
  },
  {
    name: "lazy",
    summary:
      "large blocks are fresh from the kernel, small ones are discarded: calloc never clears two pages",
    kernel: "linux",
    options: [],
    messages: ["free(): invalid pointer"],
    url: new URL("../../build/lazy.wasm", import.meta.url),
  },
  {
    name: "glibc",
    summary:
      "glibc 2.36 to 2.43: arenas and tcaches of threads, bins, heaps that are trimmed, adaptive mapping",
    kernel: "linux",
    options: optionsOf(glibc.Option, {
      mmapThreshold: {
        summary: "chunks at least this large are mapped; if set, the threshold does not adapt",
        unit: "bytes",
        default: 131072,
        real: realNames("MMAP_THRESHOLD", "_"),
        takesMinusOne: true,
      },
      trimThreshold: {
        summary: "a top at least this large is trimmed; if set, the thresholds do not adapt",
        unit: "bytes",
        default: 131072,
        real: realNames("TRIM_THRESHOLD", "_"),
        takesMinusOne: true,
      },
      topPad: {
        summary:
          "bytes beyond need that a growing heap asks for; with more than there is, an arena of mappings begins",
        unit: "bytes",
        default: 131072,
        real: realNames("TOP_PAD", "_"),
        takesMinusOne: true,
      },
      mmapMax: {
        summary: "most mappings at a time, up to 2147483647",
        default: 65536,
        real: realNames("MMAP_MAX", "_"),
        takesMinusOne: true,
      },
      perturb: {
        summary: "byte that fills freed memory, 1 to 255; 0 for none",
        default: 0,
        real: realNames("PERTURB", "_"),
        takesMinusOne: true,
      },
      tcacheCount: {
        summary: "chunks of each size that the tcache keeps, up to 65535; 16 in 2.43 if not set",
        default: 7,
        real: ["glibc.malloc.tcache_count"],
      },
      libc: {
        summary: "address of the C library, above all mappings: calloc clears links to it, byte by byte",
        default: 0x7ffff7ff0000,
      },
      version: {
        summary: "release of glibc: 2.36 is Debian 12's, 2.39 Ubuntu 24.04's, 2.41 Debian 13's",
        values: namesOf(glibc.Version).map((name) => name.replace(/v(\d)/, "$1.")),
        default: "2.36",
      },
      arenaMax: {
        summary: "most arenas; 0: eight for each CPU, once there are more than arenaTest",
        default: 0,
        real: realNames("ARENA_MAX"),
        takesMinusOne: true,
      },
      arenaTest: {
        summary: "arenas beyond which the number of CPUs limits them",
        default: 8,
        real: realNames("ARENA_TEST"),
        takesMinusOne: true,
      },
      cpus: { summary: "online CPUs, 1 to 4096: so many times eight arenas", default: 4 },
      mxfast: {
        summary: "largest request whose chunk goes into fastbins, up to 160; 2.43 has none",
        unit: "bytes",
        default: 128,
        real: ["M_MXFAST", "glibc.malloc.mxfast"],
      },
      tcacheMax: {
        summary: "largest request whose chunk goes into the tcache, up to 1032; of 2.43 more is not modelled",
        unit: "bytes",
        default: 1032,
        real: ["glibc.malloc.tcache_max"],
      },
      tcacheUnsortedLimit: {
        summary: "unsorted chunks sorted after one was cached, before that one is given; 0 for all",
        default: 0,
        real: ["glibc.malloc.tcache_unsorted_limit"],
      },
    }),
    messages: Object.values({
      [glibc.Message.InvalidPointer]: "free(): invalid pointer",
      [glibc.Message.InvalidSize]: "free(): invalid size",
      [glibc.Message.TcacheDoubleFree]: "free(): double free detected in tcache 2",
      [glibc.Message.FastDoubleFree]: "double free or corruption (fasttop)",
      [glibc.Message.InvalidNextSizeFast]: "free(): invalid next size (fast)",
      [glibc.Message.DoubleFreeTop]: "double free or corruption (top)",
      [glibc.Message.DoubleFreeOut]: "double free or corruption (out)",
      [glibc.Message.DoubleFreePrev]: "double free or corruption (!prev)",
      [glibc.Message.InvalidNextSize]: "free(): invalid next size (normal)",
      [glibc.Message.CorruptedSize]: "corrupted size vs. prev_size",
      [glibc.Message.CorruptedList]: "corrupted double-linked list",
      [glibc.Message.CorruptedLargeList]: "corrupted double-linked list (not small)",
      [glibc.Message.MunmapInvalidPointer]: "munmap_chunk(): invalid pointer",
      [glibc.Message.ReallocInvalidPointer]: "realloc(): invalid pointer",
      [glibc.Message.ReallocInvalidOldSize]: "realloc(): invalid old size",
      [glibc.Message.ReallocInvalidNextSize]: "realloc(): invalid next size",
      [glibc.Message.UnalignedTcache]: "malloc(): unaligned tcache chunk detected",
      [glibc.Message.CorruptedTop]: "malloc(): corrupted top size",
      [glibc.Message.TcacheUnalignedWalk]: "free(): unaligned chunk detected in tcache 2",
      [glibc.Message.TcacheTooMany]: "free(): too many chunks detected in tcache",
      [glibc.Message.CorruptedSizeMerging]: "corrupted size vs. prev_size while consolidating",
      [glibc.Message.CorruptedSizeFast]: "corrupted size vs. prev_size in fastbins",
      [glibc.Message.UnsortedCorruptedFree]: "free(): corrupted unsorted chunks",
      [glibc.Message.MremapInvalidPointer]: "mremap_chunk(): invalid pointer",
      [glibc.Message.FastCorrupted]: "malloc(): memory corruption (fast)",
      [glibc.Message.FastUnaligned]: "malloc(): unaligned fastbin chunk detected 2",
      [glibc.Message.FastUnalignedRefill]: "malloc(): unaligned fastbin chunk detected 3",
      [glibc.Message.ConsolidateUnaligned]: "malloc_consolidate(): unaligned fastbin chunk detected",
      [glibc.Message.ConsolidateInvalidSize]: "malloc_consolidate(): invalid chunk size",
      [glibc.Message.SmallList]: "malloc(): smallbin double linked list corrupted",
      [glibc.Message.UnsortedInvalidSize]: "malloc(): invalid size (unsorted)",
      [glibc.Message.UnsortedInvalidNextSize]: "malloc(): invalid next size (unsorted)",
      [glibc.Message.UnsortedNextBefore]: "malloc(): mismatching next->prev_size (unsorted)",
      [glibc.Message.UnsortedList]: "malloc(): unsorted double linked list corrupted",
      [glibc.Message.UnsortedNextInuse]: "malloc(): invalid next->prev_inuse (unsorted)",
      [glibc.Message.LargeListSizes]: "malloc(): largebin double linked list corrupted (nextsize)",
      [glibc.Message.LargeList]: "malloc(): largebin double linked list corrupted (bk)",
      [glibc.Message.TopAssertion]: `Fatal glibc error: malloc assertion failure in sysmalloc: ${SOUND_TOP}`,
      [glibc.Message.SmallCorruptedFree]: "free(): chunks in smallbin corrupted",
      [glibc.Message.TopAssertion239]:
        `Fatal glibc error: malloc.c:2599 (sysmalloc): assertion failed: ${SOUND_TOP}`,
      [glibc.Message.TopAssertion241]:
        `Fatal glibc error: malloc.c:2601 (sysmalloc): assertion failed: ${SOUND_TOP}`,
      [glibc.Message.TopAssertion243]:
        `Fatal glibc error: malloc.c:2371 (sysmalloc): assertion failed: ${SOUND_TOP}`,
    } satisfies Record<glibc.Message, string>),
    statistics: namesOf(glibc.Statistic),
    functions: Object.values({
      [glibc.ModelFn.Sysmalloc]: "sysmalloc",
      [glibc.ModelFn.Systrim]: "systrim",
      [glibc.ModelFn.MallocConsolidate]: "malloc_consolidate",
      [glibc.ModelFn.MunmapChunk]: "munmap_chunk",
      [glibc.ModelFn.MremapChunk]: "mremap_chunk",
    } satisfies Record<glibc.ModelFn, string>),
    sureness: sureness.glibc,
    url: new URL("../../build/glibc.wasm", import.meta.url),
  },
  {
    name: "libmalloc",
    summary:
      "macOS: magazines of tiny and small blocks; freed large blocks are cached, and calloc clears all of them",
    kernel: "darwin",
    options: optionsOf(libmalloc.Option, {
      zeroing: {
        summary:
          "what calloc clears of a block of a page or more: all of it; the pages that were written; or of a large block nothing, because its pages are discarded",
        values: namesOf(libmalloc.Zeroing),
        default: "always",
      },
      version: {
        summary: "release of libmalloc: 116 is of macOS 10.12, 792 has the newest magazine allocator",
        values: namesOf(libmalloc.Version).map((name) => name.replace("v", "")),
        default: "116",
      },
      cpus: {
        summary:
          "CPUs, 1 to 64 (116 counts 32), each with a magazine; threads are on them in turn; more than one have a depot of sparse regions, from 425 on one too",
        default: 4,
      },
      cache: {
        summary: "whether freed large blocks are kept",
        values: namesOf(libmalloc.Cache),
        default: "on",
      },
      tinyZeroing: {
        summary:
          "when 425 and 792 clear a tiny block: when it is freed, or when it is handed out, as in programs linked for macOS 12 and before",
        values: namesOf(libmalloc.TinyZeroing),
        default: "free",
      },
      nano: {
        summary:
          "whether the nano zone has requests of up to 256 bytes; auto: from 425 on; 116 had another one, which is not modelled",
        values: namesOf(libmalloc.Nano),
        default: "auto",
      },
    }),
    messages: Object.values({
      [libmalloc.Message.NotAllocated]: "pointer being freed was not allocated",
      [libmalloc.Message.NotAllocatedForRealloc]: "pointer being realloc'd was not allocated",
      [libmalloc.Message.DoubleFreeOfTiny]: "Double free of object",
      [libmalloc.Message.DoubleFree]: "double free for ptr",
      [libmalloc.Message.Metadata]: "Pointer to metadata being freed",
    } satisfies Record<libmalloc.Message, string>),
    statistics: Object.values({
      [libmalloc.Statistic.BlocksInUse]: "blocks_in_use",
      [libmalloc.Statistic.SizeInUse]: "size_in_use",
      [libmalloc.Statistic.MaxSizeInUse]: "max_size_in_use",
      [libmalloc.Statistic.SizeAllocated]: "size_allocated",
    } satisfies Record<libmalloc.Statistic, string>),
    functions: Object.values({
      [libmalloc.ModelFn.TinyMalloc]: "tiny_malloc",
      [libmalloc.ModelFn.FreeTiny]: "free_tiny",
      [libmalloc.ModelFn.SmallMalloc]: "small_malloc",
      [libmalloc.ModelFn.FreeSmall]: "free_small",
      [libmalloc.ModelFn.MediumMalloc]: "medium_malloc",
      [libmalloc.ModelFn.FreeMedium]: "free_medium",
      [libmalloc.ModelFn.LargeMalloc]: "large_malloc",
      [libmalloc.ModelFn.FreeLarge]: "free_large",
      [libmalloc.ModelFn.NanoMalloc]: "nano_malloc",
      [libmalloc.ModelFn.FreeNano]: "nano_free",
    } satisfies Record<libmalloc.ModelFn, string>),
    sureness: sureness.libmalloc,
    url: new URL("../../build/libmalloc.wasm", import.meta.url),
  },
  {
    name: "jemalloc",
    summary:
      "jemalloc 5.3.0: a cache, slabs and extents; free pages decay; large blocks are zeroed by the kernel",
    kernel: "linux",
    notes: ["calloc zeroes large blocks by madvise, not by clearing"],
    watchesClock: true,
    only: { kernel: "linux", pageSize: 4096 },
    options: optionsOf(jemalloc.Option, {
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
    statistics: namesOf(jemalloc.Statistic),
    functions: Object.values({
      [jemalloc.ModelFn.CacheFill]: "arena_cache_bin_fill_small",
      [jemalloc.ModelFn.CacheFlushSmall]: "tcache_bin_flush_small",
      [jemalloc.ModelFn.CacheFlushLarge]: "tcache_bin_flush_large",
      [jemalloc.ModelFn.CacheGc]: "tcache_gc_event",
      [jemalloc.ModelFn.LargePalloc]: "large_palloc",
      [jemalloc.ModelFn.LargeDalloc]: "large_dalloc",
      [jemalloc.ModelFn.LargeRalloc]: "large_ralloc_no_move",
      [jemalloc.ModelFn.ExtentGrowRetained]: "extent_grow_retained",
      [jemalloc.ModelFn.ArenaDecay]: "arena_decay",
    } satisfies Record<jemalloc.ModelFn, string>),
    sureness: sureness.jemalloc,
    url: new URL("../../build/jemalloc.wasm", import.meta.url),
  },
  mimalloc,
  tcmalloc,
];

/** All models. A layer over a model is a line here. Its module's name has `-over-` for the stroke. */
export const models: readonly ModelInfo[] = [
  ...bases,
  over(pymalloc, bases, "glibc", new URL("../../build/pymalloc-over-glibc.wasm", import.meta.url)),
  over(pymalloc, bases, "jemalloc", new URL("../../build/pymalloc-over-jemalloc.wasm", import.meta.url)),
  over(pymalloc, bases, "naive", new URL("../../build/pymalloc-over-naive.wasm", import.meta.url)),
  over(pymalloc, bases, "tcmalloc", new URL("../../build/pymalloc-over-tcmalloc.wasm", import.meta.url)),
];
