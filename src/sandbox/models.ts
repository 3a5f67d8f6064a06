import type { KernelKind } from "../allocator/machine.js";
import type { OptionInfo } from "./machine.js";

export { machineOptions, type OptionInfo } from "./machine.js";

/** One allocator that can be sandboxed. */
export interface ModelInfo {
  name: string;
  summary: string;
  /** The kernel it runs on unless told otherwise. */
  kernel: KernelKind;
  /** In the order of the model's own option numbers. */
  options: readonly OptionInfo[];
  /** What it says when it stops the process, in the order of the model's own message numbers. */
  messages: readonly string[];
  /** Its own statistics, in the real allocator's words and the order of the model's numbers. */
  statistics?: readonly string[];
  /** Its functions that a profile tells apart, in the real one's words and the order of the model's numbers. */
  functions?: readonly string[];
  /** Its module; the check build lies beside it. */
  url: URL;
}

/** Every model. A new one is a file under assembly/allocators/ and an entry here. */
export const models: readonly ModelInfo[] = [
  {
    name: "naive",
    summary: "every block its own mapping; calloc clears all of it",
    kernel: "linux",
    options: [],
    messages: ["free(): invalid pointer"],
    url: new URL("../../build/naive.wasm", import.meta.url),
  },
  {
    name: "lazy",
    summary:
      "large blocks fresh from the kernel, small ones discarded: calloc clears less than two pages, ever",
    kernel: "linux",
    options: [],
    messages: ["free(): invalid pointer"],
    url: new URL("../../build/lazy.wasm", import.meta.url),
  },
  {
    name: "glibc",
    summary: "glibc 2.36 (Debian 12), one thread: tcache, bins, a heap that is trimmed, adaptive mapping",
    kernel: "linux",
    options: [
      {
        name: "mmapThreshold",
        summary: "chunks this large are mapped; setting it stops it from adapting",
        unit: "bytes",
        default: 131072,
      },
      {
        name: "trimThreshold",
        summary: "a top this large is trimmed; setting it stops the thresholds from adapting",
        unit: "bytes",
        default: 131072,
      },
      {
        name: "topPad",
        summary:
          "asked for beyond need when the heap grows; with more than there is, the real one begins a second arena, which is not modelled",
        unit: "bytes",
        default: 131072,
      },
      { name: "mmapMax", summary: "most mappings at a time, up to 2147483647", default: 65536 },
      { name: "perturb", summary: "byte to fill freed memory with, 1 to 255; 0 fills nothing", default: 0 },
      { name: "tcacheCount", summary: "chunks of each size the tcache keeps, up to 65535", default: 7 },
      {
        name: "libc",
        summary: "address of the C library, above all mappings: calloc clears links to it, byte by byte",
        default: 0x7ffff7ff0000,
      },
    ],
    messages: [
      "free(): invalid pointer",
      "free(): invalid size",
      "free(): double free detected in tcache 2",
      "double free or corruption (fasttop)",
      "free(): invalid next size (fast)",
      "double free or corruption (top)",
      "double free or corruption (out)",
      "double free or corruption (!prev)",
      "free(): invalid next size (normal)",
      "corrupted size vs. prev_size",
      "corrupted double-linked list",
      "corrupted double-linked list (not small)",
      "munmap_chunk(): invalid pointer",
      "realloc(): invalid pointer",
      "realloc(): invalid old size",
      "realloc(): invalid next size",
      "malloc(): unaligned tcache chunk detected",
      "malloc(): corrupted top size",
      "free(): unaligned chunk detected in tcache 2",
      "free(): too many chunks detected in tcache",
      "corrupted size vs. prev_size while consolidating",
      "corrupted size vs. prev_size in fastbins",
      "free(): corrupted unsorted chunks",
      "mremap_chunk(): invalid pointer",
      "malloc(): memory corruption (fast)",
      "malloc(): unaligned fastbin chunk detected 2",
      "malloc(): unaligned fastbin chunk detected 3",
      "malloc_consolidate(): unaligned fastbin chunk detected",
      "malloc_consolidate(): invalid chunk size",
      "malloc(): smallbin double linked list corrupted",
      "malloc(): invalid size (unsorted)",
      "malloc(): invalid next size (unsorted)",
      "malloc(): mismatching next->prev_size (unsorted)",
      "malloc(): unsorted double linked list corrupted",
      "malloc(): invalid next->prev_inuse (unsorted)",
      "malloc(): largebin double linked list corrupted (nextsize)",
      "malloc(): largebin double linked list corrupted (bk)",
      // As printed; there is no shorter form of it.
      "Fatal glibc error: malloc assertion failure in sysmalloc: (old_top == initial_top (av) && old_size == 0) || " +
        "((unsigned long) (old_size) >= MINSIZE && prev_inuse (old_top) && ((unsigned long) old_end & (pagesize - 1)) == 0)",
    ],
    statistics: [
      "arena",
      "ordblks",
      "smblks",
      "hblks",
      "hblkhd",
      "usmblks",
      "fsmblks",
      "uordblks",
      "fordblks",
      "keepcost",
      "maxMaps",
      "maxMapBytes",
    ],
    functions: ["sysmalloc", "systrim", "malloc_consolidate", "munmap_chunk", "mremap_chunk"],
    url: new URL("../../build/glibc.wasm", import.meta.url),
  },
  {
    name: "libmalloc",
    summary:
      "macOS: magazines of tiny and small blocks; freed large ones are cached, and cleared in full by calloc",
    kernel: "darwin",
    options: [
      {
        name: "zeroing",
        summary:
          "what calloc clears of a block of a page or more: all of it, the pages that were written, or nothing of a large one, whose pages are discarded",
        values: ["always", "dirty", "discard"],
        default: "always",
      },
      {
        name: "version",
        summary: "release of libmalloc; 116 is macOS 10.12, 792 the newest magazine allocator",
        values: ["116", "166", "283", "425", "792"],
        default: "116",
      },
      { name: "cpus", summary: "CPUs, 1 to 32: more than one have a depot of sparse regions", default: 4 },
      { name: "cache", summary: "whether freed large blocks are kept", values: ["on", "off"], default: "on" },
    ],
    messages: ["pointer being freed was not allocated", "pointer being freed already on death-row"],
    statistics: ["blocks_in_use", "size_in_use", "max_size_in_use", "size_allocated"],
    functions: [
      "tiny_malloc",
      "free_tiny",
      "small_malloc",
      "free_small",
      "medium_malloc",
      "free_medium",
      "large_malloc",
      "free_large",
    ],
    url: new URL("../../build/libmalloc.wasm", import.meta.url),
  },
];
