/** Mutants of what models tell of their free memory. */
import { type Area, mutantsIn } from "./mutants.js";

export const freeBlocks: Area = {
  name: "free-blocks",
  modules: [
    ...["glibc.check", "libmalloc.check", "jemalloc.check", "mimalloc.check", "tcmalloc.check", "lazy.check"],
    ...["pymalloc-over-glibc.check", "pymalloc-over-naive.check", "glibc"],
  ],
  tests: ["test/sandbox/free-blocks.test.ts"],
  only: /(lazy|glibc|pymalloc.glibc|libmalloc|jemalloc|mimalloc|tcmalloc) with|of a layer|of a thread|one size|of a pool|nano slots|reach into|broken/,
  mutants: mutantsIn("assembly/allocators", {
    "free-blocks.ts": [
      ["what ends where the range begins is told", "address + bytes <= from", "address + bytes < from"],
      ["what begins where the range ends is told", "address >= to", "address > to"],
      ["rows are lost when there are more", "  memory.copy(moved, rows, ROW_BYTES * count);\n", ""],
      ["the lists below a layer are its own", "  firstList = lists;\n", ""],
      ["a ring is walked for ever", "  if (!left) return false;\n", ""],
      [
        "a link to nowhere is followed",
        "mappedBytes(address) >= 8 ? peek<u64>(address) : 0",
        "peek<u64>(address)",
      ],
    ],
    "glibc/free-chunks.ts": [
      ["the top is not told", "  if (heap.top) tellTop();\n", ""],
      ["the last bin is not told", "number < bins.BINS", "number < bins.BINS - 1"],
      ["only the main arena is told", "  while (arenas.enterNext());", "  while (false);"],
      ["fastbins are not told", "fastbins.mayHold && size", "!fastbins.mayHold && size"],
      ["only the first thread has a tcache", "number <= threads.highest", "number <= 1"],
      ["a chunk begins at its first word", "tell(chunk + 8, size, bin ==", "tell(chunk, size, bin =="],
      [
        "what a heap may write beyond the top is not told",
        "  tell(end, start",
        "  if (false) tell(end, start",
      ],
      ["a small chunk is large", "size < MIN_LARGE ? FreeList.Small : FreeList.Large", "FreeList.Small"],
    ],
    "jemalloc/free-blocks.ts": [
      ["dirty extents are not told", "    tellSet(arenaAt(number).dirty, FreeList.Dirty);\n", ""],
      ["retained extents are not told", "    tellSet(arenaAt(number).retained, FreeList.Retained);\n", ""],
    ],
    "jemalloc/slabs.ts": [
      ["the current slab is not told", "    if (current) tellRegions(current);\n", ""],
      ["only the first slab of a heap is told", "      slab = heaps.after(slab);", "      slab = null;"],
    ],
    "jemalloc/cache.ts": [
      [
        "the newest kept block is not told",
        "depth < stack.count; depth++)\n      tell",
        "depth + 1 < stack.count; depth++)\n      tell",
      ],
    ],
    "tcmalloc/free-blocks.ts": [
      ["batches are not told", "  central.tellBatches();\n", ""],
      ["spans are not told of", "    if (found) tellSpan(found as Span);\n", ""],
    ],
    "tcmalloc/thread-cache.ts": [["only the newest object is told", "      object = linkAt(object);\n", ""]],
    "mimalloc/free-blocks.ts": [
      ["blocks freed since are not told", "  tellBlocks(page, page.local);\n", ""],
      ["a page without blocks has no free ones", "  if (!page.used) {", "  if (false) {"],
      ["a cached segment's header is free", "tell(segment.start + SLICE,", "tell(segment.start,"],
    ],
    "pymalloc/free-blocks.ts": [
      [
        "the last block of a pool is not told",
        "<u64>peek<u32>(at + pool.LAST_VIRGIN) + bytes",
        "<u64>peek<u32>(at + pool.LAST_VIRGIN)",
      ],
      ["a free pool is none", "  if (!peek<u32>(at + pool.COUNT)) {", "  if (false) {"],
      ["what was never cut is not told", "  tell(carve,", "  if (false) tell(carve,"],
    ],
    "libmalloc/free-blocks.ts": [
      [
        "the block freed last is not told",
        "    tell(magazine.lastFree,",
        "    if (false) tell(magazine.lastFree,",
      ],
      [
        "what was never handed out is not told",
        "    tell(magazine.bump,",
        "    if (false) tell(magazine.bump,",
      ],
      ["live blocks are told", "blocks.peekIsFree(rack, block) && ", ""],
    ],
    "libmalloc/nano.ts": [
      ["a list has one slot", "    next = <u32>linkAt(slot + 8);", "    next = BUMP;"],
      [
        "the last run of blocks is not told",
        "  tell(addressOf(regions * REGION_BLOCKS - fresh)",
        "  if (false) tell(addressOf(regions * REGION_BLOCKS - fresh)",
      ],
    ],
    "libmalloc/death-row.ts": [
      ["the ring is not told", "index < slots; index++) tell", "index < 0; index++) tell"],
    ],
    "lazy/free-blocks.ts": [
      ["what was never cut is not told", "  tell(bump,", "  if (false) tell(bump,"],
      ["freed blocks are not told", "block; block = linkAt(block)", "false; block = linkAt(block)"],
    ],
  }),
};
