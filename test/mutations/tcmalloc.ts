/** Mutants of tcmalloc. */
import { type Area, mutantsIn } from "./mutants.js";

export const tcmalloc: Area = {
  name: "tcmalloc",
  modules: ["tcmalloc", "tcmalloc.check"],
  tests: ["test/tcmalloc"],
  only: /^(the loop of|misuse|options|malloc_stats|a profile|the walk|the model does what was recorded)/,
  mutants: mutantsIn("assembly/allocators/tcmalloc", {
    "central.ts": [
      [
        "batches of any length",
        "if (count == batchSize(index) && central.batches)",
        "if (central.batches)",
        "of one thread a class has batches only when its list takes whole ones",
      ],
      ["groups go behind each other", "storeAt<u64>(last, others);", "storeAt<u64>(last, 0 * others);"],
      ["a span that was full is not listed", "if (!span.objects) insertFirst", "if (false) insertFirst"],
      ["an empty span stays", "if (--span.out == 0) {", "if (--span.out == u32.MAX_VALUE) {"],
      [
        "places are never taken by force",
        "!takePlace(index, false) && !takePlace(index, true)",
        "!takePlace(index, false)",
      ],
      ["turns go around evenly", "    turn = index;\n", "    turn = index + 1;\n"],
      ["a class has a place more", "min(FIRST_PLACES, central.mostPlaces)", "central.mostPlaces"],
    ],
    "classes.ts": [
      ["no class takes another's place", "pagesOf(last) == pages &&", "pagesOf(last) > pages &&"],
      ["spans of half a batch", "const BATCH_PART: u64 = 4;", "const BATCH_PART: u64 = 2;"],
    ],
    "free-spans.ts": [["the newest is the oldest", "? null : list.previous;", "? null : list.next;"]],
    "index.ts": [
      ["a quarter is half", "old + old / 4", "old + old / 2"],
      ["a block shrinks where it is", "bytes >= old / 2", "bytes >= old / 4"],
      [
        "calloc clears what is asked for",
        "bytes <= LARGEST ? sizeOf(classOf(bytes))",
        "bytes <= LARGEST ? bytes",
      ],
      ["pages freed twice go unnoticed", "if (span.state != State.InUse) refuse", "if (false) refuse"],
    ],
    "metadata.ts": [["records are not used again", "  pool.free++;", "  pool.free += 0;"]],
    "page-heap.ts": [
      ["all is freed late", "countdown -= <i64>count;", "countdown -= 1;"],
      [
        "rounds end early",
        "while (released < count && normalPages && !isStuck)",
        "if (released < count && normalPages)",
      ],
      ["the cursor starts anew", "let cursor: u64 = LISTED;", "let cursor: u64 = 0;"],
      ["nothing goes back before growth", "if (!span && isFragmented(count))", "if (!span && false)"],
      ["returned spans come first", "!sets.isBefore(returned, normal)", "sets.isBefore(normal, returned)"],
      ["neighbours that are not alike join", "isAggressive && neighbour.state == State.Normal", "true"],
      ["metadata is not limited", "(system.taken >> PAGE_SHIFT) - returnedPages", "pages - returnedPages"],
      ["growth is small", "growBy(max(count, LEAST_GROWTH))", "growBy(count)"],
    ],
    "page-map.ts": [
      [
        "leaves without a margin",
        "leaf <= (first + pages) >> LEAF_BITS",
        "leaf <= (first + pages - 1) >> LEAF_BITS",
      ],
    ],
    "span-set.ts": [["the highest of those as long", "one.first < other.first", "one.first > other.first"]],
    "start.ts": [["one cache from the start", "  cache.begin();\n", ""]],
    "system.ts": [["brk is tried again at once", "    hasBrkFailed = true;\n", ""]],
    "thread-cache.ts": [
      ["lists grow at once", "list.most = 1;", "list.most = list.batch;"],
      ["overflows do not shorten", "list.most -= list.batch;", "list.most -= 0;"],
      ["a scavenge sends all that was not needed", "low > 1 ? low >> 1 : 1", "low"],
      ["the limit does not grow", "  limit += SHARE;", "  limit = SHARE;"],
      ["what is sent is still low", "list.low = min(list.low, list.length);", ""],
    ],
  }),
};
