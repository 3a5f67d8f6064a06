/** Mutants of the libmalloc model. */
import { type Area, mutantsIn } from "./mutants.js";

export const libmalloc: Area = {
  name: "libmalloc",
  modules: ["libmalloc.check"],
  tests: [
    ...["check", "large", "order", "small", "tiny"].map((name) => `test/libmalloc/${name}.test.ts`),
    "test/conformance/conformance.shared.test.ts",
  ],
  only: /^(?!\s*(naive|lazy|glibc|libmalloc)|.*seed [23]$)|libmalloc.*\(check build\).*suspicious/,
  mutants: mutantsIn("assembly/allocators/libmalloc", {
    "region.ts": [
      ["region counted on entering the table", "  rack.regions++;", ""],
      [
        "region found last forgotten when unmapped",
        "  rack.found = 0;",
        "",
        "a region empties when a block of another is freed, for the block freed last counts as used",
      ],
      [
        "dropped counter when a region leaves its magazine",
        "  magazine.bytesInObjects -= bytesUsed(rack, region);",
        "",
      ],
      [
        "wrong link back between regions",
        "  if (next) storeAt<u64>(trailerOf(rack, next) + PREVIOUS, previous);",
        "  if (next) storeAt<u64>(trailerOf(rack, next) + PREVIOUS, 0);",
      ],
    ],
    "free-list.ts": [
      ["old head keeps no way back", "  if (head) blocks.setPrevious(rack, head, block);", ""],
      ["next block keeps a stale way back", "  if (next) blocks.setPrevious(rack, next, previous);", ""],
      ["new head keeps a way back", "  if (next) blocks.setPrevious(rack, next, 0);", ""],
    ],
    "rack.ts": [["bit of an emptied list stays set", "load<u64>(word) & ~bit", "load<u64>(word)"]],
    "coalesce.ts": [
      ["successor merged only below the bump", "end != magazine.bump) {", "end < magazine.bump) {"],
      ["predecessor size lost when merging", "    quanta += before;", ""],
      [
        "predecessor never merged",
        "block == region ? 0 : blocks.freeBefore(rack, block)",
        "0 * blocks.freeAt(rack, block)",
      ],
    ],
    "magazine.ts": [
      [
        "growing charged twice for the old part",
        "charge(rack, magazine, region, bytesOf(rack, quanta - old));",
        "charge(rack, magazine, region, bytesOf(rack, quanta));",
      ],
      ["size of the block freed last kept", "    magazine.lastFreeQuanta = 0;", ""],
      [
        "off by one in the limit of the block freed last",
        "quanta >= rack.lastFreeLimit",
        "quanta > rack.lastFreeLimit",
      ],
    ],
    "depot.ts": [
      ["off by one in the depot threshold", "depot.regions < rack.crowded", "depot.regions <= rack.crowded"],
      [
        "bump region moved to the depot unfinished",
        "  if (magazine.bumpEnd == region + rack.payload) finishBump(blocks, rack);",
        "",
      ],
      [
        "block freed last moved to the depot with its region",
        "  if (magazine.lastFree && regionOf(rack, magazine.lastFree) == region) flushLastFree(blocks, rack);",
        "",
      ],
      ["region unmapped while linked into the depot", "  detach(rack, depot, region);", ""],
    ],
    "tiny-blocks.ts": [
      ["header behind a live block not written", "    setBits(region, index + quanta, START, 0);", ""],
      [
        "in-use bit of an absorbed block stays",
        "indexOf(block), 0, START | IN_USE);",
        "indexOf(block), 0, START);",
      ],
    ],
    "word-blocks.ts": [
      ["out-of-band entry never given back", "      storeAt<u16>(entry + 8, 0);", ""],
      ["last word of a free block stays", "    storeAt<u16>(word + 2 * (quanta - 1), 0);", ""],
      [
        "off by one in the last word of a free block",
        "    storeAt<u16>(word + 2 * (quanta - 1), <u16>quanta | FREE);",
        "    storeAt<u16>(word + 2 * quanta, <u16>quanta | FREE);",
      ],
    ],
    "death-row.ts": [
      [
        "reserve reduced for madvised blocks",
        "  if (!slot.madvised) reserveBytes -= slot.size;",
        "  reserveBytes -= slot.size;",
      ],
      ["ring not shortened at its old end", "    oldest = after(oldest);", ""],
    ],
    "live-table.ts": [
      ["resized block counted twice", "  bytes += size - sizeOf(entry);", "  bytes += size;"],
      ["old live table leaked", "  if (old) munmap(old, oldSlots * ENTRY_BYTES);", ""],
      [
        "probe run repaired with gaps",
        "    slot = after(slot);\n    address = loadAt",
        "    slot = after(after(slot));\n    address = loadAt",
      ],
    ],
    "large.ts": [
      ["tail of a shrunk block leaked", "    kernel.munmap(pointer + size, old - size);", ""],
      ["evicted block leaked", "  if (evicted) kernel.munmap(evicted, evictedSize);", ""],
      [
        "reserve may exceed its limit",
        "deathRow.reserveBytes + size > reserveLimit",
        "deathRow.reserveBytes > reserveLimit",
      ],
      ["relief never armed", "  if (deathRow.cacheBytes > FLOTSAM_HIGH) flotsam = true;", ""],
    ],
    "block-rack.ts": [
      ["resize not counted", "    liveBytes += bytesOf(this, quanta) - bytesOf(this, old);", ""],
      ["carved block counted whole", "    liveBytes -= bytesOf(this, whole - quanta);", ""],
    ],
    "index.ts": [
      [
        "peak not noted on growing in place",
        "resizeInPlace(pointer, bytes)) return handOut(pointer);",
        "resizeInPlace(pointer, bytes)) return pointer;",
      ],
    ],
  }),
};
