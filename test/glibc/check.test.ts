/**
 * The walk of the check build: it passes sound heaps, and names what is broken in others. A program can break only what
 * is in simulated memory.
 */
import { beforeEach, describe, expect, it } from "vitest";
import { openSandbox } from "../../src/sandbox/open.js";
import type { Sandbox } from "../../src/sandbox/sandbox.js";
import { SuspiciousProgram } from "../conformance/program.js";
import { SandboxHeap } from "./puppet.js";

const PAGE = 4096;
const HEAP = 0x555555560000;
/** The struct of the tcache: two bytes and a pointer for each bin. Bin 1 is that of 40 bytes, 36 that of 600. */
const COUNTS = HEAP + 16;
const POINTERS = COUNTS + 128;

const size = (block: number) => block - 8;
const next = (block: number) => block;
const previous = (block: number) => block + 8;
const smaller = (block: number) => block + 16;
const larger = (block: number) => block + 24;

let sandbox: Sandbox;

const store = (address: number, value: number | bigint) => sandbox.store(address, BigInt(value), 8);
const load = (address: number) => sandbox.load(address, 8) as bigint;

/** Has the chunk behind say that a block's chunk, of so many bytes, is free. */
function markFree(block: number, bytes: number): void {
  const behind = block + bytes;
  store(size(behind), load(size(behind)) & ~1n);
  store(behind - 16, bytes);
}

/** The word that links to a chunk or a block, in a fastbin or the tcache, from an address. */
const link = (to: number, address: number) => BigInt(to) ^ (BigInt(address) >> 12n);

/** A block with others in use before and behind it. */
function apart(bytes: number): number {
  sandbox.malloc(5000);
  const block = sandbox.malloc(bytes);
  sandbox.malloc(5000);
  return block;
}

function freed(bytes: number): number {
  const block = apart(bytes);
  sandbox.free(block);
  return block;
}

/** Frees nine blocks: seven fill their tcache bin. Returns the one that was freed last, and the one before. */
function freedPastTheTcache(bytes: number): [number, number] {
  const blocks = Array.from({ length: 9 }, () => apart(bytes));
  for (const block of blocks) sandbox.free(block);
  return [blocks[8] as number, blocks[7] as number];
}

/** In one large bin: the largest, two that are equal in their order there, the smallest. */
function largeBin(): [number, number, number, number] {
  const blocks = [10_100, 10_000, 10_000, 9_900].map(apart) as [number, number, number, number];
  for (const block of blocks) sandbox.free(block);
  sandbox.malloc(20_000);
  return blocks;
}

