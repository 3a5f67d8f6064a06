/** What the heap notices, how a host reads it, and that nothing has changed then. */
import { describe, expect, it } from "vitest";
import { ModuleTrap, openWasmAllocator } from "../../src/index.js";
import { BUILDS, type Heap, heapBytes, openHeap } from "./heap.js";

const KIB = 1024;

const MISUSES: [string, string, (heap: Heap) => number][] = [
  ["a slot freed twice", "a free block", (heap) => freed(heap, 100)],
  ["a cached run freed twice", "a free block", (heap) => freed(heap, 4 * KIB)],
  ["a free run freed twice", "a free block", (heap) => freedBetween(started(heap), 100 * KIB)],
  ["a pointer into a slot", "not where a block begins", (heap) => heap.malloc(100) + 16],
  ["a pointer into a slot, by a byte", "not where a block begins", (heap) => heap.malloc(100) + 1],
  ["a pointer into a run", "not where a block begins", (heap) => heap.malloc(5000) + 16],
  ["a pointer into a run, by a unit", "not where a block begins", (heap) => heap.malloc(5000) + 256],
  ["a pointer into a run, where a free one had its links", "not where a block begins", intoReused],
  ["what is left behind the slots of a span", "not where a block begins", behindSlots],
  ["a pointer into the heap's own table", "not where a block begins", (heap) => lowest(started(heap))],
  ["a pointer below the heap", "outside the heap", (heap) => started(heap) && 8],
  ["a pointer beyond memory", "outside the heap", (heap) => started(heap) && 0xfffffff0],
  ["a pointer before anything was allocated", "outside the heap", () => 4096],
];

function started(heap: Heap): Heap {
  heap.malloc(1);
  return heap;
}

function freed(heap: Heap, bytes: number): number {
  const block = heap.malloc(bytes);
  heap.free(block);
  return block;
}

function freedBetween(heap: Heap, bytes: number): number {
  const block = heap.malloc(bytes);
  heap.malloc(bytes);
  heap.free(block);
  return block;
}

function intoReused(heap: Heap): number {
  heap.malloc(1);
  const first = freedBetween(heap, 100 * KIB);
  const again = heap.malloc(100 * KIB);
  if (again !== first) throw new Error("a free run is not taken again");
  return again + 256;
}

/** A span of 4 KiB holds 36 slots of 112 bytes; 64 bytes are left. */
function behindSlots(heap: Heap): number {
  return heap.malloc(112) + 36 * 112;
}

function lowest(heap: Heap): number {
  return heap.memoryBytes - heap.statistics().system;
}

describe.each(BUILDS)("%s", (build) => {
  it.each(MISUSES)("traps at the free of %s: %s", async (_, words, misuse) => {
    const heap = await openHeap(build);
    const pointer = misuse(heap);
    const before = heap.statistics();
    for (const use of [heap.free, (wrong: number) => heap.realloc(wrong, 10_000), heap.usable]) {
      expect(() => use(pointer)).toThrow(WebAssembly.RuntimeError);
      expect(heap.words).toBe(words);
      expect(heap.exports.misused() >>> 0).toBe(pointer);
    }
    expect(heap.statistics()).toEqual(before);
    heap.check();
  });

  it("tells who opens it as a foreign module", async () => {
    const heap = await openWasmAllocator(await heapBytes(build));
    const block = heap.malloc(100);
    (heap.instance.exports as unknown as Heap).free(block);
    const twice = () => heap.free(block);
    expect(twice).toThrow(ModuleTrap);
    const again = await openWasmAllocator(await heapBytes(build));
    const pointer = again.malloc(100);
    (again.instance.exports as unknown as Heap).free(pointer);
    expect(() => again.free(pointer)).toThrow(`unreachable: 0x${pointer.toString(16)} is a free block`);
  });
});
