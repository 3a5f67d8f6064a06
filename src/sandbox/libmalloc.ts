/** What the registry has of libmalloc. */
import {
  Cache,
  FreeList,
  Message,
  ModelFn,
  Nano,
  Option,
  Statistic,
  TinyZeroing,
  Version,
  Zeroing,
} from "#shared/libmalloc";
import { namesOf } from "../base/enums.js";
import { type ModelInfo, optionsOf } from "./model-info.js";
import { sureness } from "./sureness.js";

export const libmalloc: ModelInfo = {
  name: "libmalloc",
  summary:
    "macOS: magazines of tiny and small blocks; freed large blocks are cached, and calloc clears all of them",
  kernel: "darwin",
  headerBytes: 0,
  options: optionsOf(Option, {
    zeroing: {
      summary:
        "what calloc clears of a block of a page or more: all of it; the pages that were written; or of a large block nothing, because its pages are discarded",
      values: namesOf(Zeroing),
      default: "always",
    },
    version: {
      summary: "release of libmalloc: 116 is of macOS 10.12, 792 has the newest magazine allocator",
      values: namesOf(Version).map((name) => name.replace("v", "")),
      default: "116",
    },
    cpus: {
      summary:
        "CPUs, 1 to 64 (116 counts 32), each with a magazine; threads are on them in turn; more than one have a depot of sparse regions, from 425 on one too",
      default: 4,
    },
    cache: {
      summary: "whether freed large blocks are kept",
      values: namesOf(Cache),
      default: "on",
    },
    tinyZeroing: {
      summary:
        "when 425 and 792 clear a tiny block: when it is freed, or when it is handed out, as in programs linked for macOS 12 and before",
      values: namesOf(TinyZeroing),
      default: "free",
    },
    nano: {
      summary:
        "whether the nano zone has requests of up to 256 bytes; auto: from 425 on; 116 had another one, which is not modelled",
      values: namesOf(Nano),
      default: "auto",
    },
  }),
  messages: Object.values({
    [Message.NotAllocated]: "pointer being freed was not allocated",
    [Message.NotAllocatedForRealloc]: "pointer being realloc'd was not allocated",
    [Message.DoubleFreeOfTiny]: "Double free of object",
    [Message.DoubleFree]: "double free for ptr",
    [Message.Metadata]: "Pointer to metadata being freed",
  } satisfies Record<Message, string>),
  freeLists: Object.values({
    [FreeList.Magazine]: "free list",
    [FreeList.Depot]: "depot",
    [FreeList.FreedLast]: "freed last",
    [FreeList.Fresh]: "never handed out",
    [FreeList.Large]: "cache of large blocks",
    [FreeList.Nano]: "nano free list",
  } satisfies Record<FreeList, string>),
  statistics: Object.values({
    [Statistic.BlocksInUse]: "blocks_in_use",
    [Statistic.SizeInUse]: "size_in_use",
    [Statistic.MaxSizeInUse]: "max_size_in_use",
    [Statistic.SizeAllocated]: "size_allocated",
  } satisfies Record<Statistic, string>),
  functions: Object.values({
    [ModelFn.TinyMalloc]: "tiny_malloc",
    [ModelFn.FreeTiny]: "free_tiny",
    [ModelFn.SmallMalloc]: "small_malloc",
    [ModelFn.FreeSmall]: "free_small",
    [ModelFn.MediumMalloc]: "medium_malloc",
    [ModelFn.FreeMedium]: "free_medium",
    [ModelFn.LargeMalloc]: "large_malloc",
    [ModelFn.FreeLarge]: "free_large",
    [ModelFn.NanoMalloc]: "nano_malloc",
    [ModelFn.FreeNano]: "nano_free",
  } satisfies Record<ModelFn, string>),
  sureness: sureness.libmalloc,
  file: {
    name: "wasm/libmalloc.wasm",
    url: () => new URL("../../build/libmalloc.wasm", import.meta.url),
  },
};
