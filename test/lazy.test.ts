/** What the model `lazy` promises, on the release and the check build. */
import { describe, expect, it } from "vitest";
import { openSandbox } from "../src/sandbox/sandbox.js";

const PAGE = 4096;
const REGION = 2 ** 20;

describe.each([false, true])("lazy, check build %s", (check) => {
  const open = () => openSandbox("lazy", { check });

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
    const kinds = [24, 100, 5000, 60_000];
    const blocks = kinds.map((bytes) => sandbox.malloc(bytes));
    expect(sandbox.counters().bytes.virtual).toBe(kinds.length * REGION);
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
