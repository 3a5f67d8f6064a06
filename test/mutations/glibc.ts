/** Mutants of the glibc model. */
import { type Area, mutantsIn } from "./mutants.js";

export const glibc: Area = {
  name: "glibc",
  modules: ["glibc.check"],
  tests: [
    "test/glibc/check.test.ts",
    "test/glibc/model.test.ts",
    "test/conformance/conformance.shared.test.ts",
  ],
  only: /check of glibc|glibc.*(check build true|\(check build\).*suspicious)/,
  mutants: mutantsIn("assembly/allocators/glibc", {
    "allocate.ts": [
      ["splits off less than a chunk", "  if (found - size < MIN_CHUNK) {", "  if (found - size < 16) {"],
      ["a chunk moves into the tcache marked as free", "    markInUse(other, size);\n", ""],
      [
        "an exact fit stays marked as free",
        "    markInUse(chunk, size);\n    own(chunk);\n    makeTcache",
        "    makeTcache",
      ],
      ["a rest without the size behind it", "  setBefore(rest + left, left);\n", ""],
    ],
    "bins.ts": [
      ["clears the bit of another bin", "    unmark(at);", "    unmark(at + 1);"],
      [
        "two of a size in the list of distinct sizes",
        "  if (size < sizeOf(smallest)) {",
        "  if (size <= sizeOf(smallest)) {",
      ],
      [
        "the next of a size does not replace the first",
        "!isHeader(next) && nextSizeOf(next) == 0",
        "!isHeader(next) && nextSizeOf(next) != 0",
      ],
      ["an unsorted chunk keeps an old link", "    setSizes(chunk, 0, 0);", "    setNextSize(chunk, 0);"],
      ["off by one in the binmap", "  if (number < 64) binmapLow |=", "  if (number <= 64) binmapLow |="],
    ],
    "fastbins.ts": [
      ["a fastbin is filled without a note", "  mayHold = true;\n", ""],
      ["the rest of a fastbin is lost", "  store<u64>(head, linkOf(chunk));", "  store<u64>(head, 0);"],
    ],
    "tcache.ts": [
      [
        "the count is not lowered",
        "  store<u16>(count, <u16>(cached - countOfOne));",
        "  store<u16>(count, cached);",
      ],
      ["one chunk too many in a tcache bin", "(count ^ flipped) < bound", "(count ^ flipped) <= bound"],
      ["a cached chunk without the key", "(pointer >> 12), KEY);", "(pointer >> 12), 0);"],
      ["a freed chunk is cached without the key", "  store<u64>(words, KEY, 24);\n", ""],
      ["a mapped chunk is cached", "bin >= bins || head & UNCACHED", "bin >= BINS"],
    ],
    "heap.ts": [
      ["trimming is not counted", "  resize(0 - extra);\n", ""],
      ["a dropped counter", "  mappings--;\n", ""],
      [
        "the lead of a remapped chunk is not counted",
        "  mappedBytes -= bytesBefore;",
        "  mappedBytes -= old;",
      ],
      ["the fence reaches past the piece", "(old - 2 * FENCEPOST) & ~15", "(old - FENCEPOST) & ~15"],
      [
        "a heap in pieces is taken for contiguous",
        "  contiguous = false;\n  resize(bytes);\n  if",
        "  resize(bytes);\n  if",
      ],
      ["a wrong maximum", "max(mostMappedBytes, mappedBytes + mappedDrift)", "max(mostMappedBytes, more)"],
      [
        "the heap grows by parts of pages",
        "  const more = roundToPages(contiguous",
        "  const more = (contiguous",
      ],
      ["a dropped counter", "  resize(more);\n  if (!top)", "  if (!top)"],
      [
        "a munmap that fails is noticed",
        "  kernel.munmap(chunk - before, bytes);\n",
        "  if (kernel.munmap(chunk - before, bytes)) mappings++;\n",
      ],
    ],
    "release.ts": [
      ["a free chunk without the size behind it", "  setBefore(chunk + size, size);\n", ""],
      [
        "a wrong flag behind a free chunk",
        "    setHead(next, nextHead & ~PREV_INUSE);",
        "    setHead(next, nextHead);",
      ],
      [
        "the last fastbin is not consolidated",
        "size <= fastbins.largest; size += 16",
        "size < fastbins.largest; size += 16",
      ],
      [
        "a wrong flag of the top",
        "    heap.setTop(chunk, size | PREV_INUSE);",
        "    heap.setTop(chunk, size);",
      ],
    ],
    "alignment.ts": [
      [
        "an aligned mapped chunk reaches past its mapping",
        "(sizeOf(chunk) - lead) | MMAPPED",
        "sizeOf(chunk) | MMAPPED",
      ],
    ],
    "index.ts": [
      ["a grown chunk marked as free", "    markInUse(chunk, found);\n", ""],
      [
        "off by a header in what is in use",
        "  const bytes = usable(head);",
        "  const bytes = withoutFlags(head);",
      ],
      ["off by a header in what is cached", "live -= cached - 8;", "live -= cached;"],
      ["a remapped block is not counted", "    live += sizeOf(moved) - old;\n", ""],
      [
        "growth into the top is not counted",
        "  heap.setTop(chunk + size, left | PREV_INUSE);\n  live += size - old;",
        "  heap.setTop(chunk + size, left | PREV_INUSE);",
      ],
    ],
    "parameters.ts": [
      ["thresholds out of proportion", "  trimThreshold = 2 * size;", "  trimThreshold = size;"],
    ],
  }),
};

