/** What calloc costs, by the pages that are touched, and that what it takes for zero is zero. */
import { describe, expect, it } from "vitest";
import { openWasmAllocator, type WasmAllocator } from "../../src/index.js";
import { BUILDS, heapBytes, openHeap } from "./heap.js";

const MIB = 2 ** 20;
const PAGE = 65_536;

const openMetered = async () => openWasmAllocator(await heapBytes("heap"), { meter: true });

/** Pages that a call writes to, and those that it only reads. */
function touchedBy(heap: WasmAllocator, call: () => unknown): { written: number; read: number } {
  const before = heap.counters().touched;
  call();
  const after = heap.counters().touched;
  return { written: after.written - before.written, read: after.read - before.read };
}

describe("calloc", () => {
  it("touches none of 100 MiB that are fresh: only its tags", async () => {
    const heap = await openMetered();
    // The first page was there before the heap: it is not known to be zero.
    heap.malloc(PAGE);
    const { written } = touchedBy(heap, () => heap.calloc(100, MIB));
    // The table for so much memory is new: what was in the old one, and the run's tag.
    expect(written).toBeLessThanOrEqual(4);
  });

  it("writes to none of 100 MiB that are used again and were not written to", async () => {
    const heap = await openMetered();
    heap.free(heap.calloc(100, MIB));
    const { written, read } = touchedBy(heap, () => heap.calloc(100, MIB));
    expect(written).toBeLessThanOrEqual(1);
    expect(read).toBeGreaterThan(25_000);
  });

  it("clears the rest of a fresh run that begins in memory used before", async () => {
    const heap = await openHeap("heap.check");
    const used = heap.malloc(MIB);
    heap.fill(used, MIB);
    heap.free(used);
    const block = heap.calloc(8, MIB);
    expect(heap.isZero(block, 8 * MIB)).toBe(true);
    heap.check();
  });

  it("reads nothing after scrub", async () => {
    const heap = await openMetered();
    const blocks = [heap.malloc(4 * MIB), heap.malloc(4 * MIB), heap.malloc(64)];
    for (const block of blocks) heap.fill(block, 0xff, 64);
    heap.free(blocks[0] as number);
    (heap.instance.exports as { scrub(): void }).scrub();
    const { written, read } = touchedBy(heap, () => heap.calloc(4, MIB));
    expect(written + read).toBeLessThanOrEqual(2);
  });
});

describe("where the host lets pages go", () => {
  const calls: [number, number][] = [];
  const open = async () => {
    const imports = {
      host: {
        discard(address: number, bytes: number) {
          calls.push([address >>> 0, bytes >>> 0]);
          heap.fill(address >>> 0, bytes >>> 0, 0);
        },
      },
    };
    const heap = await openHeap("heap-discarding", imports);
    return heap;
  };

  it("a large run that is freed is zero, and known to be", async () => {
    calls.length = 0;
    const heap = await open();
    const blocks = [MIB + 5000, 70_000, 200_000, 70_000].map(heap.malloc);
    for (const block of blocks) heap.fill(block, heap.usable(block));
    const before = heap.statistics().zero;
    heap.free(blocks[0] as number);
    heap.free(blocks[2] as number);
    expect(calls).toHaveLength(1);
    const [[address, bytes] = [1, 1]] = calls;
    expect([address % PAGE, bytes % PAGE]).toEqual([0, 0]);
    expect(bytes).toBeGreaterThan(MIB - 2 * PAGE);
    expect(heap.statistics().zero - before).toBeGreaterThanOrEqual(MIB + 5000);
    const again = heap.calloc(1, MIB);
    expect(heap.isZero(again, MIB)).toBe(true);
  });

  it("at the end of the heap, too", async () => {
    const heap = await open();
    const last = heap.malloc(4 * MIB);
    heap.fill(last, 4 * MIB);
    heap.free(last);
    expect(heap.statistics().zero).toBeGreaterThanOrEqual(4 * MIB);
    expect(heap.isZero(heap.calloc(5, MIB), 5 * MIB)).toBe(true);
  });
});

describe.each(BUILDS)("%s", (build) => {
  it("never takes memory that others grew for its own, or for zero", async () => {
    const heap = await openHeap(build);
    const blocks: [number, number][] = [[heap.malloc(1), 1]];
    for (let round = 0; round < 40; round++) {
      const alien = heap.memory.grow(1 + (round % 3)) * PAGE;
      const alienBytes = (1 + (round % 3)) * PAGE;
      heap.fill(alien, alienBytes, 0x77);
      for (const size of [100, 5000, 70_000, 300_000]) {
        const block = round % 2 ? heap.calloc(1, size) : heap.malloc(size);
        if (round % 2) expect(heap.isZero(block, size)).toBe(true);
        heap.fill(block, size);
        blocks.push([block, size]);
      }
      expect(heap.bytes(alien, alienBytes).every((byte) => byte === 0x77)).toBe(true);
      const [old] = blocks.splice((round * 7) % blocks.length, 1)[0] as [number, number];
      heap.free(old);
      heap.check();
    }
    expect(heap.statistics().alien).toBeGreaterThan(60 * PAGE);
  });

  it("never takes for zero what was there before it", async () => {
    const other = await openHeap(build);
    other.malloc(1);
    const bottom = other.memoryBytes - other.statistics().system;
    const heap = await openHeap(build);
    heap.memory.grow(16);
    heap.fill(bottom, heap.memoryBytes - bottom, 0x77);
    for (const size of [100, 3000, 20_000, 70_000, 300_000])
      expect(heap.isZero(heap.calloc(1, size), size), `${size}`).toBe(true);
    heap.check();
  });

  it("takes for zero what was scrubbed, and not what is freed beside it or between", async () => {
    const heap = await openHeap(build);
    heap.free(heap.malloc(8 * MIB)); // the table has room then, and does not come between
    const [first, middle, last] = [MIB, 300_000, MIB / 2].map((size) => heap.malloc(size)) as [
      number,
      number,
      number,
    ];
    heap.malloc(100_000); // so that they are not at the top
    for (const block of [first, middle, last]) heap.fill(block, heap.usable(block));
    heap.free(first);
    heap.free(last);
    heap.exports.scrub();
    heap.free(middle);
    heap.check();
    const whole = last + MIB / 2 - first;
    expect(heap.calloc(1, whole)).toBe(first);
    expect(heap.isZero(first, whole)).toBe(true);
  });

  it("serves what fits when memory may grow no more", async () => {
    const heap = await openHeap(build);
    // Up to the end of 4 GiB.
    const large = Array.from({ length: 5 }, () => heap.malloc(900 * MIB));
    expect(large.map(Boolean)).toEqual([true, true, true, true, false]);
    const rest: number[] = [];
    for (let size = 64 * MIB; size >= 16; size /= 2) {
      for (let block = heap.malloc(size); block; block = heap.malloc(size)) rest.push(block);
    }
    // All but the last page, which is never used.
    expect(heap.memoryBytes).toBe(2 ** 32 - PAGE);
    expect(rest.length).toBeGreaterThan(2);
    heap.check();
    const highest = large[3] as number;
    expect(highest).toBeGreaterThan(2 ** 31);
    heap.bytes(highest, 16).fill(7);
    expect(heap.realloc(highest, 800 * MIB)).toBe(highest);
    expect(heap.bytes(highest, 16).every((byte) => byte === 7)).toBe(true);
    for (const block of [...rest, ...large.slice(0, 4)]) heap.free(block);
    heap.check();
    expect(heap.malloc(900 * MIB)).not.toBe(0);
  });
});
