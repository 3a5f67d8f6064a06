/** What the registry has of tcmalloc. */
import { FreeList, Message, ModelFn, Option, Statistic } from "#shared/tcmalloc";
import { namesOf } from "../base/enums.js";
import { type ModelInfo, optionsOf } from "./model-info.js";
import { sureness } from "./sureness.js";

/** An option that is set or not. */
const FLAG = { values: ["0", "1"], default: "0" };

export const tcmalloc: ModelInfo = {
  name: "tcmalloc",
  summary:
    "gperftools 2.10: a thread's cache, central lists and spans of pages; calloc clears all of a block, always",
  hasPlacement: true,
  kernel: "linux",
  headerBytes: 0,
  notes: ["calloc clears every block, whole, also one that is fresh from the kernel"],
  onRequest: true,
  only: { kernel: "linux", pageSize: 4096 },
  options: optionsOf(Option, {
    releaseRate: {
      real: ["TCMALLOC_RELEASE_RATE"],
      summary: "pages given back for a thousand that are freed, up to 2^20 at a time; 0: none",
      default: 1,
      takesFractions: true,
    },
    aggressiveDecommit: {
      real: ["TCMALLOC_AGGRESSIVE_DECOMMIT"],
      summary: "whether pages are given back as soon as they are free",
      ...FLAG,
    },
    skipSbrk: {
      summary: "whether memory comes from mmap alone, after the first 9 MiB",
      ...FLAG,
      real: ["TCMALLOC_SKIP_SBRK"],
    },
    skipMmap: { summary: "whether memory comes from brk alone", ...FLAG, real: ["TCMALLOC_SKIP_MMAP"] },
    disableMemoryRelease: {
      summary: "whether no page is given back",
      ...FLAG,
      real: ["TCMALLOC_DISABLE_MEMORY_RELEASE"],
    },
    heapLimitMb: {
      summary: "most MiB, with metadata, that are not given back; 0 for any",
      default: 0,
      real: ["TCMALLOC_HEAP_LIMIT_MB"],
    },
    transferNumObj: {
      real: ["TCMALLOC_TRANSFER_NUM_OBJ"],
      summary: "most objects, 1 to 4096, that move between a thread's cache and the central lists at once",
      default: 32,
    },
    maxTotalThreadCacheBytes: {
      real: ["TCMALLOC_MAX_TOTAL_THREAD_CACHE_BYTES"],
      summary: "bytes that threads keep, from 512 KiB to 1 GiB",
      unit: "bytes",
      default: 33554432,
    },
    heapStart: { summary: "address of the heap, a multiple of 4096", default: 0x555555560000 },
  }),
  messages: Object.values({
    [Message.InvalidFree]: "src/tcmalloc.cc:333] Attempt to free invalid pointer",
    [Message.InvalidRealloc]: "src/tcmalloc.cc:337] Attempt to realloc invalid pointer",
    [Message.InvalidSize]: "src/tcmalloc.cc:343] Attempt to get the size of an invalid pointer",
    [Message.FreedTwice]: "freed twice, which tcmalloc does not notice: its lists are broken from here on",
    [Message.OutOfMetadata]:
      "src/page_heap_allocator.h:74] FATAL ERROR: Out of memory trying to allocate internal tcmalloc data",
  } satisfies Record<Message, string>),
  freeLists: Object.values({
    [FreeList.Thread]: "thread's cache",
    [FreeList.Transfer]: "transfer cache",
    [FreeList.Central]: "central list",
    [FreeList.Normal]: "page heap",
    [FreeList.Returned]: "page heap, returned",
  } satisfies Record<FreeList, string>),
  statistics: namesOf(Statistic),
  functions: Object.values({
    [ModelFn.FetchFromCentralCache]: "ThreadCache::FetchFromCentralCache",
    [ModelFn.ReleaseToCentralCache]: "ThreadCache::ReleaseToCentralCache",
    [ModelFn.Scavenge]: "ThreadCache::Scavenge",
    [ModelFn.New]: "PageHeap::New",
    [ModelFn.Delete]: "PageHeap::Delete",
    [ModelFn.GrowHeap]: "PageHeap::GrowHeap",
    [ModelFn.ReleaseAtLeastNPages]: "PageHeap::ReleaseAtLeastNPages",
  } satisfies Record<ModelFn, string>),
  sureness: sureness.tcmalloc,
  file: {
    name: "wasm/tcmalloc.wasm",
    url: () => new URL("../../build/tcmalloc.wasm", import.meta.url),
  },
};
