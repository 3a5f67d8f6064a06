/** Blocks of every size, beside, between and instead of others. */
import { Blocks } from "./blocks.js";
import type { Case } from "./case.js";
import { Shadow } from "./shadow.js";
import { everySize, KIB, MIB, sizesAround } from "./sizes.js";
import type { Tester } from "./tester.js";

/** How much more, or less, a block asks for than the hole has that it may come into. */
const BESIDE = [-33, -16, -9, -8, -1, 0, 1, 8, 9, 16, 33];
/** Every order in which three can be freed. */
const ORDERS = [
  [0, 1, 2],
  [0, 2, 1],
  [1, 0, 2],
  [1, 2, 0],
  [2, 0, 1],
  [2, 1, 0],
] as const;
const FENCE = 40;
/** Sizes from 1 MiB on, which are too large to fill: what is looked at is their ends. */
const LARGE = [1, 1.5, 2, 3, 4, 5, 8, 12, 16, 17, 24, 32, 48, 64, 100].flatMap((size) =>
  [-9, 0, 1, 4097].map((beside) => size * MIB + beside),
);
const END = 64;
/** More than allocators are often asked for. */
const LARGE_ALIGNMENTS = [2 * MIB, 16 * MIB];

/** Every n-th. */
const each = <T>(list: readonly T[], n: number) => list.filter((_, i) => i % n === 0);

/** Resizes a block that has others beside it: live ones, a free one, or none behind it. */
function resizeOne(tester: Tester, from: number, to: number, way: number): void {
  const blocks = new Blocks(tester);
  blocks.add(tester.malloc(from), from);
  const beside = way === 2 ? [] : [way === 1 ? Math.max(to, from) : from, FENCE];
  const pointers = beside.map((bytes) => tester.malloc(bytes));
  const [gap] = pointers;
  if (way === 1) tester.free(gap as number);
  for (const [i, bytes] of beside.entries()) if (way !== 1 || i > 0) blocks.add(pointers[i] as number, bytes);
  blocks.resize(0, to);
  blocks.add(tester.malloc(from), from);
  blocks.freeAll();
}

/** Takes a block between others of its size in every way, moves it, and frees it. Those beside it keep what they have. */
function takeBetween(tester: Tester, bytes: number): void {
  const blocks = new Blocks(tester);
  for (let i = 0; i < 4; i++) blocks.add(tester.malloc(bytes), bytes);
  const ways = [
    () => tester.calloc(bytes),
    () => tester.aligned(16, bytes),
    () => tester.realloc(0, bytes),
    () => tester.realloc(tester.malloc(Math.ceil(bytes / 3)), bytes),
    () => tester.realloc(tester.malloc(2 * bytes + 9), bytes),
  ];
  for (const take of ways) {
    blocks.free(1);
    blocks.expectKept();
    blocks.insert(1, take(), bytes);
    blocks.expectKept();
  }
  blocks.freeAll();
}

/** Frees three blocks, between two that live, and takes others instead. */
function freeBetween(tester: Tester, bytes: number, order: readonly number[]): void {
  const blocks = new Blocks(tester);
  const take = (size: number) => blocks.add(tester.malloc(size), size);
  take(FENCE);
  for (let i = 0; i < 3; i++) take(bytes + 8 * i);
  take(FENCE);
  // Two of the three at first: the third is then a live block between two free ones, or beside them.
  const first = order[0] as number;
  const second = order[1] as number;
  blocks.free(1 + first);
  blocks.free(1 + second - (first < second ? 1 : 0));
  take(bytes);
  take(2 * bytes);
  blocks.free(1);
  for (const size of [3 * bytes, bytes + 16, 2 * bytes]) take(size);
  blocks.freeAll();
}

/** Fills the ends of a block. */
function markEnds(tester: Tester, pointer: number, bytes: number, mark: number): void {
  for (const at of [0, bytes - END]) tester.fill(pointer + at, mark, END);
}