/** Threads and their arenas, against what was recorded of the real ones. */
export const glibcThreads: Area = {
  name: "glibc-threads",
  modules: ["glibc.check"],
  tests: ["test/glibc/arenas.test.ts"],
  only: /check build true/,
  mutants: mutantsIn("assembly/allocators/glibc", {
    "arenas.ts": [
      ["a new arena is not in the ring", "  main.next = arena;\n", ""],
      ["the same arena is shared again and again", "  nextToShare = arena.next;\n", ""],
      ["an arena is free though others use it", "  if (--arena.threads) return;\n", ""],
      [
        "CPUs are counted an arena too early",
        "count > parameters.arenaTest",
        "count >= parameters.arenaTest",
      ],
      [
        "a chunk is freed into the arena that is entered",
        "  if (areMany) enter(head",
        "  if (!areMany) enter(head",
      ],
    ],
    "figures.ts": [
      ["malloc_info tells of the newest heap only", "start = heaps.previousHeap(start)", "start = 0"],
      [
        "malloc_info tells of a fast chunk by its usable bytes",
        "count * size, count);",
        "count * (size - 8), count);",
      ],
    ],
    "heap.ts": [
      [
        "the most an arena had is what it has",
        "  mostHeapBytes = max(mostHeapBytes, heapBytes);",
        "  mostHeapBytes = heapBytes;",
      ],
    ],
    "heaps.ts": [
      ["what is accessible is forgotten", "    storeAt<u64>(last + ACCESSIBLE, bytes);\n", ""],
      ["a further heap is not counted", "  heap.resize(bytes);\n", ""],
      ["the fence takes a unit less", "(size - MIN_CHUNK) & ~15", "(size - FENCEPOST) & ~15"],
      [
        "the place behind a heap that is gone is remembered",
        "  if (nextPlace == last + MOST) nextPlace = 0;\n",
        "",
      ],
      [
        "a heap that shrinks keeps its size",
        "  storeAt<u64>(last + SIZE, bytes);\n  heap.resize(0",
        "  heap.resize(0",
      ],
      [
        "a heap grows with a pad",
        "roundToPages(size + MIN_CHUNK - old)",
        "roundToPages(size + 2 * MIN_CHUNK - old)",
      ],
    ],
    "threads.ts": [
      ["a thread that ends keeps its arena", "  leaveArena();\n", ""],
      ["the struct of a tcache is lost", "  release(toChunk(struct));\n", ""],
    ],
    "tcache.ts": [["an ended thread's cache is lost", "  return old;", "  return 0;"]],
    "index.ts": [
      ["what a heap gave back is taken for new", "max(heap.topSize(), last", "min(heap.topSize(), last"],
      [
        "the tops of all arenas are trimmed",
        "arenas.isMain() && heap.trim(keep)",
        "heap.trim(keep)",
        "no other arena's top ends at the break",
      ],
    ],
  }),
};

