/** Mutants of the small models, of the loop over records, and of what drives and meters foreign modules. */
import { type Area, mutantsIn } from "./mutants.js";

const MODELS = "assembly/allocators";

export const naive: Area = {
  name: "naive",
  modules: ["naive.check"],
  tests: ["test/conformance/conformance.shared.test.ts", "test/replays.shared.test.ts"],
  only: /naive.*\(check build\)|check build: true.* on naive/,
  mutants: mutantsIn(MODELS, {
    "naive.ts": [
      ["freed block still counted", "    live -= bytes;", ""],
      ["a block that shrinks is copied whole", "min(old, bytes)", "old"],
      ["the old block is leaked", "    this.free(pointer);\n    return moved;", "    return moved;"],
      ["calloc clears the first half", "clear(pointer, bytes);", "clear(pointer, bytes >> 1);"],
      [
        "the alignment is forgotten",
        "map(bytes, align);\n  }\n\n  usableSize",
        "map(bytes, 1);\n  }\n\n  usableSize",
      ],
    ],
  }),
};

export const lazy: Area = {
  name: "lazy",
  modules: ["lazy.check"],
  tests: ["test/lazy.test.ts", "test/conformance/conformance.shared.test.ts"],
  only: /lazy.*(check build true|\(check build\))|check\(\) of lazy/,
  mutants: mutantsIn(`${MODELS}/lazy`, {
    "small.ts": [
      ["live count of a region not lowered", "  setLive(region, left);", ""],
      ["rest of the free list lost", "  storeAt<u64>(block, freeIn(region));", "  storeAt<u64>(block, 0);"],
      ["full region stays listed", "  if (!hasRoom(region, size)) unlink(region, index);", ""],
      ["stale link back between regions", "  if (next) storeAt<u64>(next + PREVIOUS, previous);", ""],
    ],
    "regions.ts": [
      ["regions behind a removed one lost", "    store<u32>(at(slotOf(number)), number);\n  }", "  }"],
    ],
    "index.ts": [["freed large block still counted", "    largeBytes -= bytes;", ""]],
  }),
};

export const replay: Area = {
  name: "replay",
  modules: ["naive.check"],
  tests: ["test/sandbox/replay.test.ts"],
  only: /on naive|a replay that fails|a replay counts|a record of kind|its site's/,
  mutants: mutantsIn("assembly", {
    "slots.ts": [
      ["slots are lost when there are more", "  memory.copy(moved, slots, SLOT_BYTES * slotCount);\n", ""],
    ],
    "replay.ts": [
      ["a product of 2^64 is let through", "(count | size) >> 32", "(count | size) >> 33"],
      [
        "a freed slot still holds its block",
        "    store<u64>(at, 0);\n    call(Fn.Free);",
        "    call(Fn.Free);",
      ],
      ["the first byte touched is the whole object", "min(bytes, 1)", "bytes"],
      ["a failure is not counted", "    if (bytes) failedAllocations += 1;\n", ""],
      [
        "a block that could not grow is forgotten",
        "    if (kind == RecordKind.Realloc && bytes) return 0;",
        "",
      ],
      [
        "calloc is touched for one of many",
        "RecordKind.Calloc ? first * second",
        "RecordKind.Calloc ? first",
      ],
      ["an aligned call is booked as another", "call(Fn.Aligned)", "call(Fn.Malloc)"],
      ["accesses begin where the object does", "pointer + firstOf(record)", "pointer"],
      ["a thread of number 0 runs", "number - 1 >= <u64>MOST_THREADS", "number > <u64>MOST_THREADS"],
      ["a thread's end is taken for its turn", "kind == RecordKind.Thread", "kind != RecordKind.Thread"],
      ["a trim is booked as a thread's end", "    call(Fn.Trim);", "    call(Fn.EndThread);"],
      ["to name a site takes time", "if (kindOf(record) != RecordKind.Site) tickClock();", "tickClock();"],
      ["reads and writes are swapped", "kind == RecordKind.Write", "kind != RecordKind.Write"],
    ],
    "sites.ts": [
      [
        "what happened is the next site's",
        "  settle();\n  current = <u32>number;",
        "  current = <u32>number;\n  settle();",
      ],
      ["what is known is counted again", "  store<u64>(known, now);\n", ""],
      ["the last site is not settled", "  if (rowCount) settle();\n", ""],
      ["rows are lost when there are more", "  memory.copy(moved, rows, ROW_BYTES * rowCount);\n", ""],
      [
        "zero-filled pages are read ones",
        "SiteField.ZeroFill, Counter.ZeroFill",
        "SiteField.ZeroFill, Counter.ZeroMap",
      ],
      ["system calls are at no site", "if (callsMade != knownCalls) settleCalls();", ""],
      ["pages walked are calls", "WALKED_COUNTERS + call", "SYSCALL_COUNTERS + call"],
      ["a site too many is let through", "number >= <u64>MOST_SITES", "number > <u64>MOST_SITES"],
    ],
    "loop.ts": [["results begin at the first record run", "(record - buffer)", "(record - began)"]],
  }),
};

