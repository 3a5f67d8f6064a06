/** Mutants of mimalloc. */
import { type Area, mutantsIn } from "./mutants.js";

export const mimalloc: Area = {
  name: "mimalloc",
  modules: ["mimalloc", "mimalloc.check"],
  tests: ["test/mimalloc"],
  only: /^(free memory|a segment|cached segments|small blocks|without room|an empty page|calloc clears|realloc keeps|misuse|it needs|takes options|counts|in the loop|the model does what was recorded)/,
  mutants: mutantsIn("assembly/allocators/mimalloc", {
    "classes.ts": [
      [
        "classes of half the doublings",
        "(last >> (doubling - 2)) & 3) - 3",
        "(last >> (doubling - 2)) & 2) - 3",
      ],
      [
        "blocks above 512 KiB are rounded to slices",
        "rounded <= 512 << 10 ? SLICE",
        "rounded <= 4096 << 10 ? SLICE",
      ],
      ["huge requests are rounded finer", "bytes < 32 << 20 ? 1 << 20", "bytes < 64 << 20 ? 1 << 20"],
    ],
    "commit.ts": [
      ["nothing is committed in MiBs", "const UNIT: u32 = 16;", "const UNIT: u32 = 1;"],
      [
        "what is pending stays so when its MiB is taken",
        "sets.remove(pending, from, to);\n}\n\n/** Gives",
        "sets.remove(pending, from, from);\n}\n\n/** Gives",
      ],
      [
        "what is taken does not begin the delay anew",
        "  segment.expiry = now() + decommitDelay;\n  sets.remove",
        "  sets.remove",
      ],
      ["the delay is not extended", "segment.expiry += extendDelay;", "segment.expiry += 0;"],
      [
        "an expired delay waits for the next page",
        "segment.expiry + extendDelay <= time) flush",
        "segment.expiry + extendDelay < 0) flush",
      ],
      ["all is due a millisecond early", "now() >= segment.expiry", "now() + 1 >= segment.expiry"],
      ["a page's commit reaches the header", "max(from & ~(UNIT - 1), 1)", "from & ~(UNIT - 1)"],
    ],
    "index.ts": [
      [
        "calloc clears what was asked for at most",
        "min(page.blockBytes, MOST_CLEARED)",
        "min(page.blockBytes, 1 << 30)",
      ],
      ["realloc keeps what is far too large", "bytes >= usable / 2", "bytes >= usable / 4"],
      [
        "multiples are aligned anyway up to 1 KiB",
        "LARGEST_MULTIPLE: u64 = 128",
        "LARGEST_MULTIPLE: u64 = 1024",
      ],
      [
        "no free block happens to be aligned",
        "bytes <= SMALL && align <= bytes ? takeAligned",
        "bytes <= 0 && align <= bytes ? takeAligned",
      ],
      [
        "what lies before a huge block stays committed",
        "if (parameters.decommits) giveBack",
        "if (!parameters.decommits) giveBack",
      ],
      [
        "blocks are not known to be aligned within",
        "pageOf(block).state |= ALIGNED;",
        "pageOf(block).state |= 0;",
      ],
    ],
    "mapping.ts": [
      [
        "the cursor goes on by what is mapped alone",
        "const rounded = roundUp(bytes, SEGMENT);",
        "const rounded = bytes;",
      ],
      ["what fails with a hint is not tried without", "if (!mapped && hint)", "if (!mapped && !hint)"],
    ],
    "page.ts": [
      ["no offset in pages of small blocks", "? OFFSET : 0", "? 0 : 0"],
      ["pages extend by twice as much", "EXTENDED_BYTES: u64 = 4096", "EXTENDED_BYTES: u64 = 8192"],
      [
        "what was freed is used at once",
        "if (page.free) return true;",
        "if (page.free && !page.local) return true;",
      ],
      [
        "forced collecting puts what was freed behind",
        "storeAt<u64>(last, page.free);\n  page.free = page.local;",
        "page.free = page.free ? page.free : page.local;",
      ],
    ],
    "queues.ts": [
      [
        "pages that were full return to the front",
        "page.state &= ~FULL;\n  pushBack(page);",
        "page.state &= ~FULL;\n  pushFront(page);",
      ],
      ["an empty page stays for ever", "page.retire--;", "page.retire -= 0;"],
      ["empty pages of large blocks stay as long", "SWEEPS: u32 = 3", "SWEEPS: u32 = 9"],
      [
        "an empty page stays beside others",
        "const isOnly = !page.next && !page.previous &&",
        "const isOnly =",
      ],
      ["a page in use is still to be freed", "page.retire = 0;\n      return page;", "return page;"],
    ],
    "segment.ts": [
      [
        "headers are not cleared",
        "clear(segment.start + CLEARED_FROM, HEADER_END - CLEARED_FROM);",
        "clear(segment.start + CLEARED_FROM, 1);",
      ],
      ["all records of a page are written", "const MOST_BACK: u32 = 255;", "const MOST_BACK: u32 = 511;"],
    ],
    "segment-cache.ts": [
      ["slots are looked at from the first on", "<u32>((mixed ^ (mixed >> 31)) % SLOTS)", "<u32>(mixed % 1)"],
      ["fewer slots are looked at", "LOOKED_AT: u32 = 16", "LOOKED_AT: u32 = 2"],
      ["cached segments never expire", "segment.expiry = now() + segmentDelay;", "segment.expiry = 0;"],
      [
        "the highest cached segment is used first",
        "lowestFree = min(lowestFree, index);",
        "lowestFree = index + 1;",
      ],
    ],
    "segments.ts": [
      ["pages are cut without looking at what is due", "  flushDue(segment);\n", ""],
      ["free spans do not join what is above", "if (above.state == 0) {", "if (false) {"],
      [
        "page_reset takes the offset's page, too",
        "const from = roundUp(page.first, OS_PAGE);",
        "const from = page.start;",
      ],
      ["huge aligned blocks begin a segment later", "const lead = align - SEGMENT;", "const lead = align;"],
    ],
    "spans.ts": [
      [
        "the smallest list that fits is not searched first",
        "let list = listOf(slices);",
        "let list = listOf(slices + 1);",
      ],
    ],
    "statistics.ts": [
      ["what overlaps is not taken off first", "note(Row.committed, -(<i64>overlap));\n", ""],
    ],
    "supply.ts": [
      ["no second look when there is no room", "attempt < 2", "attempt < 1"],
      [
        "what is empty is kept when there is no room",
        "    collect(true);\n    page = pageFor(bytes);",
        "    page = pageFor(bytes);",
      ],
    ],
  }),
};
