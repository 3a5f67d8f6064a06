/** What the registry has of CPython's allocator, which is a layer. */
import { Arenas, Domain, FreeList, ModelFn, Option, Statistic, Version } from "#shared/pymalloc";
import { namesOf } from "../base/enums.js";
import { type LayerInfo, optionsOf } from "./model-info.js";
import { sureness } from "./sureness.js";

export const pymalloc: LayerInfo = {
  name: "pymalloc",
  summary:
    "Python's: requests of up to 512 bytes from pools of arenas, which go back when all of one is free",
  options: optionsOf(Option, {
    python: {
      summary: "release of Python: 2.7.18, 3.6.15, 3.7.16, 3.8.18, 3.9.18, 3.10.13 or 3.11.2",
      values: namesOf(Version).map((name) => name.replace(/v(\d)/, "$1.")),
      default: "3.11",
    },
    arenas: {
      summary:
        "where arenas come from: the kernel, or malloc of the allocator below; none: all requests go below, as with PYTHONMALLOC=malloc",
      values: namesOf(Arenas),
      default: "mmap",
    },
    step: {
      summary: "bytes that blocks are multiples of: 16, or 8 in patch releases of 2.7 and 3.6 before those",
      unit: "bytes",
      default: 16,
    },
    domain: {
      summary:
        "what the program calls: PyObject_Malloc; PyMem_Malloc, which is malloc in 2.7; PyMem_RawMalloc, which always is",
      values: namesOf(Domain),
      default: "obj",
    },
  }),
  freeLists: Object.values({
    [FreeList.Pool]: "free list of a pool",
    [FreeList.Fresh]: "never handed out",
    [FreeList.FreePool]: "free pool",
    [FreeList.Arena]: "arena, never cut",
  } satisfies Record<Exclude<FreeList, FreeList.Count>, string>),
  statistics: Object.values({
    [Statistic.ArenasAllocatedTotal]: "arenas allocated total",
    [Statistic.ArenasReclaimed]: "arenas reclaimed",
    [Statistic.ArenasHighwaterMark]: "arenas highwater mark",
    [Statistic.ArenasAllocatedCurrent]: "arenas allocated current",
    [Statistic.AllocatedBlocks]: "bytes in allocated blocks",
    [Statistic.AvailableBlocks]: "bytes in available blocks",
    [Statistic.UnusedPools]: "bytes in unused pools",
    [Statistic.PoolHeaders]: "bytes lost to pool headers",
    [Statistic.Quantization]: "bytes lost to quantization",
    [Statistic.ArenaAlignment]: "bytes lost to arena alignment",
  } satisfies Record<Exclude<Statistic, Statistic.Count>, string>),
  functions: Object.values({
    [ModelFn.AllocateFromNewPool]: "allocate_from_new_pool",
    [ModelFn.NewArena]: "new_arena",
    [ModelFn.ArenaMapMarkUsed]: "arena_map_mark_used",
  } satisfies Record<ModelFn, string>),
  calls: {
    malloc: "PyObject_Malloc",
    calloc: "PyObject_Calloc",
    realloc: "PyObject_Realloc",
    free: "PyObject_Free",
  },
  release: "python",
  sureness: sureness.pymalloc,
};