export const foreign: Area = {
  name: "foreign",
  modules: ["driver", "patterns", "meter"],
  tests: [
    ...["test/foreign/open.shared.test.ts", "test/foreign/hostile.test.ts", "test/foreign/patterns.test.ts"],
    ...["test/meter/forms.test.ts", "test/foreign/metered.shared.test.ts"],
  ],
  mutants: mutantsIn("assembly", {
    "driver.ts": [
      ["small objects are aligned as their size twice over", "natural > bytes", "natural >> 1 > bytes"],
      ["accesses count as calls", "  others += 1;\n", ""],
      ["the last failure is taken for the first", "if (!failures) doneBeforeFirst", "doneBeforeFirst"],
      ["free slots have bytes", "if (load<u32>(slot)) bytes +=", "bytes +="],
      ["replays before are not counted", "  doneBefore += replayed();\n", ""],
      [
        "what a moved object holds is not looked at",
        "  if (pointer && verifying) verify(slot, pointer, min(old, <u32>bytes));\n",
        "",
      ],
      [
        "a resized object is aligned no more",
        "  store<u32>(slot, align, 12);\n  return pointer;",
        "  return pointer;",
      ],
      [
        "memory that calloc gave is not looked at",
        "  if (pointer && verifying) verifyZero(pointer, <u32>bytes);\n",
        "",
      ],
      [
        "an object may reach past the memory by one",
        "if (<u64>pointer + bytes > knownBytes)",
        "if (<u64>pointer + bytes > knownBytes + 1)",
      ],
    ],
    "loop.ts": [
      ["rounds are not counted", "    doneInRounds += to - from;\n", ""],
      [
        "the last round is counted twice",
        "    doneInRounds += to - from;\n    position = began;",
        "    doneInRounds += to - from;",
      ],
    ],
    "face.ts": [
      ["no room for an alignment the module does not know", "? bytes + align : bytes;", "? bytes : bytes;"],
      ["an aligned object that moves begins at its block", "return to + (pointer - from);", "return to;"],
      ["a block that moves is copied whole", "copy(to, from, min(old, bytes))", "copy(to, from, old)"],
      ["a composed calloc does not clear", "if (pointer && !hasZeroed) clear(pointer, bytes);", ""],
      ["C11's rounding of sizes", "(bytes + align - 1) & -align; //", "bytes; //"],
      ["the old block of a managed object stays pinned", "  managedUnpin(from);\n", ""],
      ["the block that moved is leaked", "  releaseBlock(from, old, align); //", "  //"],
    ],
    "patterns.ts": [
      ["pages are counted from the first byte", "at = (at | (PAGE_BYTES - 1)) + 1", "at += PAGE_BYTES"],
      ["what is copied was not read", "  note(from, bytes, false);\n", ""],
      ["touched memory still counts as zero", "  if (metered && write) markUnknown(address, bytes);\n", ""],
      ["the pattern ends with equal bytes", "at++, word >>= 8)", "at++)"],
      ["a range may end one past the memory", "bytes <= memoryBytes()", "bytes <= memoryBytes() + 1"],
    ],
    "meter.ts": [
      [
        "a range reaches into the next page",
        "(address + bytes - 1) >> PAGE_SHIFT",
        "(address + bytes) >> PAGE_SHIFT",
      ],
      ["bytes over 127 count as zero", "((word & low) + low) | word | low", "((word & low) + low) | low"],
      ["a page is known after part of it was cleared", "if (part == PAGE_BYTES) store", "store"],
      ["a store over two pages is booked by its first bytes twice", "old >> (8 * inPage)", "old"],
      [
        "asking for the size is growing",
        "  if (pages) count(MeterCounter.Grows",
        "  count(MeterCounter.Grows",
      ],
      ["needless clearing is not counted", "  count(counter + 1, needless);\n", ""],
      ["a fill with something is one with zero", "if (value & 0xff) mark", "if (value & 0x7f) mark"],
      [
        "memory may end one later",
        "if (<u64>address + bytes > size())",
        "if (<u64>address + bytes > size() + 1)",
      ],
    ],
  }),
};
