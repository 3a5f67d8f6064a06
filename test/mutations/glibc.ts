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
        "    markInUse(chunk, size);\n    if (!tcache",
        "    if (!tcache",
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
      ["the count is not lowered", "  store<u16>(count, cached - 1);", "  store<u16>(count, cached);"],
      [
        "one chunk too many in a tcache bin",
        "load<u16>(countAt(bin)) < limit",
        "load<u16>(countAt(bin)) <= limit",
      ],
      ["a cached chunk without the key", "(pointer >> 12), KEY);", "(pointer >> 12), 0);"],
    ],
    "heap.ts": [
      ["trimming is not counted", "  heapBytes -= extra;\n", ""],
      ["a dropped counter", "  mappings--;\n", ""],
      [
        "the lead of a remapped chunk is not counted",
        "  mappedBytes -= before + old;",
        "  mappedBytes -= old;",
      ],
      ["the fence reaches past the piece", "(old - 2 * FENCEPOST) & ~15", "(old - FENCEPOST) & ~15"],
      ["a heap in pieces is taken for contiguous", "  contiguous = false;\n", ""],
      [
        "a wrong maximum",
        "  mostMappedBytes = max(mostMappedBytes, mappedBytes);",
        "  mostMappedBytes = max(mostMappedBytes, more);",
      ],
      [
        "the heap grows by parts of pages",
        "  const more = roundToPages(contiguous",
        "  const more = (contiguous",
      ],
      ["a dropped counter", "  heapBytes += more;\n", ""],
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
        "size <= fastbins.LARGEST; size += 16",
        "size < fastbins.LARGEST; size += 16",
      ],
      [
        "a wrong flag of the top",
        "    heap.setTop(chunk, size | PREV_INUSE);",
        "    heap.setTop(chunk, size);",
      ],
    ],
    "index.ts": [
      ["a grown chunk marked as free", "    markInUse(chunk, found);\n", ""],
      [
        "off by a header in what is in use",
        "    const bytes = usable(head);",
        "    const bytes = withoutFlags(head);",
      ],
      ["a remapped block is not counted", "    live += sizeOf(moved) - old;\n", ""],
      [
        "an aligned mapped chunk reaches past its mapping",
        "(sizeOf(chunk) - lead) | MMAPPED",
        "sizeOf(chunk) | MMAPPED",
      ],
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
