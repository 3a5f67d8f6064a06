/** Bugs of the heap. `zeropage check` alone has to find each: what it misses in our allocator it would miss in others. */
import { type Area, mutantsIn } from "./mutants.js";

export const heap: Area = {
  name: "heap",
  modules: ["heap"],
  tests: ["test/heap/checked.test.ts"],
  mutants: mutantsIn("assembly/heap", {
    "slots.ts": [
      ["a slot stays free when it is taken", "span.free = free & (free - 1);", "span.free = free;"],
      [
        "slots are a byte closer together",
        "<usize>ctz(free) * span.size;",
        "<usize>ctz(free) * (span.size - 16);",
      ],
      ["a freed slot is not noted", "span.free = free | bit;", "span.free = free;"],
    ],
    "spans.ts": [
      [
        "a span ends before its last slot",
        "const end = span.base + bytesOf(span.units);",
        "const end = span.base + bytesOf(span.units - 1);",
      ],
    ],
    "classes.ts": [
      [
        "a class of its size less one",
        "sizeClass.size = size;",
        "sizeClass.size = size - (size > 128 ? 16 : 0);",
      ],
    ],
    "runs.ts": [
      [
        "a free run's rest begins a unit too early",
        "const end = run + bytesOf(wanted);",
        "const end = run + bytesOf(wanted - 1);",
      ],
      ["a run as short as wanted less one will do", "if (own < units || ", "if (own + 1 < units || "],
      [
        "a zero stretch reaches past what is handed out, and counts twice",
        "noteZero(from, min(to, end));",
        "noteZero(run, end);",
      ],
    ],
    "units.ts": [
      [
        "what was freed at the top is as new",
        "used = zeroFrom < zeroTo && zeroTo == dirtyEnd ? zeroFrom : dirtyEnd;",
        "used = zeroFrom;",
      ],
      [
        "the table is copied but for its end",
        "memory.copy(table, old, copied);",
        "memory.copy(table, old, copied - 64);",
      ],
      ["the table is not cleared", "memory.fill(copiedEnd, 0, dirtyEnd - copiedEnd);", ""],
    ],
    "growth.ts": [
      [
        "growth that fails is taken for granted",
        "(step <= exact || !growMemory(exact))) return false;",
        "(step <= exact || !growMemory(exact))) {}",
      ],
    ],
    "blocks.ts": [
      ["a run grows by a unit less than it says", "cut(end, after, units);", "cut(end, after, units - 1);"],
      [
        "a run that shrinks keeps its end, which is free",
        "setTag(run, tagOf(wanted, Kind.Used));\n  return true;",
        "return true;",
      ],
      ["a request of nearly 4 GiB wraps", "if (bytes > MOST_BYTES) return 0;", ""],
    ],
    "bytes.ts": [
      [
        "a page is taken for zero by its first 64 bytes",
        "areZero64(at)) at += 64;",
        "areZero64(at)) at += 4096;",
      ],
      [
        "the last store of a small clear is left out",
        "for (; at + 16 <= end; at += 16) clear16",
        "for (; at + 32 <= end; at += 16) clear16",
      ],
    ],
    "acquire.ts": [["a cached run is zero as the last one was", "  noteZero(0, 0);\n", ""]],
    "cache.ts": [["a cached run is handed out twice", "store<u32>(list, count - 1);", ""]],
    "heap.ts": [
      ["the product of calloc wraps", "if (product > u32.MAX_VALUE) return 0;", ""],
      [
        "realloc copies a word less",
        "memory.copy(moved, pointer, min(held, bytes));",
        "memory.copy(moved, pointer, min(held, bytes) - 4);",
      ],
      [
        "realloc that fails frees the block",
        "if (!moved) return bytes <= held ? pointer : 0;\n  memory.copy",
        "if (!moved) free(pointer);\n  memory.copy",
      ],
      [
        "an aligned block is aligned to half of that",
        "const block = (run + (align - 1)) & ~(align - 1);",
        "const block = (run + (align / 2 - 1)) & ~(align / 2 - 1);",
      ],
    ],
    "sweep.ts": [
      [
        "a span with one live slot is given up",
        "if (span.free != allFree(span)) {",
        "if (popcnt(span.free) + 1 < span.slots) {",
      ],
      ["the list of a class ends too early", "store<usize>(load<usize>(end), changetype<usize>(span));", ""],
    ],
  }),
};

/**
 * Bugs that no program shows by C's functions: they waste memory, or need a host that scrubs, leaves dirt or grows the
 * memory itself. The heap's own tests find them.
 */
export const heapWithin: Area = {
  name: "heap-within",
  modules: ["heap", "heap.check"],
  tests: [
    "test/heap/contract.shared.test.ts",
    "test/heap/random.shared.test.ts",
    "test/heap/zero.shared.test.ts",
  ],
  mutants: mutantsIn("assembly/heap", {
    "runs.ts": [
      ["free neighbours before are not merged", "const before = freeUpTo(run);", "const before: u32 = 0;"],
      ["free neighbours behind are not merged", "const after = freeFrom(end);", "const after: u32 = 0;"],
      ["the rest of a run is zero from its begin", "max(from, end), to", "end, to"],
      ["a longer zero stretch than there is", "zeroTo = isLonger ? ownTo : to;", "zeroTo = max(ownTo, to);"],
    ],
    "growth.ts": [
      ["memory that was there before counts as new", "  fresh = end;\n  begin(", "  begin("],
      [
        "memory of others counts as the heap's",
        "if (memoryEnd() != end) return passAlien();",
        "end = memoryEnd();",
      ],
    ],
    "heap.ts": [
      ["calloc clears nothing behind what is known to be zero", "clearMany(to, end - to);", ""],
      ["a block that cannot be moved does not shrink", "return bytes <= held ? pointer : 0;", "return 0;"],
    ],
  }),
};
