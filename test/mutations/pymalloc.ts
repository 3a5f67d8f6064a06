/** Mutants of the layer pymalloc, and of what every layer does. */
import { type Area, mutantsIn } from "./mutants.js";

const MODELS = "assembly/allocators";

export const pymalloc: Area = {
  name: "pymalloc",
  modules: ["pymalloc-over-glibc", "pymalloc-over-glibc.check"],
  tests: [
    ...["check", "reference", "rules", "oracle"].map((name) => `test/pymalloc/${name}.test.ts`),
    "test/conformance/conformance.shared.test.ts",
  ],
  only: /^(finds|a first|a wholly|blocks of|2\.7 has|without arenas|what is|the array|misuse|a composition)|reference.*seed [01]$|cannot be had|recorded.*short|pymalloc\/glibc \(check build\).*suspicious/,
  mutants: [
    ...mutantsIn(MODELS, {
      "layer.ts": [
        [
          "own blocks counted as the program's",
          "  ownBytes += base.inUse() - before;\n  return moved;",
          "  return moved;",
        ],
        [
          "own blocks counted for ever",
          "  free(pointer);\n  setInner(false);\n  ownBytes += base.inUse() - before;",
          "  free(pointer);\n  setInner(false);",
        ],
        ["arena that went back still counted", "  addLayerBytes(0 - bytes);", ""],
      ],
    }),
    ...mutantsIn(`${MODELS}/pymalloc`, {
      "index.ts": [
        ["largest small request goes below", "bytes - 1 < version.MOST_BYTES", "bytes < version.MOST_BYTES"],
        ["block stays down to three quarters, inclusive", "4 * bytes > 3 * held", "4 * bytes >= 3 * held"],
        ["calloc clears the whole block", "clear(block, bytes);", "clear(block, small.bytesOf(block));"],
        ["block that moves is not freed", "    small.give(pointer);\n    return moved;", "    return moved;"],
        ["nothing is passed below as nothing", "layer.malloc(max(bytes, 1))", "layer.malloc(bytes)"],
        ["2.7 has a calloc", "version.hasCalloc ? takeSmall(bytes) : 0", "takeSmall(bytes)"],
        ["without arenas free(0) goes nowhere", "pointer || goesBelow", "pointer"],
      ],
      "pool.ts": [
        [
          "no block prepared in a new pool",
          "  storeAt<u64>(block + bytes, 0);\n  return block;",
          "  return block;",
        ],
        [
          "last block of a pool not cut",
          "virgin > loadAt<u32>(pool + LAST_VIRGIN)",
          "virgin >= loadAt<u32>(pool + LAST_VIRGIN)",
        ],
        ["reused pool cut anew", "if (classOf(pool) == index) {", "if (false) {"],
        ["count not raised", "load<u32>(header, <usize>COUNT) + 1", "load<u32>(header, <usize>COUNT)"],
      ],
      "small.ts": [
        [
          "full pool stays listed",
          "!pool.prepare(first, index)) unlink(first, index);",
          "!pool.prepare(first, index)) return block;",
        ],
        [
          "pool that was full not listed again",
          "if (wasFull) insert(owner, pool.givenClass);",
          "if (wasFull) return;",
        ],
        ["stale link back between pools", "if (next) storeAt<u64>(next + pool.PREVIOUS, previous);", ""],
      ],
      "arenas.ts": [
        ["the last free arena goes back too", "(!keepsLast || nextOf(arena))", "true"],
        [
          "an arena that was full goes to the end",
          "if (free == 1) insertFirst(arena);",
          "if (false) insertFirst(arena);",
        ],
        ["last arena of a count forgotten", "if (free > 1) setLastWith(free - 1, arena);", ""],
        ["arena does not move", "  if (arena == last) return;", "  return;"],
        ["array grows by 16", "count ? 2 * count : FIRST_OBJECTS", "count + FIRST_OBJECTS"],
        ["objects taken from the end", "  unused = objectAt(count);", "  unused = objectAt(more - 1);"],
        ["arena of 64 pools wherever it begins", " - u32(isMisplaced)", ""],
        [
          "memory of an arena without a place in the tree kept",
          "  giveBack(address);\n  return 0;",
          "  return 0;",
          "the tree's nodes are a few hundred KiB: no test lets an arena be had and not those",
        ],
      ],
      "address-map.ts": [
        [
          "second end of an arena not entered",
          "  storeAt<u32>(entryAt(arena + arenaBytes) + LOW, isUsed ? offset : 0);",
          "",
        ],
        ["arena stays in the tree", "HIGH, isUsed ? offset : 0", "HIGH, offset"],
        [
          "node for the second end not made",
          "  if (isUsed && !makeNodes(arena + arenaBytes)) return false;\n",
          "",
          "an arena never crosses the end of a node here: the nodes of both ends are one",
        ],
      ],
      "version.ts": [
        ["3.8 keeps the last arena", "version >= Version.V39;", "version >= Version.V38;"],
        ["3.10 has nodes as 3.11", "version == Version.V310 ? 28 : 34", "34"],
      ],
      "statistics.ts": [
        ["reclaimed arenas not counted", "return arenas.made - arenas.current;", "return 0;"],
        ["room of a pool counted with its header", "poolBytes - pool.HEADER_BYTES;", "poolBytes;"],
      ],
    }),
  ],
};
