/** Large blocks of libmalloc-116, rule by rule. */
import { describe, expect, it } from "vitest";
import type { Sandbox } from "../../src/index.js";
import { openChecked } from "../checked.js";

const MIB = 2 ** 20;
const PAGE = 4096;

const open = (options = {}) => openChecked("libmalloc", options);

/** Allocates blocks of these sizes, then frees them in order, so that the last is the newest cached. */
function cache(sandbox: Sandbox, ...sizes: number[]): number[] {
  const pointers = sizes.map((bytes) => sandbox.malloc(bytes));
  for (const pointer of pointers) sandbox.free(pointer);
  return pointers;
}

describe("the search of the cache", () => {
  it("takes the newest block of exactly the size asked for", async () => {
    const sandbox = await open();
    const [, , third] = cache(sandbox, 2 * MIB, 3 * MIB, 2 * MIB);
    expect(sandbox.malloc(2 * MIB)).toBe(third);
  });

  it("otherwise takes the smallest that fits, and of equals the newest", async () => {
    const sandbox = await open();
    const [, small, equal] = cache(sandbox, 5 * MIB, 4 * MIB, 4 * MIB);
    expect(sandbox.malloc(3 * MIB)).toBe(equal);
    expect(sandbox.malloc(3 * MIB)).toBe(small);
  });

  it("gives the whole block, and says so", async () => {
    const sandbox = await open();
    cache(sandbox, 4 * MIB);
    expect(sandbox.usableSize(sandbox.malloc(3 * MIB))).toBe(4 * MIB);
  });

  it("leaves a block of which half or more would be wasted", async () => {
    const sandbox = await open();
    const [cached] = cache(sandbox, 4 * MIB);
    expect(sandbox.malloc(2 * MIB)).not.toBe(cached);
    expect(sandbox.malloc(2 * MIB + PAGE)).toBe(cached);
  });

  it("passes over blocks that are not aligned as asked", async () => {
    const sandbox = await open();
    const shift = sandbox.malloc(MIB + PAGE);
    const [cached = 0] = cache(sandbox, 4 * MIB);
    const align = 2 * (cached & -cached);
    const aligned = sandbox.alignedAlloc(align, 4 * MIB);
    expect(aligned % align).toBe(0);
    expect(aligned).not.toBe(cached);
    sandbox.free(shift);
  });
});

describe("the ring", () => {
  it("holds 16 blocks; the oldest leaves for the 17th and is unmapped", async () => {
    const sandbox = await open();
    const sizes = Array.from({ length: 17 }, (_, i) => (i + 8) * MIB);
    cache(sandbox, ...sizes.slice(0, 16));
    expect(sandbox.counters().syscalls.munmap).toBe(0);
    const total = (blocks: number[]) => blocks.reduce((a, b) => a + b, 0);
    expect(sandbox.counters().bytes.cached).toBe(total(sizes.slice(0, 16)));
    const last = sandbox.malloc(100 * MIB);
    sandbox.free(last);
    expect(sandbox.counters().syscalls.munmap).toBe(1);
    expect(sandbox.counters().bytes.cached).toBe(total(sizes.slice(1, 16)) + 100 * MIB);
  });

  it("keeps its order when blocks leave from its middle, wrapped or not", async () => {
    const sandbox = await open();
    // Two rounds of 12 through 16 places: the ring wraps. Sizes tell the blocks apart.
    const sizes = Array.from({ length: 24 }, (_, i) => 16 * MIB + i * PAGE);
    cache(sandbox, ...sizes);
    const kept = sizes.slice(8);
    const taken = [3, 12, 7, 0, 15].map((i) => kept[i] as number);
    for (const bytes of taken) expect(sandbox.usableSize(sandbox.malloc(bytes))).toBe(bytes);
    const left = kept.filter((bytes) => !taken.includes(bytes));
    // Whoever is pushed out now is the oldest, one after the other.
    const fresh = Array.from({ length: 16 }, (_, i) => sandbox.malloc(64 * MIB + i * PAGE));
    const before = sandbox.counters().bytes.cached;
    let cached = before;
    fresh.forEach((pointer, i) => {
      const bytes = sandbox.usableSize(pointer);
      sandbox.free(pointer);
      const evicted = i < 16 - left.length ? 0 : (left[i - (16 - left.length)] as number);
      cached += bytes - evicted;
      expect(sandbox.counters().bytes.cached).toBe(cached);
    });
  });

  it("tells the kernel of what exceeds a 1,024th of memory", async () => {
    const sandbox = await open({ memory: 16 * 1024 * MIB });
    cache(sandbox, 10 * MIB, 6 * MIB);
    expect(sandbox.counters().syscalls).toMatchObject({ madviseFreeReusable: 0, madviseCanReuse: 2 });
    cache(sandbox, 5 * MIB, 5 * MIB);
    // 6 MiB served the first request; 10 + 5 stay below the limit, the last block exceeds it.
    expect(sandbox.counters().syscalls.madviseFreeReusable).toBe(1);
  });

  it("tells the kernel of reuse in the size asked for, not the block's", async () => {
    const sandbox = await open({ memory: 1024 * MIB });
    const pointer = sandbox.malloc(8 * MIB);
    sandbox.touch(pointer, 8 * MIB);
    sandbox.free(pointer);
    expect(sandbox.malloc(6 * MIB)).toBe(pointer);
    expect(sandbox.counters().syscalls.madviseFreeReuse).toBe(1);
    const runs = sandbox.pages(pointer, 8 * MIB).map(({ reusable, pages }) => [reusable, pages * PAGE]);
    expect(runs).toEqual([
      [false, 6 * MIB],
      [true, 2 * MIB],
    ]);
  });

  it("gives everything back under memory pressure, once it holds a mebibyte", async () => {
    const sandbox = await open();
    cache(sandbox, MIB / 2);
    expect(sandbox.trim()).toBe(false);
    cache(sandbox, 3 * MIB);
    expect(sandbox.trim()).toBe(true);
    expect(sandbox.counters().bytes.cached).toBe(0);
    expect(sandbox.trim()).toBe(false);
  });
});

