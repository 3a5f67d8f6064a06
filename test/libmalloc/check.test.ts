/** check() of libmalloc finds what is broken, ends on any heap, and minds nothing that is the program's. */
import { describe, expect, it } from "vitest";
import { openSandbox, type Sandbox, SandboxError } from "../../src/index.js";
import { openChecked } from "../checked.js";
import { Random } from "../random.js";

const MIB = 2 ** 20;
const TINY = { region: MIB, payload: 64_520 * 16, bits: 1_032_352 };
const SMALL = { region: 8 * MIB, payload: 16_319 * 512, words: 16_319 * 512 + 32 };

interface Heap {
  sandbox: Sandbox;
  tiny: number[];
  small: number[];
  large: number[];
}

/** Seven blocks of each size. The second and the fourth are on a free list, the fifth was freed last. */
async function fill(): Promise<Heap> {
  const sandbox = await openSandbox("libmalloc", { check: true });
  const take = (bytes: number) => Array.from({ length: 7 }, () => sandbox.malloc(bytes));
  const heap = { sandbox, tiny: take(160), small: take(16 * 1024), large: take(MIB) };
  for (const blocks of [heap.tiny, heap.small, heap.large])
    for (const index of [1, 3, 4]) sandbox.free(blocks[index] as number);
  sandbox.check();
  return heap;
}

/** The pages of the table of live blocks: the one mapping that is neither a region nor a block. */
function liveTable({ sandbox, large }: Heap): number {
  const found = sandbox.regions().find(({ address, bytes }) => bytes < MIB && !large.includes(address));
  return found?.address as number;
}

/** A store of `value` so far from the start of a block, which is the first of its region if its index is 0. */
type Damage = [
  what: string,
  block: "tiny" | "small",
  index: number,
  offset: number,
  width: 2 | 4 | 8,
  value: number,
  words: string,
];

const DAMAGES: Damage[] = [
  ["a lost region", "tiny", 0, TINY.payload, 8, 1, "regions are linked both ways"],
  ["a next region that is none", "tiny", 0, TINY.payload + 8, 8, 2 ** 52, "are in the table"],
  ["bytes used by nobody", "small", 0, SMALL.payload + 24, 4, 512, "bytes in use are those"],
  [
    "a region that may go to the depot and is full",
    "small",
    0,
    SMALL.payload + 24,
    4,
    8_000_000,
    "is sparse",
  ],
  ["a wrong magazine", "tiny", 0, TINY.payload + 28, 4, 0xffff_ffff, "which magazine it belongs to"],
  ["tiny blocks without headers", "tiny", 0, TINY.bits, 4, 0, "follow each other to its end"],
  ["a quantum in use inside a block", "tiny", 0, TINY.bits + 4, 4, 0x10_0003, "only where a block"],
  ["a header where nothing is", "tiny", 0, TINY.bits + 800, 4, 1, "where none was handed out"],
  ["a wrong size in a free block", "tiny", 1, 16, 2, 3, "a free block begins with its size"],
  ["a wrong size behind it", "tiny", 1, 158, 2, 3, "a free block ends with its size"],
  ["a link to no free block", "tiny", 3, 8, 8, 16, "leads to free blocks of its magazine"],
  ["a link to nowhere", "tiny", 3, 8, 8, 2 ** 60, "leads to free blocks of its magazine"],
  ["a list that is cut", "tiny", 3, 8, 8, 0, "every free block is on a list"],
  ["a wrong way back", "tiny", 3, 0, 8, 16, "a free list is linked both ways"],
  ["a word of another size", "small", 0, SMALL.words, 2, 33, "words inside a block are 0"],
  ["a word inside a block", "small", 0, SMALL.words + 8, 2, 1, "words inside a block are 0"],
  ["a word in what is unused", "small", 0, SMALL.words + 2000, 2, 1, "only the first word is not 0"],
  ["an entry nobody has", "small", 0, SMALL.words + 32_638 + 592, 2, 0x8005, "every out-of-band"],
  ["a freed entry", "small", 0, SMALL.words + 32_638 + 16, 2, 0, "linked both ways"],
];

