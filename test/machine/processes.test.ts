/** Processes of the simulated Linux kernel beside the real one's: faults, copies, pages and set sizes, step for step. */
import { describe } from "vitest";
import { type Answered, testBesideReal } from "./beside-real.js";
import { randomScript } from "./processes.js";

const [DONTFORK, WIPEONFORK, DONTNEED, FREE] = [10, 18, 4, 8];
const [COLD, PAGEOUT, POPULATE_READ, POPULATE_WRITE] = [20, 21, 22, 23];
const [NONE, READ, READ_WRITE] = [0, 1, 3];

/** Each step with what Linux 6.18 answered: faults and copies of accesses, runs of pages, sizes and holders. */
const CASES: Record<string, Answered> = {
  "a child gets what was touched; copies, reuses and fresh pages": [
    [[1, "map", 0, 0, 64], "0"],
    [[1, "read", 0, 16, 16], "16 0"],
    [[1, "write", 0, 32, 32], "32 0"],
    [[1, "fork", 0, 0, 0, 2], "0"],
    [[2, "show", 0, 0, 64], "16x. 16xz 32xa"],
    [[1, "sizes", 0, 0, 0], "128 0 0 32 0 0 0 0 0 0"],
    [[2, "read", 0, 0, 64], "16 0"],
    [[2, "write", 0, 16, 8], "8 0"],
    [[2, "write", 0, 32, 8], "8 8"],
    [[1, "sizes", 0, 0, 0], "128 32 8 24 0 0 0 0 0 0"],
    [[2, "sizes", 0, 0, 0], "160 64 16 24 0 0 0 0 0 0"],
    [[1, "write", 0, 32, 8], "8 0"],
    [[1, "write", 0, 40, 8], "8 8"],
    [[2, "write", 0, 40, 8], "8 0"],
    [[2, "advise", 0, 48, 8, DONTNEED], "0"],
    [[1, "write", 0, 48, 8], "8 0"],
    [[2, "exit", 0, 0, 0], "0"],
    [[1, "write", 0, 56, 8], "8 0"],
    [[1, "write", 0, 32, 32], "0 0"],
  ],
  "grandchildren hold a frame like children": [
    [[1, "map", 0, 0, 8], "0"],
    [[1, "write", 0, 0, 8], "8 0"],
    [[1, "fork", 0, 0, 0, 2], "0"],
    [[2, "fork", 0, 0, 0, 3], "0"],
    [[1, "sizes", 0, 0, 0], "32 0 0 0 8 0 0 0 0 0"],
    [[3, "write", 0, 0, 8], "8 8"],
    [[1, "sizes", 0, 0, 0], "32 0 0 8 0 0 0 0 0 0"],
    [[2, "exit", 0, 0, 0], "0"],
    [[1, "sizes", 0, 0, 0], "32 32 8 0 0 0 0 0 0 0"],
    [[1, "write", 0, 0, 8], "8 0"],
  ],
  "what was only read is not copied, unless its area was written": [
    [[1, "map", 0, 0, 32], "0"],
    [[1, "map", 1, 0, 32], "0"],
    [[1, "read", 0, 0, 32], "32 0"],
    [[1, "read", 1, 0, 32], "32 0"],
    [[1, "write", 1, 0, 1], "1 0"],
    [[1, "fork", 0, 0, 0, 2], "0"],
    [[2, "show", 0, 0, 32], "32x."],
    [[2, "show", 1, 0, 32], "1xa 31xz"],
  ],
  "advice: untouched in the child, and not there": [
    [[1, "map", 0, 0, 16], "0"],
    [[1, "map", 1, 0, 16], "0"],
    [[1, "write", 0, 0, 16], "16 0"],
    [[1, "write", 1, 0, 16], "16 0"],
    [[1, "advise", 0, 0, 16, WIPEONFORK], "0"],
    [[1, "advise", 1, 0, 16, DONTFORK], "0"],
    [[1, "fork", 0, 0, 0, 2], "0"],
    [[2, "show", 0, 0, 16], "16x."],
    [[2, "read", 0, 0, 16], "16 0"],
    [[2, "advise", 1, 0, 16, DONTNEED], "-1"],
    [[1, "write", 0, 0, 16], "0 0"],
    [[1, "write", 1, 0, 16], "0 0"],
  ],
  "protection leaves pages as they are: own ones are written without a fault, shared and zero ones are not": [
    [[1, "map", 0, 0, 48], "0"],
    [[1, "read", 0, 0, 16], "16 0"],
    [[1, "write", 0, 16, 32], "32 0"],
    [[1, "protect", 0, 0, 48, NONE], "0"],
    [[1, "protect", 0, 0, 48, READ_WRITE], "0"],
    [[1, "read", 0, 0, 48], "0 0"],
    [[1, "write", 0, 0, 48], "16 0"],
    [[1, "fork", 0, 0, 0, 2], "0"],
    [[1, "write", 0, 16, 16], "16 16"],
    [[1, "protect", 0, 16, 32, READ], "0"],
    [[1, "protect", 0, 16, 32, READ_WRITE], "0"],
    [[1, "write", 0, 16, 32], "16 16"],
    [[1, "advise", 0, 0, 16, DONTNEED], "0"],
    [[1, "protect", 0, 0, 16, READ], "0"],
    [[1, "advise", 0, 0, 16, POPULATE_WRITE], "-1"],
  ],
  "populating maps zero pages or frames; without swap only what may be taken back is": [
    [[1, "map", 0, 0, 32], "0"],
    [[1, "advise", 0, 0, 16, POPULATE_READ], "0"],
    [[1, "show", 0, 0, 32], "16xz 16x."],
    [[1, "advise", 0, 8, 16, POPULATE_WRITE], "0"],
    [[1, "show", 0, 0, 32], "8xz 16xa 8x."],
    [[1, "write", 0, 0, 32], "16 0"],
    [[1, "advise", 0, 0, 32, COLD], "0"],
    [[1, "advise", 0, 0, 32, PAGEOUT], "0"],
    [[1, "show", 0, 0, 32], "32xa"],
    [[1, "advise", 0, 0, 8, FREE], "0"],
    [[1, "write", 0, 0, 4], "0 0"],
    [[1, "advise", 0, 0, 8, PAGEOUT], "0"],
    [[1, "show", 0, 0, 32], "4xa 4x. 24xa"],
    [[1, "advise", 0, 8, 16, FREE], "0"],
    [[1, "advise", 0, 8, 8, POPULATE_READ], "0"],
    [[1, "advise", 0, 16, 8, POPULATE_WRITE], "0"],
    [[1, "advise", 0, 8, 16, PAGEOUT], "0"],
    [[1, "show", 0, 0, 32], "4xa 12x. 16xa"],
  ],
  "what may be taken back is copied like the rest": [
    [[1, "map", 0, 0, 16], "0"],
    [[1, "write", 0, 0, 16], "16 0"],
    [[1, "advise", 0, 0, 16, FREE], "0"],
    [[1, "fork", 0, 0, 0, 2], "0"],
    [[1, "write", 0, 0, 8], "8 8"],
    [[2, "advise", 0, 8, 8, DONTNEED], "0"],
  ],
};

describe("processes of the Linux kernel", () => {
  testBesideReal({
    cases: CASES,
    random: (seed, zeroPage) => randomScript(seed, 60, zeroPage),
    seeds: [0xf0, 0xf1],
  });
});