/** What is done to a sound heap, by what the walk says of it. */
const BROKEN: [says: string, what: () => void][] = [
  ["the top is at least a chunk", () => store(size(sandbox.malloc(24)) + 32, 1)],
  ["the top ends with a page", () => store(size(sandbox.malloc(24)) + 32, 0x20000 | 1)],
  ["nothing is free before a piece", () => store(HEAP + 8, load(HEAP + 8) & ~1n)],
  ["a heap chunk has no flags but PREV_INUSE and its arena's", () => store(size(apart(40)), 0x35)],
  ["a chunk is some units of 16 bytes", () => store(size(apart(40)), 9)],
  ["a chunk stays within its piece", () => store(size(apart(40)), 0x1000001)],
  ["only fenceposts are smaller than a chunk", () => store(size(apart(40)), 17)],
  [
    "no two free chunks are neighbours",
    () => {
      const block = apart(2000);
      const behind = size(block + 2016 + 5008);
      sandbox.free(block);
      store(behind, load(behind) & ~1n);
    },
  ],
  ["the size behind a free chunk is its own", () => store(freed(2000) + 2000, 1)],
  ["the chunk before a last header is in use", () => markFree(apart(40) + 48, 5008)],
  ["every free chunk is in a bin", () => markFree(apart(2000), 2016)],
  ["a bin is linked both ways", () => store(previous(freed(2000)), 32)],
  ["a link leads to a chunk", () => store(next(freed(2000)), HEAP + 8)],
  ["a validator reads only what is mapped", () => store(next(freed(2000)), PAGE)],
  [
    "the bins hold no more chunks than are free",
    () => {
      const [one, other, within] = [apart(2000), apart(3000), apart(2000) + 160];
      sandbox.free(one);
      sandbox.free(other);
      store(size(within), 160);
      store(size(within + 160), 160);
      store(next(other), within - 16);
      store(previous(within), other - 16);
      store(next(within), one - 16);
      store(previous(one), within - 16);
    },
  ],
  ["an unsorted chunk is in no list of sizes", () => store(smaller(freed(2000)), 1)],
  [
    "the list of sizes leads down",
    () => {
      const [largest, equal] = largeBin();
      store(smaller(largest), equal);
    },
  ],
  ["the list of sizes leads back up", () => store(larger(largeBin()[3]), 0)],
  ["only the first of equals is in the list of sizes", () => store(smaller(largeBin()[2]), HEAP)],
  ["a fast or cached chunk is aligned", () => store(next(freedPastTheTcache(40)[0]), 8)],
  [
    "the lists hold no more chunks than are in use",
    () => {
      const [, last] = freedPastTheTcache(40);
      store(next(last), link(last - 16, last));
    },
  ],
  [
    "a chunk is in the list of its size",
    () => [store(POINTERS + 8 * 4, freed(40)), sandbox.store(COUNTS + 8, 1, 2)],
  ],
  [
    "a chunk that is not merged is marked as in use",
    () => store(POINTERS + 8 * 36, freedPastTheTcache(600)[0]),
  ],
  ["a tcache bin holds no more than its limit", () => [freed(40), sandbox.store(COUNTS + 2, 8, 2)]],
  ["a tcache bin is as long as its count", () => [freed(40), sandbox.store(COUNTS + 2, 0, 2)]],
  ["a cached chunk carries the key", () => store(previous(freed(40)), 0)],
  [
    "live blocks add up to what is in use",
    () => [freed(40), store(POINTERS + 8, 0), sandbox.store(COUNTS + 2, 0, 2)],
  ],
];

describe("the check of glibc's heap", () => {
  beforeEach(async () => {
    sandbox = await openSandbox("glibc", { check: true });
  });

  it.each(BROKEN)("says %s", (says, what) => {
    sandbox.malloc(24);
    what();
    let said = "nothing";
    try {
      sandbox.check();
    } catch (error) {
      said = String(error);
    }
    expect(said).toContain(`internal: ${says} (assembly/`);
  });

  it("leaves counters and pages as they are", () => {
    new SuspiciousProgram(sandbox, 7).run(500);
    largeBin();
    freedPastTheTcache(40);
    const before = sandbox.counters();
    sandbox.check();
    expect(sandbox.counters()).toEqual(before);
  });

  it("follows a heap in pieces", async () => {
    sandbox = await openSandbox("glibc", { check: true, memory: 0 });
    const heap = new SandboxHeap(sandbox);
    heap.malloc(100);
    heap.stopBreak(0);
    const blocks: number[] = [];
    for (let i = 0; i < 200; i++) {
      blocks.push(heap.malloc((i * 7919) % 90_000));
      if (i % 3 === 2) heap.free(blocks.splice((i * 31) % blocks.length, 1)[0] as number);
      // Not every time: what stops the break is a mapping of 10^10 pages, which the machine walks too.
      if (i % 20 === 0) sandbox.check();
    }
    for (const block of blocks) heap.free(block);
    sandbox.check();
  });

  it("knows mapped blocks that begin further into their mapping", () => {
    const blocks = [64, 4096, 2 ** 16].map((align) => sandbox.alignedAlloc(align, 300_000));
    sandbox.check();
    blocks[1] = sandbox.realloc(blocks[1] as number, 900_000);
    sandbox.check();
    for (const block of blocks) {
      sandbox.free(block);
      sandbox.check();
    }
  });
});
