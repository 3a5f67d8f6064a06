/** Mutants of the libmalloc model. */
import { type Area, mutantsIn } from "./mutants.js";

export const libmalloc: Area = {
  name: "libmalloc",
  modules: ["libmalloc.check"],
  tests: [
    ...["check", "large", "nano", "order", "small", "threads", "tiny", "vectors", "versions", "words"].map(
      (name) => `test/libmalloc/${name}.test.ts`,
    ),
    "test/conformance/conformance.shared.test.ts",
  ],
  only: /^(?!\s*(naive|lazy|glibc|libmalloc)|.*seed [23]$)|libmalloc.*\(check build\).*suspicious/,
  mutants: mutantsIn("assembly/allocators/libmalloc", {
    "region.ts": [
      [
        "table of regions grown one region too early",
        "rack.realSlots < 2 * rack.inserted",
        "rack.realSlots <= 2 * rack.inserted",
      ],
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
        "  if (next) storeAt<u64>(trailerOf(rack, next) + previousAt, region);",
        "  if (next) storeAt<u64>(trailerOf(rack, next) + previousAt, 0);",
      ],
    ],
    "free-list.ts": [
      ["next block keeps a stale way back", "  if (next) blocks.setPrevious(rack, next, block);", ""],
      ["block behind another keeps its way back", "  if (next) blocks.setPrevious(rack, next, block);", ""],
      ["old head keeps no way back", "  if (head) blocks.setPrevious(rack, head, block);", ""],
      ["list keeps its old head", "  else setHead(magazine, list, next);\n", ""],
      ["links of a block stay", "  blocks.dropLinks(rack, block);\n}", "}"],
    ],
    "region-order.ts": [
      ["first block of a region not noted", "  setEnds(rack, region, list, block, last ? last : block);", ""],
      ["one region too many asked", "asked < MOST_ASKED", "asked <= MOST_ASKED"],
      ["depot lists searched through regions", "magazine == rack.depot || ", ""],
    ],
    "rack.ts": [["bit of an emptied list stays set", "load<u64>(word) & ~bit", "load<u64>(word)"]],
    "coalesce.ts": [
      [
        "successor never merged",
        "end == heapEnd ? 0 : blocks.freeAt(rack, end)",
        "0 * blocks.freeAt(rack, end)",
      ],
      ["predecessor size lost when merging", "    quanta += before;", ""],
      [
        "predecessor never merged",
        "block == heapOf(rack, region) ? 0 : blocks.freeBefore(rack, block)",
        "0 * blocks.freeAt(rack, block)",
      ],
    ],
    "magazine.ts": [
      [
        "growing charged twice for the old part",
        "charge(rack, magazine, region, bytesOf(rack, quanta - old));",
        "charge(rack, magazine, region, bytesOf(rack, quanta));",
      ],
      ["block freed last kept when it is handed out", "    keepLastFree(magazine, 0, 0);", ""],
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
        "  if (magazine.bumpEnd == heapEndOf(rack, region)) finishBump(blocks, rack, magazine);",
        "",
      ],
      [
        "region that may not go chosen for the depot",
        "while (region && !isSuitable(rack, region)) {",
        "while (region && !rack) {",
      ],
      ["region unmapped while linked into the depot", "  detach(rack, depot, region);", ""],
    ],
    "tiny-blocks.ts": [
      [
        "header behind a live block not written",
        "    setBits(rack, region, index + quanta, START, 0);",
        "",
        "what begins there has its header already, or gets it next",
      ],
      [
        "in-use bit of an absorbed block stays",
        "indexOf(rack, block), 0, START | IN_USE);",
        "indexOf(rack, block), 0, START);",
      ],
    ],
    "word-blocks.ts": [
      ["out-of-band entry never given back", "    storeAt<u16>(entry + ENTRY_NUMBER, 0);", ""],
      ["last word of a free block stays", "    storeAt<u16>(word + 2 * (quanta - 1), 0);", ""],
      [
        "off by one in the last word of a free block",
        "    storeAt<u16>(word + 2 * (quanta - 1), <u16>quanta | FREE);",
        "    storeAt<u16>(word + 2 * quanta, <u16>quanta | FREE);",
      ],
    ],
    "advice.ts": [
      ["window of a power of two too small", "(64 - clz(part))", "(63 - clz(part))"],
      ["rest of a split block always clean", "wasClean ? CLEAN : 0", "CLEAN"],
      ["last word of a run not written", "  storeAt<u16>(word + 2 * (quanta - 1), <u16>quanta | clean);", ""],
      ["dirty part to the left forgotten", "const dirty = dirtyLeft + quanta", "const dirty = quanta"],
      [
        "end of a clean left part lost",
        "mark(word - 2 * left, left - dirtyLeft, CLEAN)",
        "mark(word - 2 * left, left, CLEAN)",
      ],
    ],
    "medium.ts": [
      ["large blocks told of one size too early", "<= advice.windowOf", "< advice.windowOf"],
      ["merged block not noted as clean", "  else advice.markClean(rack, begin, whole);", ""],
      ["clean blocks of the depot told of again", "advice.isClean(rack, block, quanta)", "!quanta"],
      ["waiting block lost", "  storeAt<u64>(from, waiting);", "  storeAt<u64>(from, 0);"],
    ],
    "nano-layout.ts": [
      ["first block of an arena handed out", "UNIT_BLOCKS : 1;", "UNIT_BLOCKS : 0;"],
      [
        "class of one block too many",
        "load<u8>(UNITS + kind + 1) <= unit",
        "load<u8>(UNITS + kind + 1) < unit",
      ],
    ],
    "nano.ts": [
      [
        "free slots lost when one is taken",
        "wordOf(next, free - 1, unused, true)",
        "wordOf(next, free, unused, true)",
      ],
      ["slots of every CPU from one block", "CLASSES * 8 * <usize>cpu", "0 * <usize>cpu"],
      [
        "block taken from still marked as current",
        "loadAt<u32>(wordAt(old)) & ~CURRENT",
        "loadAt<u32>(wordAt(old))",
      ],
      ["guard forgotten", "  storeAt<u64>(address, COOKIE ^ address);", ""],
      ["nearly full block taken", "percent < 20 ? NO_RANK :", "percent < 10 ? NO_RANK :"],
      [
        "nearest blocks behind it first",
        "step <= old - first ? old - step",
        "step < old - first ? old - step",
      ],
      [
        "class left to the helper for ever",
        "  if (4 * free >= 3 * slotsOf(kind)) store<u8>(delegated + kind, 0);",
        "",
      ],
      ["block in use advised", "free < slotsOf(kind) || isCurrent", "free < slotsOf(kind)"],
      ["bytes not taken back", "  liveBytes -= size;", ""],
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
      [
        "blocks go to the magazine of the thread that frees them",
        "magazine == this.depot ? this.own : magazine;",
        "this.own;",
      ],
      [
        "another magazine's block freed last is live",
        "(this.isLastFree(pointer) || this.isBump(pointer))",
        "this.isBump(pointer)",
      ],
      [
        "memory pressure relieves every magazine but the first",
        "      if (!magazine.regions) continue;",
        "      if (!cpu) continue;",
      ],
      ["growth not cleared", "if (this.clearsAlways && quanta > old)", "if (this.clearsAlways && !quanta)"],
      [
        "fresh blocks cleared too",
        "if (this.clearsAlways && block && !isFresh)",
        "if (this.clearsAlways && block)",
      ],
      ["resize not counted", "    liveBytes += bytesOf(this, quanta) - bytesOf(this, old);", ""],
      ["carved block counted whole", "    liveBytes -= bytesOf(this, whole - quanta);", ""],
    ],
    "index.ts": [
      ["block kept by realloc to nothing", "    if (smallest) this.free(pointer);", ""],
      ["threads share the first magazine", "    racks.serve(cpu % <u32>mostMagazines);", ""],
      ["the main thread is on the second CPU", "(number - 1) % <u32>cpus", "number % <u32>cpus"],
    ],
  }),
};
