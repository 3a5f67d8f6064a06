/**
 * Programs that break the rules, and what glibc 2.36 says before it aborts. Written once, for the model and the real
 * allocator. What it does not notice at once is not here, nor what ends in a segmentation fault.
 */
import type { Heap } from "./puppet.js";

export interface AbortCase {
  name: string;
  /** What is said; the name, where it is not given. */
  says: string;
  run(heap: Heap): Promise<void>;
}

const PREVIOUS_USED = 1n;
const MAPPED = 2n;
/** Larger than the heap, and a multiple of 16. */
const HUGE = 0x1000000n;

/** Where the size word of a block's chunk is, and the word before it, which holds the size of a free one before. */
const size = (block: number) => block - 8;
const before = (block: number) => block - 16;
/** Links of a free block. */
const next = (block: number) => block;
const previous = (block: number) => block + 8;
const smaller = (block: number) => block + 16;
const larger = (block: number) => block + 24;
/** A block's chunk, as links have it. */
const chunk = (block: number) => BigInt(block - 16);

async function change(heap: Heap, address: number, by: (word: bigint) => bigint): Promise<void> {
  await heap.store(address, by(await heap.load(address)));
}

async function blocks(heap: Heap, count: number, bytes: number): Promise<number[]> {
  const made: number[] = [];
  for (let i = 0; i < count; i++) made.push(await heap.malloc(bytes));
  return made;
}

async function freeAll(heap: Heap, made: number[]): Promise<void> {
  for (const block of made) await heap.free(block);
}

/** Two blocks that are freed apart from each other and from the top. */
async function twoApart(heap: Heap, one: number, other: number): Promise<[number, number]> {
  const first = await heap.malloc(one);
  await heap.malloc(10);
  const second = await heap.malloc(other);
  await heap.malloc(10);
  return [first, second];
}

/** So many blocks of 40 bytes, freed in order: seven are in the tcache, the rest in their fast bin. */
async function freedFast(heap: Heap, count: number): Promise<number[]> {
  const made = await blocks(heap, count, 40);
  await freeAll(heap, made);
  return made;
}

/** 5,000 and 5,100 bytes in one large bin, and a third block between them in size still in use. */
async function largeBin(heap: Heap): Promise<[number, number, number]> {
  const [small, big] = await twoApart(heap, 5000, 5100);
  const third = await heap.malloc(5050);
  await heap.malloc(10);
  await heap.free(small);
  await heap.free(big);
  await heap.malloc(10000);
  return [small, big, third];
}

const topOf = (block: number, bytes: number) => block - 16 + Math.ceil((bytes + 8) / 16) * 16;

