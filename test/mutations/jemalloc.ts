/** Mutants of jemalloc, and of the clock. */
import { type Area, mutantsIn } from "./mutants.js";

export const jemalloc: Area = {
  name: "jemalloc",
  modules: ["jemalloc", "jemalloc.check"],
  tests: ["test/jemalloc", "test/conformance/conformance.shared.test.ts"],
  only: /^(free pages|the clock|large blocks|calloc gives|a huge block|misuse|it needs|on kernels|the model does what was recorded)|jemalloc \(check build\).*suspicious/,
  mutants: mutantsIn("assembly/allocators/jemalloc", {
    "base.ts": [
      [
        "metadata from the largest remainder",
        "size >= lowest) continue;",
        "size < lowest && lowest != u64.MAX_VALUE) continue;",
      ],
      ["blocks of metadata do not grow", "pageClass(base.lastClass + 1)", "pageClass(base.lastClass - 1)"],
    ],
    "cache.ts": [
      [
        "the first region brought is at the bottom",
        "itemAt(stack, count - 1 - i), load<u64>(BATCH + 8 * i)",
        "itemAt(stack, i), load<u64>(BATCH + 8 * i)",
      ],
      ["a full stack is flushed whole", "flush(index, stack.slots >> 1)", "flush(index, 0)"],
      ["looks give back all that was not needed", "stack.count - low + (low >> 2)", "stack.count - low"],
      ["fills do not shrink", ">= 1) stack.shift++;", ">= 1) stack.shift += 0;"],
      ["flushed blocks of both arenas in one order", "extent.arena != arena) continue;", "false) continue;"],
    ],
    "decay.ts": [
      ["weights of another curve", "15 * EPOCHS * x", "14 * EPOCHS * x"],
      ["no jitter", "arena.epoch + interval + jitter", "arena.epoch + interval"],
      ["what was not purged counts as new", "pages > arena.unpurged ? pages - arena.unpurged : 0", "pages"],
    ],
    "events.ts": [["the cache is looked at twice as often", "65536", "32768"]],
    "extent-set.ts": [
      ["the largest fit is never too large", "pageClass(index) >> excess > wanted", "false"],
      [
        "the oldest is not remembered anew",
        "remember(bin, heaps.first(bin) as Extent);",
        "remember(bin, extent);",
      ],
    ],
    "large.ts": [
      ["aligned blocks draw, too", "align < PAGE ? offset(align) : 0", "offset(min(align, 64))"],
      ["huge statistics touch nothing", ">= WITH_LARGEST_STATISTICS", "> 1 << 46"],
    ],
    "page-layer.ts": [
      ["huge extents stay dirty", "extent.bytes >= HUGE && arena.decayMs != -1", "false"],
      ["small slabs merge", "extent.bytes >= SMALLEST_LARGE", "extent.bytes >= PAGE"],
      ["mappings do not grow", "arena.growth = growth + 1;", "arena.growth = growth;"],
      ["a mapping's head merges with what is below", "!extent.isHead ? found : null", "true ? found : null"],
    ],
    "pairing-heap.ts": [
      [
        "no work is done while nodes wait",
        "left: u32 = ctz(heap.waiting - 1)",
        "left: u32 = 0 * ctz(heap.waiting - 1)",
      ],
      ["a root without children settles first", "    if (!node.child) {", "    if (false) {"],
    ],
    "slabs.ts": [
      ["the current slab stays current", "!heaps.isBefore(slab, current)", "true"],
      ["an empty slab stays", "    return slab;\n  }\n  if", "    return null;\n  }\n  if"],
    ],
    "ticker.ts": [["always a thousand ticks", "(TICKS * wait) / WHOLE", "TICKS + 0 * wait"]],
  }),
};
