/** What the model `lazy` promises, on the release and the check build. */
import { describe, expect, it } from "vitest";
import { openSandbox } from "../src/sandbox/open.js";
import { openChecked } from "./checked.js";
import { Random } from "./random.js";

const PAGE = 4096;
const REGION = 2 ** 20;

describe.each([false, true])("lazy, check build %s", (check) => {
  const open = () => openChecked("lazy", { check });

  it.each([16, 1008, 4096, 5000, 8192, 100_000, 130_048])(
    "clears less than two pages of a reused block of %d bytes, and still gives zeroes",
    async (bytes) => {
      const sandbox = await open();
      sandbox.malloc(bytes); // its neighbour keeps the region
      const block = sandbox.malloc(bytes);
      sandbox.fill(block, 0xaa, bytes);
      sandbox.free(block);
      const before = sandbox.counters().zeroed.allocator;
      expect(sandbox.calloc(1, bytes)).toBe(block);
      expect(sandbox.counters().zeroed.allocator - before).toBeLessThan(2 * PAGE);
      for (let at = 0; at < bytes; at++) if (sandbox.load(block + at)) expect.fail(`byte ${at} is not zero`);
    },
  );

  it("gives a region back when its last block is freed, and finds the others still", async () => {
    const sandbox = await open();
    const sizes = [24, 100, 5000, 60_000];
    const blocks = sizes.map((bytes) => sandbox.malloc(bytes));
    expect(sandbox.counters().bytes.virtual).toBe(sizes.length * REGION);
    for (const [left, block] of [...blocks.entries()].reverse()) {
      sandbox.free(block);
      expect(sandbox.counters().bytes.virtual).toBe(left * REGION);
    }
  });

  it("takes no block of the program's for a region of its own, whatever is in it", async () => {
    const sandbox = await open();
    const blocks = [24, 5000, 200_000, REGION].map((bytes) => sandbox.malloc(bytes));
    for (const block of blocks) sandbox.store(block, 7, 4);
    for (const block of blocks) sandbox.free(block);
    expect(sandbox.counters().bytes.virtual).toBe(0);
  });

  it("finds every region after others were given back, wherever they lie", async () => {
    const sandbox = await open();
    const random = new Random(0x5e7);
    // Large blocks of all sizes between them, so that regions share slots of the set.
    const blocks = Array.from({ length: 16_000 }, (_, i) => {
      if (i % 8 === 0) sandbox.malloc(2 ** 20 + random.below(2 ** 32));
      return sandbox.malloc(130_048);
    });
    for (let left = blocks.length; left > 0; left--) {
      const [block = 0] = blocks.splice(random.below(left), 1);
      expect(sandbox.usableSize(block)).toBe(130_048);
      sandbox.free(block);
      if (left % 2000 === 0) sandbox.check();
    }
  });

  it("goes on in the other regions of a class when one is full", async () => {
    const sandbox = await open();
    const blocks = Array.from({ length: 40 }, () => sandbox.malloc(100_000));
    expect(new Set(blocks).size).toBe(40);
    expect(sandbox.counters().bytes.virtual).toBe(4 * REGION);
    sandbox.free(blocks[3] as number);
    expect(sandbox.malloc(100_000)).toBe(blocks[3]);
    for (const block of blocks) sandbox.free(block);
    expect(sandbox.counters().bytes).toMatchObject({ virtual: 0, resident: 0, inUse: 0, cached: 0 });
  });
});

describe("check() of lazy", () => {
  /** Three regions of one class, the last with room, the first with freed blocks; the addresses of all blocks. */
  async function fill() {
    const sandbox = await openSandbox("lazy", { check: true });
    const blocks = Array.from({ length: 25 }, () => sandbox.malloc(100_000));
    for (const block of blocks.slice(2, 5)) sandbox.free(block);
    sandbox.check();
    return { sandbox, blocks };
  }

  it.each([
    ["a region without its class", 0, 4, 0, "a region has a class"],
    ["a live block too many", 4, 4, 8, "every block that was cut is live or on the free list"],
    ["no live block", 4, 4, 0, "a region without live blocks is given back"],
    ["a lost free list", 8, 8, 0, "every block that was cut is live or on the free list"],
    ["a block cut across others", 16, 8, 4096, "blocks are cut from within the region"],
    ["a link to nowhere", 24, 8, 2 ** 52, "a class lists regions that have room"],
    ["a link to itself", 32, 8, 1, "a class's regions are linked both ways"],
  ])("finds %s", async (_, field, width, value, words) => {
    const { sandbox, blocks } = await fill();
    const region = Math.floor((blocks[0] as number) / REGION) * REGION;
    sandbox.store(region + field, width === 8 ? BigInt(value) : value, width as 4 | 8);
    expect(() => sandbox.check()).toThrow(words);
  });

  it("finds a free list that runs in a circle", async () => {
    const { sandbox, blocks } = await fill();
    sandbox.store(blocks[2] as number, BigInt(blocks[4] as number), 8);
    expect(() => sandbox.check()).toThrow("a free list has no more blocks than were cut");
  });

  it("does not mind what is in live blocks", async () => {
    const { sandbox, blocks } = await fill();
    for (const block of [...blocks.slice(0, 2), ...blocks.slice(5)]) sandbox.fill(block, 0xff, 100_000);
    sandbox.check();
  });

  it("stays quiet in a program that allocates and frees at random", async () => {
    const sandbox = await openChecked("lazy");
    const random = new Random(0x1a27);
    const held: number[] = [];
    for (let call = 0; call < 4000; call++) {
      if (random.below(2) && held.length)
        sandbox.free(held.splice(random.below(held.length), 1)[0] as number);
      else held.push(sandbox.malloc(random.below(random.pick([64, 2000, 140_000]))));
      if (call % 100 === 0) sandbox.check();
    }
  });
});