function expectEnds(tester: Tester, pointer: number, bytes: number, mark: number): void {
  for (const at of [0, bytes - END]) tester.expectFilled(pointer + at, mark, END);
}

/** Takes three large blocks, another instead of the second, and moves the first. Returns whether there was memory. */
function useLarge(tester: Tester, bytes: number): boolean {
  const [half, quarterMore] = [bytes >> 1, bytes + (bytes >> 2)];
  const pointers = [0, 1, 2].map(() => tester.tryMalloc(bytes));
  if (pointers.includes(0)) return false;
  const [first, second, third] = pointers as [number, number, number];
  for (const [i, pointer] of pointers.entries()) markEnds(tester, pointer, bytes, 1 + i);
  expectEnds(tester, second, bytes, 2);
  tester.free(second);
  const larger = tester.tryMalloc(bytes + 9);
  if (!larger) return false;
  markEnds(tester, larger, bytes + 9, 4);
  const moved = tester.tryRealloc(first, quarterMore);
  if (!moved) return false;
  expectEnds(tester, moved, bytes, 1);
  markEnds(tester, moved, quarterMore, 5);
  const cut = tester.realloc(moved, half);
  tester.expectFilled(cut, 5, END);
  markEnds(tester, cut, half, 6);
  expectEnds(tester, third, bytes, 3);
  expectEnds(tester, larger, bytes + 9, 4);
  expectEnds(tester, cut, half, 6);
  for (const pointer of [cut, larger, third]) tester.free(pointer);
  return true;
}