/** What newer releases do otherwise. */
export const glibcReleases: Area = {
  name: "glibc-releases",
  modules: ["glibc.check"],
  tests: ["test/glibc/newer.test.ts", "test/glibc/misuse.test.ts"],
  only: /by release|in the model/,
  mutants: mutantsIn("assembly/allocators/glibc", {
    "tcache.ts": [
      ["a bin that counts its room never fills", "(count ^ flipped) < bound", "(count ^ flipped) <= bound"],
      ["a link out of the middle of a list is not mixed", "(pointer >> 12) ^ mixedWith", "(pointer >> 12)"],
      [
        "2.43 has a tcache that keeps nothing",
        "version.makesTcacheLate && limit == 0;\n  bound",
        "false;\n  bound",
      ],
      ["looks for a double free in one bin only", "any < BINS; any++", "any < 1; any++"],
      [
        "an aligned block that is taken still counts",
        "  store<u16>(count, <u16>(load<u16>(count) - countOfOne));\n",
        "",
      ],
    ],
    "allocate.ts": [
      [
        "a hit in a small bin makes no tcache",
        "  bins.removeLast(bin, before);\n  makeTcacheToCache();\n",
        "  bins.removeLast(bin, before);\n",
      ],
      ["an exact fit makes no tcache", "    makeTcacheToCache();\n    if (!tcache", "    if (!tcache"],
      [
        "a search makes the tcache of a free",
        "makeTcache(version.tcacheBytesInSearch)",
        "makeTcache(version.tcacheBytes)",
      ],
    ],
    "bins.ts": [
      [
        "a freed small chunk without a bit in the binmap",
        "stop(Message.SmallCorruptedFree, chunk);\n  mark(number);\n",
        "stop(Message.SmallCorruptedFree, chunk);\n",
      ],
    ],
    "release.ts": [
      [
        "small chunks go to the unsorted bin",
        "  if (version.sortsSmallAtFree && size",
        "  if (!version.sortsSmallAtFree && size",
      ],
      [
        "what realloc gives up is cached",
        "if (version.cachesInternalFrees) return",
        "if (!version.cachesInternalFrees) return",
      ],
      [
        "what aligned allocation cuts off is cached",
        "if (version.mergesCuts) releaseMerging",
        "if (!version.mergesCuts) releaseMerging",
      ],
      [
        "fastbins where there are none",
        "size <= fastbins.largest && version.hasFastbins",
        "size <= fastbins.largest",
      ],
      [
        "a size that only looks small is cached",
        "    if (size > tcache.LARGEST) return releaseUncached(chunk, head, size);\n",
        "",
      ],
    ],
    "heap.ts": [
      ["no drift", "  mappedDrift += version.mremapDrift;\n", ""],
      [
        "a piece without the padding",
        "roundToPages(size + parameters.topPad + MIN_CHUNK));",
        "roundToPages(size + MIN_CHUNK));",
      ],
      [
        "a mapped chunk reaches its mapping's end",
        "(bytes - version.behindMapped) | MMAPPED",
        "bytes | MMAPPED",
      ],
    ],
    "alignment.ts": [
      ["a lead of 16 is too short in 2.43 too", " && !(head & MMAPPED && version.mapsAtAnyLead)", ""],
    ],
    "index.ts": [
      [
        "a cached block is not all cleared",
        "clearCached(cached, size - 8)",
        "clearCached(cached, size - 16)",
      ],
      [
        "no free makes the tcache of 2.43",
        "if (!mayCache && version.makesTcacheLate) return;",
        "if (version.makesTcacheLate) return;",
      ],
      [
        "a block is kept though it has no room",
        "usableOf(chunk, head) - bytes < (head",
        "usableOf(chunk, head) + 8 - bytes < (head",
      ],
    ],
  }),
};
