/** What each function of the heap promises, at every edge, in both builds and on both hosts. */
import { beforeEach, describe, expect, it } from "vitest";
import { BUILDS, type Heap, openHeap, openLimited } from "./heap.js";

const MIB = 2 ** 20;
/** Sizes about every edge: classes, the largest slot, units, the cache, pages. */
const SIZES = [
  ...[0, 1, 8, 15, 16, 17, 24, 32, 100, 128, 129, 255, 256, 257, 512, 1000, 1023, 1024, 1025, 1280, 1281],
  ...[4095, 4096, 8191, 8192, 8193, 65_535, 65_536, 65_537, 262_144, 300_000, MIB, MIB + 1],
];
const ENOMEM = 48;
const EINVAL = 28;

/** Takes blocks of all sizes until there is no memory for any. */
function takeAll(heap: Heap): number[] {
  const taken: number[] = [];
  const sizes = [...SIZES, ...Array.from({ length: 64 }, (_, i) => 16 * (i + 1))].sort((a, b) => b - a);
  for (const size of sizes) {
    for (let block = heap.malloc(size); block; block = heap.malloc(size)) taken.push(block);
  }
  return taken;
}

describe.each(BUILDS)("%s", (build) => {
  let heap: Heap;
  beforeEach(async () => {
    heap = await openHeap(build);
  });

  it("gives blocks that do not overlap, hold what was asked for, and are aligned to 16 bytes", () => {
    const blocks = SIZES.flatMap((size) => [size, size, size]).map((size) => {
      const pointer = heap.malloc(size);
      return { pointer, bytes: Math.max(size, heap.usable(pointer)) };
    });
    heap.check();
    blocks.sort((one, other) => one.pointer - other.pointer);
    for (const [i, { pointer, bytes }] of blocks.entries()) {
      expect(pointer % 16).toBe(0);
      const next = blocks[i + 1]?.pointer ?? heap.memoryBytes;
      expect(pointer + bytes).toBeLessThanOrEqual(next);
    }
    for (const { pointer } of blocks) heap.free(pointer);
    heap.check();
  });

  it("gives 0 bytes a pointer of their own", () => {
    const pointers = [heap.malloc(0), heap.malloc(0), heap.calloc(0, 7), heap.calloc(7, 0)];
    expect(new Set(pointers).size).toBe(4);
    expect(pointers).not.toContain(0);
    for (const pointer of pointers) heap.free(pointer);
  });

  it("gives 0 for what it cannot hold, and changes nothing", () => {
    const kept = heap.malloc(1000);
    heap.fill(kept, 1000);
    const before = heap.statistics();
    for (const size of [0xffffffff, 0xffff0001, 0xffff0000, 0xfffffff0]) {
      expect(heap.malloc(size)).toBe(0);
      expect(heap.calloc(1, size)).toBe(0);
      expect(heap.realloc(kept, size)).toBe(0);
      expect(heap.memalign(64, size)).toBe(0);
      expect(heap.memalign(4096, size)).toBe(0);
    }
    expect(heap.calloc(0x10000, 0x10000)).toBe(0);
    expect(heap.calloc(0xffffffff, 0xffffffff)).toBe(0);
    expect(heap.statistics()).toEqual(before);
    expect(heap.bytes(kept, 1000).every((byte) => byte === 0xa5)).toBe(true);
    heap.check();
  });

  it("lets nothing be freed", () => {
    heap.free(0);
    expect(heap.usable(0)).toBe(0);
    expect(heap.realloc(0, 100)).not.toBe(0);
    heap.free(0);
    heap.check();
  });

  it("keeps what fits when a block is resized, from each size to each", () => {
    for (const from of SIZES) {
      for (const to of SIZES) {
        const block = heap.malloc(from);
        heap.fill(block, from, 0x5a);
        const resized = heap.realloc(block, to);
        expect(heap.usable(resized)).toBeGreaterThanOrEqual(to);
        const both = Math.min(from, to);
        expect(heap.bytes(resized, both).every((byte) => byte === 0x5a)).toBe(true);
        heap.free(resized);
      }
    }
    heap.check();
  });

  it("resizes a run where it is: shorter, and longer at the end of the heap or into a free neighbour", () => {
    const run = heap.malloc(100_000);
    expect(heap.realloc(run, 200_000)).toBe(run);
    expect(heap.realloc(run, 50_000)).toBe(run);
    const neighbour = heap.malloc(100_000);
    const guard = heap.malloc(2000);
    heap.free(neighbour);
    expect(heap.realloc(run, 140_000)).toBe(run);
    heap.check();
    heap.free(guard);
    heap.free(run);
  });

  it("shrinks every block, even where there is no memory to move it to", async () => {
    const full = await openLimited(build, 64);
    for (const from of [64, 1024, 5000, 100_000]) {
      const block = full.malloc(from);
      full.fill(block, from, 0x5a);
      const others = takeAll(full);
      for (const to of [Math.ceil(from / 3), 16, 1, 0]) {
        expect(full.malloc(to)).toBe(0);
        expect(full.realloc(block, to)).toBe(block);
        expect(full.bytes(block, to).every((byte) => byte === 0x5a)).toBe(true);
        others.push(...takeAll(full));
      }
      full.check();
      for (const other of [block, ...others]) full.free(other);
    }
  });

  it("aligns to every power of two", () => {
    for (let align = 1; align <= MIB; align *= 2) {
      for (const size of [1, 24, 100, 1000, 5000, 70_000]) {
        const blocks = [heap.memalign(align, size), heap.memalign(align, size)];
        for (const block of blocks) {
          expect(block % align).toBe(0);
          heap.fill(block, size);
        }
        heap.check();
        for (const block of blocks) heap.free(block);
      }
    }
    heap.check();
  });

  it("refuses alignments that are none", () => {
    expect(heap.exports.aligned_alloc(0, 64)).toBe(0);
    expect(heap.exports.aligned_alloc(48, 64)).toBe(0);
    const result = heap.malloc(4);
    heap.fill(result, 4, 0xee);
    for (const align of [0, 2, 24]) expect(heap.exports.posix_memalign(result, align, 64)).toBe(EINVAL);
    expect(heap.exports.posix_memalign(result, 64, 0xfffffff0)).toBe(ENOMEM);
    expect(heap.bytes(result, 4)).toEqual(new Uint8Array(4).fill(0xee));
    expect(heap.exports.posix_memalign(result, 64, 100)).toBe(0);
    expect(new DataView(heap.memory.buffer).getUint32(result, true) % 64).toBe(0);
  });

  it("clears what calloc gives, whatever was there before", () => {
    for (const size of SIZES) {
      const dirty = [heap.malloc(size), heap.malloc(size)];
      for (const block of dirty) heap.fill(block, heap.usable(block));
      for (const block of dirty) heap.free(block);
      const blocks = [heap.calloc(1, size), heap.calloc(size, 1), heap.calloc(1, size)];
      for (const block of blocks) expect(heap.isZero(block, size)).toBe(true);
      for (const block of blocks) {
        heap.fill(block, size);
        heap.free(block);
      }
    }
    heap.check();
  });

  it("takes memory that was freed before it grows, though it was freed in other sizes", () => {
    const cycle = (size: number) => {
      const blocks = Array.from({ length: Math.floor((8 * MIB) / size) }, () => heap.malloc(size));
      for (const block of blocks) heap.free(block);
    };
    cycle(MIB);
    const before = heap.memoryBytes;
    for (const size of [16, 100, 1000, 2000, 10_000, 100_000]) cycle(size);
    expect(heap.memoryBytes).toBeLessThanOrEqual(before * 1.2);
    heap.check();
  });

  it("says what all of its memory is", () => {
    const blocks = [10, 100, 1000, 10_000, 100_000, MIB, 3000, 3000].map((size) => heap.malloc(size));
    for (const [i, block] of blocks.entries()) if (i % 2) heap.free(block);
    const { system, zero, ...parts } = heap.statistics();
    expect(Object.values(parts).reduce((sum, bytes) => sum + bytes, 0)).toBe(system);
    expect(zero).toBeLessThanOrEqual(parts.fresh + parts.freeRuns);
    expect(parts.slots + parts.runs).toBeGreaterThanOrEqual(10 + 1000 + 100_000 + 3000);
    for (const [i, block] of blocks.entries()) if (!(i % 2)) heap.free(block);
    heap.exports.trim();
    const empty = heap.statistics();
    expect([empty.slots, empty.runs, empty.freeSlots, empty.cached]).toEqual([0, 0, 0, 0]);
    heap.check();
  });
});
