/** What the registry has of mimalloc. */
import { Column, FreeList, ModelFn, Option, Row } from "#shared/mimalloc";
import { namesOf } from "../base/enums.js";
import { type ModelInfo, optionsOf } from "./model-info.js";
import { sureness } from "./sureness.js";

/** What is switched off or on. */
const SWITCH = ["0", "1"];

export const mimalloc: ModelInfo = {
  name: "mimalloc",
  summary:
    "mimalloc 2.0.9: pages of blocks of one size, in segments of 32 MiB; calloc clears all of a block, always",
  kernel: "linux",
  headerBytes: 0,
  notes: ["calloc clears every block, whole, also one that is fresh from the kernel"],
  watchesClock: true,
  onRequest: true,
  only: { kernel: "linux", pageSize: 4096 },
  options: optionsOf(Option, {
    decommit_delay: {
      summary: "milliseconds until the pages of free slices are given back; 0: at once",
      default: 25,
      real: ["MIMALLOC_DECOMMIT_DELAY", "MIMALLOC_RESET_DELAY"],
    },
    segment_decommit_delay: {
      summary: "milliseconds until the pages of a segment that nothing is in are given back; 0: at once",
      default: 500,
      real: ["MIMALLOC_SEGMENT_DECOMMIT_DELAY"],
    },
    decommit_extend_delay: {
      summary: "milliseconds that each further free slice delays it",
      default: 1,
      real: ["MIMALLOC_DECOMMIT_EXTEND_DELAY"],
    },
    allow_decommit: {
      summary: "whether pages are given back",
      values: SWITCH,
      default: "1",
      real: ["MIMALLOC_ALLOW_DECOMMIT"],
    },
    eager_commit: {
      summary: "whether segments are mapped to be read and written; else they are committed as needed",
      values: SWITCH,
      default: "1",
      real: ["MIMALLOC_EAGER_COMMIT"],
    },
    page_reset: {
      summary: "whether the kernel is told that it may take the pages of what is freed (MADV_FREE)",
      values: SWITCH,
      default: "0",
      real: ["MIMALLOC_PAGE_RESET"],
    },
    base: {
      summary: "address of the first segment, a multiple of 32 MiB; the real one draws it from 2 to 6 TiB",
      unit: "bytes",
      default: 2 * 2 ** 40,
    },
  }),
  messages: ["Segmentation fault"],
  freeLists: Object.values({
    [FreeList.Page]: "free list of a page",
    [FreeList.Fresh]: "never handed out",
    [FreeList.EmptyPage]: "page without blocks",
    [FreeList.Span]: "free span",
    [FreeList.Cached]: "cached segment",
  } satisfies Record<FreeList, string>),
  statistics: [
    ...namesOf(Row).flatMap((row) => namesOf(Column).map((column) => `${row}.${column}`)),
    "commits",
  ],
  functions: Object.values({
    [ModelFn.MallocGeneric]: "_mi_malloc_generic",
    [ModelFn.HeapCollect]: "mi_heap_collect",
    [ModelFn.CollectRetired]: "_mi_heap_collect_retired",
    [ModelFn.PageFree]: "_mi_page_free",
    [ModelFn.SegmentPageAlloc]: "_mi_segment_page_alloc",
    [ModelFn.SegmentAlloc]: "mi_segment_alloc",
    [ModelFn.SegmentFree]: "mi_segment_free",
    [ModelFn.SegmentDecommit]: "mi_segment_delayed_decommit",
    [ModelFn.SegmentCachePurge]: "mi_segment_cache_purge",
  } satisfies Record<ModelFn, string>),
  sureness: sureness.mimalloc,
  file: {
    name: "wasm/mimalloc.wasm",
    url: () => new URL("../../build/mimalloc.wasm", import.meta.url),
  },
};