export const abortCases: AbortCase[] = [
  // ---- free ----
  {
    name: "a free of a pointer into a block",
    says: "free(): invalid pointer",
    run: async (heap) => {
      await heap.free((await heap.malloc(40)) + 8);
    },
  },
  {
    name: "a free of a chunk that would reach over the end of memory",
    says: "free(): invalid pointer",
    run: async (heap) => {
      const block = await heap.malloc(400);
      await heap.store(size(block + 64), BigInt.asUintN(64, -16n) | PREVIOUS_USED);
      await heap.free(block + 64);
    },
  },
  {
    name: "a free of a chunk whose size is 0",
    says: "free(): invalid pointer",
    run: async (heap) => {
      await heap.free((await heap.calloc(1, 400)) + 64);
    },
  },
  {
    name: "a free of a chunk smaller than any",
    says: "free(): invalid size",
    run: async (heap) => {
      const block = await heap.malloc(400);
      await heap.store(size(block + 64), 16n | PREVIOUS_USED);
      await heap.free(block + 64);
    },
  },
  {
    name: "a free of a chunk whose size is no multiple of 16",
    says: "free(): invalid size",
    run: async (heap) => {
      const block = await heap.malloc(400);
      await heap.store(size(block), 0x48n | PREVIOUS_USED);
      await heap.free(block);
    },
  },
  {
    name: "a small block freed twice",
    says: "free(): double free detected in tcache 2",
    run: async (heap) => {
      const block = await heap.malloc(40);
      await heap.free(block);
      await heap.free(block);
    },
  },
  {
    name: "a small block freed twice, others in between",
    says: "free(): double free detected in tcache 2",
    run: async (heap) => {
      const made = await blocks(heap, 7, 40);
      await freeAll(heap, made);
      await heap.free(made[2] as number);
    },
  },
  {
    name: "a block that looks freed, over a broken tcache bin",
    says: "free(): unaligned chunk detected in tcache 2",
    run: async (heap) => {
      const [a, b, c] = (await blocks(heap, 3, 40)) as [number, number, number];
      await heap.free(a);
      await heap.free(b);
      await heap.store(previous(c), await heap.load(previous(a)));
      await change(heap, next(b), (word) => word ^ 8n);
      await heap.free(c);
    },
  },
  {
    name: "a block that looks freed, over a tcache bin that is a ring",
    says: "free(): too many chunks detected in tcache",
    run: async (heap) => {
      const [a, b] = (await blocks(heap, 2, 40)) as [number, number];
      await heap.free(a);
      await heap.store(previous(b), await heap.load(previous(a)));
      await heap.store(next(a), (BigInt(a) >> 12n) ^ BigInt(a));
      await heap.free(b);
    },
  },
  {
    name: "a fast chunk freed twice running",
    says: "double free or corruption (fasttop)",
    run: async (heap) => {
      const made = await freedFast(heap, 8);
      await heap.free(made[7] as number);
    },
  },
  {
    name: "a fast chunk before one of 8 bytes",
    says: "free(): invalid next size (fast)",
    run: async (heap) => {
      const made = await blocks(heap, 8, 40);
      await freeAll(heap, made.slice(0, 7));
      await heap.store(size((made[7] as number) + 48), 8n);
      await heap.free(made[7] as number);
    },
  },
  {
    name: "a fast chunk before one larger than the heap",
    says: "free(): invalid next size (fast)",
    run: async (heap) => {
      const made = await blocks(heap, 8, 40);
      await freeAll(heap, made.slice(0, 7));
      await heap.store(size((made[7] as number) + 48), HUGE);
      await heap.free(made[7] as number);
    },
  },
  {
    name: "a free of what has become the top",
    says: "double free or corruption (top)",
    run: async (heap) => {
      const block = await heap.malloc(2000);
      await heap.free(block);
      await heap.free(block);
    },
  },
  {
    name: "a free of a chunk that reaches past the end of the heap",
    says: "double free or corruption (out)",
    run: async (heap) => {
      const [block] = await twoApart(heap, 2000, 10);
      await heap.store(size(block), 0x100000n | PREVIOUS_USED);
      await heap.free(block);
    },
  },
  {
    name: "a large block freed twice",
    says: "double free or corruption (!prev)",
    run: async (heap) => {
      const [block] = await twoApart(heap, 2000, 10);
      await heap.free(block);
      await heap.free(block);
    },
  },
  {
    name: "a free before a chunk of 8 bytes",
    says: "free(): invalid next size (normal)",
    run: async (heap) => {
      const [a, b] = (await blocks(heap, 2, 2000)) as [number, number];
      await heap.store(size(b), 8n | PREVIOUS_USED);
      await heap.free(a);
    },
  },
  {
    name: "a free before a chunk larger than the heap",
    says: "free(): invalid next size (normal)",
    run: async (heap) => {
      const [a, b] = (await blocks(heap, 2, 2000)) as [number, number];
      await heap.store(size(b), HUGE | PREVIOUS_USED);
      await heap.free(a);
    },
  },
  {
    name: "a free behind a free chunk whose size was overwritten at its end",
    says: "corrupted size vs. prev_size while consolidating",
    run: async (heap) => {
      const [a, b] = (await blocks(heap, 2, 2000)) as [number, number];
      await heap.malloc(10);
      await heap.free(a);
      await heap.store(before(b), 1984n);
      await heap.free(b);
    },
  },
  {
    name: "a free when the unsorted bin is broken",
    says: "free(): corrupted unsorted chunks",
    run: async (heap) => {
      const [a, b] = await twoApart(heap, 2000, 2000);
      await heap.free(a);
      await heap.store(previous(a), BigInt(b));
      await heap.free(b);
    },
  },
  // ---- taking a chunk out of a bin ----
  {
    name: "a free before a free chunk whose size was overwritten",
    says: "corrupted size vs. prev_size",
    run: async (heap) => {
      const [a, b] = (await blocks(heap, 2, 2000)) as [number, number];
      await heap.calloc(1, 1000);
      await heap.free(b);
      await heap.store(size(b), 0x701n);
      await heap.store(b + 0x700 + 8 - 16, 0n);
      await heap.free(a);
    },
  },
  {
    name: "a free before a free chunk whose link was overwritten",
    says: "corrupted double-linked list",
    run: async (heap) => {
      const [a, b] = (await blocks(heap, 2, 2000)) as [number, number];
      await heap.malloc(10);
      await heap.free(b);
      await heap.store(next(b), BigInt(a));
      await heap.free(a);
    },
  },
  {
    name: "an allocation from a large bin whose ring of sizes is broken",
    says: "corrupted double-linked list (not small)",
    run: async (heap) => {
      const [small] = await largeBin(heap);
      await heap.store(smaller(small), BigInt(small));
      await heap.malloc(4990);
    },
  },
  // ---- realloc ----
  {
    name: "a realloc of a pointer into a block",
    says: "realloc(): invalid pointer",
    run: async (heap) => {
      await heap.realloc((await heap.malloc(2000)) + 8, 10);
    },
  },
  {
    name: "a realloc of a chunk of 8 bytes",
    says: "realloc(): invalid old size",
    run: async (heap) => {
      const block = await heap.malloc(2000);
      await heap.store(size(block), 8n);
      await heap.realloc(block, 10);
    },
  },
  {
    name: "a realloc of a chunk larger than the heap",
    says: "realloc(): invalid old size",
    run: async (heap) => {
      const block = await heap.malloc(2000);
      await heap.store(size(block), HUGE | PREVIOUS_USED);
      await heap.realloc(block, 10);
    },
  },
  {
    name: "a realloc before a chunk of 8 bytes",
    says: "realloc(): invalid next size",
    run: async (heap) => {
      const [a, b] = (await blocks(heap, 2, 2000)) as [number, number];
      await heap.store(size(b), 8n);
      await heap.realloc(a, 10);
    },
  },
  {
    name: "a realloc before a chunk larger than the heap",
    says: "realloc(): invalid next size",
    run: async (heap) => {
      const [a, b] = (await blocks(heap, 2, 2000)) as [number, number];
      await heap.store(size(b), HUGE | PREVIOUS_USED);
      await heap.realloc(a, 10);
    },
  },
  // ---- mapped blocks ----
  {
    name: "a free of a heap block that looks mapped",
    says: "munmap_chunk(): invalid pointer",
    run: async (heap) => {
      const block = await heap.malloc(2000);
      await change(heap, size(block), (word) => word | MAPPED);
      await heap.free(block);
    },
  },
  {
    name: "a free of a pointer into a block where a mapped one seems to be",
    says: "munmap_chunk(): invalid pointer",
    run: async (heap) => {
      const block = await heap.malloc(2000);
      await heap.store(block, MAPPED);
      await heap.free(block + 8);
    },
  },
  {
    name: "a free of a mapped block whose size was overwritten",
    says: "munmap_chunk(): invalid pointer",
    run: async (heap) => {
      const block = await heap.malloc(200000);
      await change(heap, size(block), (word) => word + 16n);
      await heap.free(block);
    },
  },
  {
    name: "a free of a mapped block at no power of two in its page",
    says: "munmap_chunk(): invalid pointer",
    run: async (heap) => {
      const block = await heap.malloc(200000);
      const bytes = (await heap.load(size(block))) & ~7n;
      await heap.store(before(block + 32), 32n);
      await heap.store(size(block + 32), (bytes - 32n) | MAPPED);
      await heap.free(block + 32);
    },
  },
  {
    name: "a realloc of a heap block that looks mapped",
    says: "mremap_chunk(): invalid pointer",
    run: async (heap) => {
      const block = await heap.malloc(2000);
      await change(heap, size(block), (word) => word | MAPPED);
      await heap.realloc(block, 10);
    },
  },
  {
    name: "a realloc of a mapped block whose size was overwritten",
    says: "mremap_chunk(): invalid pointer",
    run: async (heap) => {
      const block = await heap.malloc(200000);
      await change(heap, size(block), (word) => word + 16n);
      await heap.realloc(block, 100);
    },
  },
  // ---- malloc: tcache and fast bins ----
  {
    name: "a misaligned link in the tcache, at the second allocation",
    says: "malloc(): unaligned tcache chunk detected",
    run: async (heap) => {
      const [a, b] = (await blocks(heap, 2, 40)) as [number, number];
      await heap.free(a);
      await heap.free(b);
      await change(heap, next(b), (word) => word ^ 8n);
      await heap.malloc(40);
      await heap.malloc(40);
    },
  },
  {
    name: "a fast chunk of another size",
    says: "malloc(): memory corruption (fast)",
    run: async (heap) => {
      const made = await freedFast(heap, 9);
      await heap.store(size(made[8] as number), 0x60n | PREVIOUS_USED);
      await heap.calloc(1, 40);
    },
  },
  {
    name: "a misaligned link in a fast bin, at the second allocation",
    says: "malloc(): unaligned fastbin chunk detected 2",
    run: async (heap) => {
      const made = await freedFast(heap, 9);
      await change(heap, next(made[8] as number), (word) => word ^ 8n);
      await heap.calloc(1, 40);
      await heap.calloc(1, 40);
    },
  },
  {
    name: "a misaligned link in a fast bin that refills the tcache",
    says: "malloc(): unaligned fastbin chunk detected 3",
    run: async (heap) => {
      const made = await freedFast(heap, 9);
      await change(heap, next(made[8] as number), (word) => word ^ 8n);
      await blocks(heap, 8, 40);
    },
  },
  {
    name: "a misaligned link in a fast bin that is consolidated",
    says: "malloc_consolidate(): unaligned fastbin chunk detected",
    run: async (heap) => {
      const made = await freedFast(heap, 9);
      await change(heap, next(made[8] as number), (word) => word ^ 8n);
      await heap.malloc(2000);
    },
  },
  {
    name: "a fast chunk of another size that is consolidated",
    says: "malloc_consolidate(): invalid chunk size",
    run: async (heap) => {
      const made = await freedFast(heap, 9);
      await heap.store(size(made[8] as number), 0x60n | PREVIOUS_USED);
      await heap.malloc(2000);
    },
  },
  {
    name: "a fast chunk that is consolidated with a wrong size before it",
    says: "corrupted size vs. prev_size in fastbins",
    run: async (heap) => {
      const made = await freedFast(heap, 9);
      await heap.malloc(10);
      await change(heap, size(made[8] as number), (word) => word & ~PREVIOUS_USED);
      await heap.store(before(made[8] as number), 32n);
      await heap.malloc(2000);
    },
  },
  // ---- malloc: bins ----
  {
    name: "a small bin whose link was overwritten",
    says: "malloc(): smallbin double linked list corrupted",
    run: async (heap) => {
      const [other, block] = await twoApart(heap, 1100, 600);
      const made = await blocks(heap, 7, 600);
      await freeAll(heap, made);
      await heap.free(block);
      await heap.malloc(3000);
      await heap.store(previous(block), BigInt(other));
      await blocks(heap, 8, 600);
    },
  },
  {
    name: "an unsorted chunk of 8 bytes",
    says: "malloc(): invalid size (unsorted)",
    run: async (heap) => {
      const [block] = await twoApart(heap, 2000, 10);
      await heap.free(block);
      await heap.store(size(block), 8n | PREVIOUS_USED);
      await heap.malloc(100);
    },
  },
  {
    name: "an unsorted chunk larger than the heap",
    says: "malloc(): invalid size (unsorted)",
    run: async (heap) => {
      const [block] = await twoApart(heap, 2000, 10);
      await heap.free(block);
      await heap.store(size(block), HUGE | PREVIOUS_USED);
      await heap.malloc(100);
    },
  },
  {
    name: "an unsorted chunk before one of 8 bytes",
    says: "malloc(): invalid next size (unsorted)",
    run: async (heap) => {
      const [a, b] = (await blocks(heap, 2, 2000)) as [number, number];
      await heap.free(a);
      await heap.store(size(b), 8n);
      await heap.malloc(100);
    },
  },
  {
    name: "an unsorted chunk before one larger than the heap",
    says: "malloc(): invalid next size (unsorted)",
    run: async (heap) => {
      const [a, b] = (await blocks(heap, 2, 2000)) as [number, number];
      await heap.free(a);
      await heap.store(size(b), HUGE);
      await heap.malloc(100);
    },
  },
  {
    name: "an unsorted chunk whose size was overwritten at its end",
    says: "malloc(): mismatching next->prev_size (unsorted)",
    run: async (heap) => {
      const [a, b] = (await blocks(heap, 2, 2000)) as [number, number];
      await heap.free(a);
      await heap.store(before(b), 8n);
      await heap.malloc(100);
    },
  },
  {
    name: "an unsorted chunk whose link was overwritten",
    says: "malloc(): unsorted double linked list corrupted",
    run: async (heap) => {
      const [block] = await twoApart(heap, 2000, 10);
      await heap.free(block);
      await heap.store(next(block), chunk(block));
      await heap.malloc(100);
    },
  },
  {
    name: "an unsorted chunk whose other link was overwritten",
    says: "malloc(): unsorted double linked list corrupted",
    run: async (heap) => {
      const [block] = await twoApart(heap, 2000, 10);
      await heap.free(block);
      await heap.store(previous(block), chunk(block));
      await heap.malloc(100);
    },
  },
  {
    name: "an unsorted chunk that the next one takes for used",
    says: "malloc(): invalid next->prev_inuse (unsorted)",
    run: async (heap) => {
      const [a, b] = (await blocks(heap, 2, 2000)) as [number, number];
      await heap.free(a);
      await change(heap, size(b), (word) => word | PREVIOUS_USED);
      await heap.malloc(100);
    },
  },
  {
    name: "a large bin whose ring of sizes is broken where a chunk is put in",
    says: "malloc(): largebin double linked list corrupted (nextsize)",
    run: async (heap) => {
      const [small, big, third] = await largeBin(heap);
      await heap.store(larger(big), BigInt(small));
      await heap.store(larger(small), BigInt(small));
      await heap.free(third);
      await heap.malloc(10000);
    },
  },
  {
    name: "a large bin whose list is broken where a chunk is put in",
    says: "malloc(): largebin double linked list corrupted (bk)",
    run: async (heap) => {
      const [small, , third] = await largeBin(heap);
      await heap.store(previous(small), chunk(small));
      await heap.free(third);
      await heap.malloc(10000);
    },
  },
  // ---- malloc: the top ----
  {
    name: "a top larger than the heap",
    says: "malloc(): corrupted top size",
    run: async (heap) => {
      const block = await heap.malloc(2000);
      await heap.store(topOf(block, 2000) + 8, HUGE | PREVIOUS_USED);
      await heap.malloc(3000);
    },
  },
  {
    name: "a top that does not end with a page when the heap has to grow",
    says:
      "Fatal glibc error: malloc assertion failure in sysmalloc: (old_top == initial_top (av) && old_size == 0) || " +
      "((unsigned long) (old_size) >= MINSIZE && prev_inuse (old_top) && ((unsigned long) old_end & (pagesize - 1)) == 0)",
    run: async (heap) => {
      const block = await heap.malloc(2000);
      await heap.store(topOf(block, 2000) + 8, 0x1000n | PREVIOUS_USED);
      await heap.malloc(100000);
    },
  },
];
