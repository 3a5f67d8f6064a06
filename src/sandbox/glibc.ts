/** What the registry has of glibc. */
import { FreeList, Message, ModelFn, Option, Statistic, Version } from "#shared/glibc";
import { namesOf } from "../base/enums.js";
import { type ModelInfo, optionsOf } from "./model-info.js";
import { sureness } from "./sureness.js";

/** What a parameter of glibc is called by mallopt, in the environment, and as a tunable. */
function realNames(name: string, end = ""): readonly string[] {
  return [`M_${name}`, `MALLOC_${name}${end}`, `glibc.malloc.${name.toLowerCase()}`];
}

/** What glibc asserts of the top before the heap grows. */
const SOUND_TOP =
  "(old_top == initial_top (av) && old_size == 0) || ((unsigned long) (old_size) >= MINSIZE && " +
  "prev_inuse (old_top) && ((unsigned long) old_end & (pagesize - 1)) == 0)";

export const glibc: ModelInfo = {
  name: "glibc",
  summary:
    "glibc 2.36 to 2.43: arenas and tcaches of threads, bins, heaps that are trimmed, adaptive mapping",
  hasPlacement: true,
  hasHugePages: true,
  kernel: "linux",
  // The size of the chunk. What lies before it is the end of the block before, if that is in use.
  headerBytes: 8,
  options: optionsOf(Option, {
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
      values: namesOf(Version).map((name) => name.replace(/v(\d)/, "$1.")),
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
    hugetlb: {
      summary: "1: asks for huge pages where hugePages=madvise, as measured of 2.36; 0 does not",
      default: 0,
      real: ["glibc.malloc.hugetlb"],
    },
  }),
  messages: Object.values({
    [Message.InvalidPointer]: "free(): invalid pointer",
    [Message.InvalidSize]: "free(): invalid size",
    [Message.TcacheDoubleFree]: "free(): double free detected in tcache 2",
    [Message.FastDoubleFree]: "double free or corruption (fasttop)",
    [Message.InvalidNextSizeFast]: "free(): invalid next size (fast)",
    [Message.DoubleFreeTop]: "double free or corruption (top)",
    [Message.DoubleFreeOut]: "double free or corruption (out)",
    [Message.DoubleFreePrev]: "double free or corruption (!prev)",
    [Message.InvalidNextSize]: "free(): invalid next size (normal)",
    [Message.CorruptedSize]: "corrupted size vs. prev_size",
    [Message.CorruptedList]: "corrupted double-linked list",
    [Message.CorruptedLargeList]: "corrupted double-linked list (not small)",
    [Message.MunmapInvalidPointer]: "munmap_chunk(): invalid pointer",
    [Message.ReallocInvalidPointer]: "realloc(): invalid pointer",
    [Message.ReallocInvalidOldSize]: "realloc(): invalid old size",
    [Message.ReallocInvalidNextSize]: "realloc(): invalid next size",
    [Message.UnalignedTcache]: "malloc(): unaligned tcache chunk detected",
    [Message.CorruptedTop]: "malloc(): corrupted top size",
    [Message.TcacheUnalignedWalk]: "free(): unaligned chunk detected in tcache 2",
    [Message.TcacheTooMany]: "free(): too many chunks detected in tcache",
    [Message.CorruptedSizeMerging]: "corrupted size vs. prev_size while consolidating",
    [Message.CorruptedSizeFast]: "corrupted size vs. prev_size in fastbins",
    [Message.UnsortedCorruptedFree]: "free(): corrupted unsorted chunks",
    [Message.MremapInvalidPointer]: "mremap_chunk(): invalid pointer",
    [Message.FastCorrupted]: "malloc(): memory corruption (fast)",
    [Message.FastUnaligned]: "malloc(): unaligned fastbin chunk detected 2",
    [Message.FastUnalignedRefill]: "malloc(): unaligned fastbin chunk detected 3",
    [Message.ConsolidateUnaligned]: "malloc_consolidate(): unaligned fastbin chunk detected",
    [Message.ConsolidateInvalidSize]: "malloc_consolidate(): invalid chunk size",
    [Message.SmallList]: "malloc(): smallbin double linked list corrupted",
    [Message.UnsortedInvalidSize]: "malloc(): invalid size (unsorted)",
    [Message.UnsortedInvalidNextSize]: "malloc(): invalid next size (unsorted)",
    [Message.UnsortedNextBefore]: "malloc(): mismatching next->prev_size (unsorted)",
    [Message.UnsortedList]: "malloc(): unsorted double linked list corrupted",
    [Message.UnsortedNextInuse]: "malloc(): invalid next->prev_inuse (unsorted)",
    [Message.LargeListSizes]: "malloc(): largebin double linked list corrupted (nextsize)",
    [Message.LargeList]: "malloc(): largebin double linked list corrupted (bk)",
    [Message.TopAssertion]: `Fatal glibc error: malloc assertion failure in sysmalloc: ${SOUND_TOP}`,
    [Message.SmallCorruptedFree]: "free(): chunks in smallbin corrupted",
    [Message.TopAssertion239]: `Fatal glibc error: malloc.c:2599 (sysmalloc): assertion failed: ${SOUND_TOP}`,
    [Message.TopAssertion241]: `Fatal glibc error: malloc.c:2601 (sysmalloc): assertion failed: ${SOUND_TOP}`,
    [Message.TopAssertion243]: `Fatal glibc error: malloc.c:2371 (sysmalloc): assertion failed: ${SOUND_TOP}`,
  } satisfies Record<Message, string>),
  freeLists: Object.values({
    [FreeList.Tcache]: "tcache",
    [FreeList.Fastbin]: "fastbin",
    [FreeList.Unsorted]: "unsorted bin",
    [FreeList.Small]: "small bin",
    [FreeList.Large]: "large bin",
    [FreeList.Top]: "top",
    [FreeList.Heap]: "heap beyond the top",
  } satisfies Record<FreeList, string>),
  statistics: namesOf(Statistic),
  functions: Object.values({
    [ModelFn.Sysmalloc]: "sysmalloc",
    [ModelFn.Systrim]: "systrim",
    [ModelFn.MallocConsolidate]: "malloc_consolidate",
    [ModelFn.MunmapChunk]: "munmap_chunk",
    [ModelFn.MremapChunk]: "mremap_chunk",
  } satisfies Record<ModelFn, string>),
  sureness: sureness.glibc,
  file: {
    name: "wasm/glibc.wasm",
    url: () => new URL("../../build/glibc.wasm", import.meta.url),
  },
};