describe("calloc of a reused block", () => {
  it("clears the size asked for, whatever its pages hold", async () => {
    const sandbox = await open();
    cache(sandbox, 4 * MIB);
    sandbox.calloc(1, 3 * MIB);
    expect(sandbox.counters().zeroed).toEqual({ kernel: 3 * MIB, allocator: 3 * MIB, needless: 3 * MIB });
  });

  it("clears only pages that were written when told so", async () => {
    const sandbox = await open({ zeroing: "dirty" });
    const pointer = sandbox.malloc(4 * MIB);
    sandbox.touch(pointer + MIB, 2 * PAGE);
    sandbox.free(pointer);
    expect(sandbox.calloc(1, 4 * MIB)).toBe(pointer);
    expect(sandbox.counters().zeroed).toMatchObject({ allocator: 2 * PAGE, needless: 0 });
    sandbox.free(pointer);
    sandbox.calloc(1, 4 * MIB);
    expect(sandbox.counters().zeroed.allocator).toBe(2 * PAGE);
  });
});

describe("the table of live blocks", () => {
  it("grows before the 43rd, the 85th and the 170th", async () => {
    const sandbox = await open();
    const grownAt: number[] = [];
    let maps = sandbox.counters().syscalls.mmap;
    for (let i = 1; i <= 200; i++) {
      sandbox.malloc(MIB);
      const now = sandbox.counters().syscalls.mmap;
      if (now - maps > 1) grownAt.push(i);
      maps = now;
    }
    expect(grownAt).toEqual([43, 85, 170]);
    // The tables before were unmapped.
    expect(sandbox.counters().syscalls.munmap).toBe(3);
  });

  it("finds every block after others were removed from its run", async () => {
    const sandbox = await open();
    const pointers = Array.from({ length: 150 }, () => sandbox.malloc(200 * MIB));
    for (let i = 0; i < pointers.length; i += 2) sandbox.free(pointers[i] as number);
    for (let i = 1; i < pointers.length; i += 2)
      expect(sandbox.usableSize(pointers[i] as number)).toBe(200 * MIB);
  });
});

describe("realloc", () => {
  it("keeps a block that is more than half used", async () => {
    const sandbox = await open();
    const pointer = sandbox.malloc(4 * MIB);
    expect(sandbox.realloc(pointer, 2 * MIB + 1)).toBe(pointer);
    expect(sandbox.usableSize(pointer)).toBe(4 * MIB);
  });

  it("shrinks to half or less in place and unmaps the tail", async () => {
    const sandbox = await open();
    const pointer = sandbox.malloc(4 * MIB);
    expect(sandbox.realloc(pointer, 2 * MIB)).toBe(pointer);
    expect(sandbox.usableSize(pointer)).toBe(2 * MIB);
    expect(sandbox.counters().syscalls.munmap).toBe(1);
  });

  it("grows in place where nothing is behind", async () => {
    const sandbox = await open();
    const pointer = sandbox.malloc(200 * MIB);
    expect(sandbox.realloc(pointer, 300 * MIB)).toBe(pointer);
    expect(sandbox.usableSize(pointer)).toBe(300 * MIB);
  });

  it("otherwise moves by remapping pages, which are copied when written", async () => {
    const sandbox = await open();
    const pointer = sandbox.malloc(2 * MIB);
    sandbox.malloc(2 * MIB);
    sandbox.fill(pointer, 0x42, 2 * MIB);
    const resident = sandbox.counters().bytes.resident;
    const moved = sandbox.realloc(pointer, 3 * MIB);
    expect(moved).not.toBe(pointer);
    expect(sandbox.counters().syscalls.vmCopy).toBe(1);
    expect(sandbox.counters().bytes.resident).toBe(resident);
    expect(sandbox.load(moved + 2 * MIB - 1)).toBe(0x42);
    expect(sandbox.counters().faults.copyOnWrite).toBe(0);
    sandbox.store(moved, 1);
    expect(sandbox.counters().faults.copyOnWrite).toBe(1);
    expect(sandbox.counters().bytes.resident).toBe(resident + PAGE);
  });

  it("of nothing gives the smallest block, and frees then", async () => {
    const sandbox = await open();
    const tiny = sandbox.malloc(16);
    expect(sandbox.realloc(tiny, 0)).toBe(tiny + 16);
    expect(sandbox.malloc(16)).toBe(tiny);
    const pointer = sandbox.realloc(sandbox.malloc(MIB), 0);
    expect(sandbox.usableSize(pointer)).toBe(16);
  });
});

describe("aligned blocks", () => {
  it("of a page or less are like others; larger ones are mapped on the alignment", async () => {
    const sandbox = await open();
    expect(sandbox.usableSize(sandbox.alignedAlloc(PAGE, 200_000))).toBe(49 * PAGE);
    const pointer = sandbox.alignedAlloc(4 * MIB, 10);
    expect(pointer % (4 * MIB)).toBe(0);
    expect(sandbox.usableSize(pointer)).toBe(32 * PAGE); // the smallest large block
  });
});