export const everySized: readonly Case[] = [
  {
    name: "every-size",
    promise: "blocks of every size lie apart and keep their contents",
    of: "malloc",
    run(tester) {
      const blocks = new Blocks(tester);
      for (let round = 0; round < 2; round++) {
        for (const [i, bytes] of everySize(MIB).entries()) {
          for (let n = bytes <= 4096 ? 3 : 1; n > 0; n--) blocks.add(tester.malloc(bytes), bytes);
          // Some live long, and the others make room.
          while (blocks.count > 40) blocks.free((7 * i) % blocks.count);
        }
        blocks.freeAll();
      }
    },
  },
  {
    name: "large-sizes",
    promise:
      "blocks of 1 to 100 MiB, of any size, lie apart and keep their ends, where they lie or are moved",
    of: "malloc",
    run(tester) {
      for (const bytes of LARGE)
        if (!useLarge(tester, bytes)) return `it runs out of memory with three blocks of ${bytes} bytes`;
      return undefined;
    },
  },
  {
    name: "holes",
    promise: "what does not fit into a free block is not put there, whether it is a little larger or smaller",
    of: "malloc",
    run(tester) {
      for (const bytes of [...each(everySize(2 * KIB), 2), ...each(everySize(70 * KIB), 7)]) {
        const blocks = new Blocks(tester);
        for (const size of [FENCE, bytes, FENCE]) blocks.add(tester.malloc(size), size);
        for (const beside of BESIDE) {
          const size = Math.max(1, bytes + beside);
          blocks.free(1);
          blocks.add(tester.malloc(size), size);
          // The block that was put there is now the last. A hole of the first size is made again.
          blocks.add(tester.malloc(FENCE), FENCE);
          blocks.expectKept();
          blocks.free(blocks.count - 1);
          blocks.free(blocks.count - 1);
          blocks.insert(1, tester.malloc(bytes), bytes);
        }
        blocks.freeAll();
      }
    },
  },
  {
    name: "neighbours",
    promise:
      "a block keeps its contents while those beside it are freed, joined and taken again, in any order",
    of: "free",
    run(tester) {
      for (const bytes of each(everySize(128 * KIB), 6))
        for (const order of ORDERS) freeBetween(tester, bytes, order);
    },
  },
  {
    name: "own-bytes",
    promise: "no function writes outside of the block that it gives, moves or frees",
    of: "malloc",
    run(tester) {
      const sizes = everySize(4 * KIB).filter((bytes) => bytes <= 64 || bytes % 16 === 0);
      for (let bytes = 8 * KIB; bytes <= MIB; bytes *= 2) sizes.push(bytes - 16, bytes - 8, bytes);
      for (const bytes of sizes) takeBetween(tester, bytes);
    },
  },
  {
    name: "realloc-every-size",
    promise:
      "realloc keeps what fits from every size to every other, beside live blocks and free ones, and at the end",
    of: "realloc",
    run(tester) {
      const sizes = sizesAround(64 * KIB).filter((bytes) => bytes >= 8);
      for (const [i, from] of sizes.entries())
        for (const [j, to] of sizes.entries()) resizeOne(tester, from, to, (i + j) % 3);
      const every = everySize(32 * KIB);
      for (const [i, bytes] of every.entries()) {
        const next = every[i + 1] ?? bytes;
        resizeOne(tester, bytes, next, 0);
        resizeOne(tester, next, bytes, (i + 1) % 3);
      }
    },
  },
  {
    name: "aligned-blocks",
    promise:
      "aligned blocks of every alignment keep their contents, can be resized and freed, and are reused",
    of: "aligned",
    run(tester) {
      const blocks = new Blocks(tester);
      for (let align = 4; align <= MIB; align *= 2) {
        const sizes = align <= 64 * KIB ? [1, 24, 100, align - 1, align, align + 1, 3 * align] : [100, align];
        for (const bytes of sizes) {
          for (let i = 0; i < 2; i++) {
            const pointer = tester.aligned(align, bytes);
            tester.expect(
              pointer % align === 0,
              `aligned_alloc(${align}, ${bytes}) gave ${at(pointer)}, which is no multiple of ${align}`,
            );
            blocks.add(pointer, bytes);
            blocks.add(tester.malloc(FENCE + (bytes % 64)), FENCE + (bytes % 64));
          }
          blocks.resize(blocks.count - 2, 2 * bytes + 5);
          while (blocks.count > 12) blocks.free((5 * bytes) % blocks.count);
          const zeroed = tester.calloc(bytes);
          blocks.add(zeroed, bytes);
        }
      }
      blocks.freeAll();
      for (const align of LARGE_ALIGNMENTS) tester.withEachAligner(() => alignFar(tester, align));
      for (let bytes = 16; bytes <= MIB; bytes *= 2)
        for (const first of [0, 1]) tester.withEachAligner(() => alignGrown(tester, bytes, first));
    },
  },
];

/** A block on a multiple of so much may be refused; if it is given it is there, whole and apart. */
function alignFar(tester: Tester, align: number): void {
  const blocks = new Blocks(tester);
  for (const bytes of [100, 5000, 100]) {
    blocks.add(tester.malloc(FENCE), FENCE);
    const pointer = tester.tryAligned(align, bytes);
    tester.expect(
      pointer % align === 0,
      `aligned_alloc(${align}, ${bytes}) gave ${at(pointer)}, which is no multiple of ${align}`,
    );
    if (pointer) blocks.add(pointer, bytes);
  }
  blocks.freeAll();
}

/** What grew over the block behind it, wherever it began, and was freed, is no aligned block of its size. */
function alignGrown(tester: Tester, bytes: number, first: number): void {
  const shadow = new Shadow(tester, END);
  for (let key = 0; key < 6; key++) shadow.take(key, "malloc", bytes);
  for (const key of [first, first + 2]) {
    shadow.free(key + 1);
    shadow.resize(key, 2 * bytes);
    shadow.free(key);
    shadow.take(key, { align: 2 * bytes }, 2 * bytes);
    shadow.take(key + 1, { align: 2 * bytes }, 2 * bytes);
  }
  shadow.freeAll();
}

const at = (address: number) => `0x${address.toString(16)}`;