describe("check()", () => {
  it.each(DAMAGES)("finds %s", async (_, block, index, offset, width, value, words) => {
    const { sandbox, ...heap } = await fill();
    const at = (heap[block][index] as number) + offset;
    sandbox.store(at, width === 8 ? BigInt(value) : value, width);
    expect(() => sandbox.check()).toThrow(words);
  });

  it("finds free neighbours that were not merged", async () => {
    const { sandbox, small } = await fill();
    const words = (small[0] as number) + SMALL.words;
    // The third block, of 32 quanta, is free by its words.
    for (const word of [64, 95]) sandbox.store(words + 2 * word, 0x8000 | 32, 2);
    expect(() => sandbox.check()).toThrow("free neighbours are one block");
  });

  it("finds a live large block that is lost, and one that has grown", async () => {
    for (const [offset, words] of [
      [0, "as many live blocks as are counted"],
      [8, "the live bytes are those of the live blocks"],
    ] as const) {
      const heap = await fill();
      const table = liveTable(heap);
      const entry = Array.from({ length: 169 }, (_, slot) => table + 24 * slot).find(
        (at) => heap.sandbox.load(at, 8) !== 0n,
      ) as number;
      heap.sandbox.store(entry + offset, offset ? BigInt(MIB / 2) : 0n, 8);
      expect(() => heap.sandbox.check()).toThrow(words);
    }
  });

  it("minds neither what is in live blocks nor what was freed twice", async () => {
    const { sandbox, tiny, small, large } = await fill();
    for (const [blocks, bytes] of [
      [tiny, 160],
      [small, 16 * 1024],
      [large, MIB],
    ] as const) {
      for (const index of [0, 2, 5, 6]) sandbox.fill(blocks[index] as number, 0xff, bytes);
      for (const index of [1, 3, 4]) expect(() => sandbox.free(blocks[index] as number)).toThrow();
    }
    sandbox.check();
  });

  it("changes no counter and touches no page", async () => {
    const { sandbox } = await fill();
    const before = sandbox.counters();
    const pages = sandbox.regions().map(({ address, bytes }) => sandbox.pages(address, bytes));
    sandbox.check();
    expect(sandbox.counters()).toEqual(before);
    expect(sandbox.regions().map(({ address, bytes }) => sandbox.pages(address, bytes))).toEqual(pages);
  });

  it.each([1, 2, 3, 4])("ends on any heap: whatever metadata and free blocks hold, seed %i", async (seed) => {
    const random = new Random(seed);
    const heap = await fill();
    const { sandbox, tiny, small } = heap;
    const places = [
      ...[tiny[1], tiny[3], small[1], small[3]].map((block) => [block as number, 160]),
      [(tiny[0] as number) + TINY.payload, TINY.region - TINY.payload],
      [(small[0] as number) + SMALL.payload, SMALL.region - SMALL.payload],
      [liveTable(heap), 4096],
    ] as const;
    let found = 0;
    for (let round = 0; round < 200; round++) {
      const [start = 0, bytes = 0] = random.pick(places);
      const at = start + 8 * random.below(Math.min(bytes, random.pick([64, bytes])) / 8);
      const old = sandbox.load(at, 8);
      const pointers = [...tiny, ...small].map(BigInt);
      sandbox.store(at, random.pick([...pointers, 0n, 1n, 2n ** 63n, BigInt(random.below(2 ** 32))]), 8);
      try {
        sandbox.check();
      } catch (error) {
        expect(error).toBeInstanceOf(SandboxError);
        expect((error as Error).message).toMatch(/^internal: /);
        found++;
      }
      if (random.below(4)) sandbox.store(at, old, 8);
    }
    expect(found).toBeGreaterThan(20);
  });

  it("is quiet through phases of growing and shrinking, with a depot that fills", async () => {
    const sandbox = await openChecked("libmalloc", { cpus: 2 });
    for (let phase = 0; phase < 3; phase++) {
      const blocks = Array.from({ length: 400 }, () => sandbox.malloc(100 * 1024));
      sandbox.check();
      blocks.forEach((block, i) => {
        sandbox.free(block);
        if (i % 40 === 0) sandbox.check();
      });
    }
    expect(sandbox.counters().syscalls.madviseFreeReusable).toBeGreaterThan(0);
  });
});
