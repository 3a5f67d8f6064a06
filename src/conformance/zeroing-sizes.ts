/** calloc's memory reads as zero at every size, however count and size make it up. */
import { Blocks } from "./blocks.js";
import type { Case } from "./case.js";
import { everySize, factorsOf, MIB } from "./sizes.js";
import type { Tester } from "./tester.js";

const DIRT = 0xab;
const COUNTS = [2, 3, 5, 7, 8, 16, 31, 64, 100, 1000, 4097];
const MEMBERS = [2, 3, 4, 6, 8, 12, 24, 40, 100, 256, 1000, 4096];
/** Most bytes of a block for which several lie side by side. */
const SMALL = 4096;
/** Sizes of blocks that are used, and then have new memory joined to them. */
const HALF_NEW = [6, 20, 60].map((size) => size * MIB);
/** So much that a buddy system leaves a gap before it in which they have room. */
const WIDE = 194 * MIB;
/** Sizes that are cleared in pieces, or by the page, if they are; and what a block of them is cut from, or joined to. */
const LARGE = [3, 6, 12, 20, 32, 33, 48, 64, 96, 130, 200].map((size) => size * MIB);
/** More blocks than an allocator keeps aside when they are freed: what was freed before is not there any more. */
const ASIDE = Array<number>(40).fill(300_000);

/** Takes blocks, fills them with dirt, and frees them: the first last. */
function leaveDirt(tester: Tester, sizes: readonly number[]): void {
  const blocks = sizes.map((bytes) => ({ bytes, at: tester.malloc(bytes) }));
  for (const { at, bytes } of blocks) tester.fill(at, DIRT, bytes);
  for (const { at } of blocks.reverse()) tester.free(at);
}

/** Takes zeroed blocks, dirties them all, and frees them. */
function useZeroed(tester: Tester, bytes: number, factors: readonly (readonly [number, number])[]): void {
  const pointers = factors.map(([count, size]) => tester.calloc(size, count));
  for (const pointer of pointers) tester.fill(pointer, DIRT, bytes);
  for (const pointer of pointers) tester.free(pointer);
}

export const zeroingSizes: readonly Case[] = [
  {
    name: "calloc-count-and-size",
    promise: "calloc gives and clears count times size bytes, where both are more than 1",
    of: "calloc",
    run(tester) {
      const blocks = new Blocks(tester);
      for (const count of COUNTS) {
        for (const size of MEMBERS.filter((one) => one * count <= MIB)) {
          leaveDirt(tester, [count * size, count * size]);
          for (let i = 0; i < 2; i++) blocks.add(tester.calloc(size, count), count * size);
          while (blocks.count > 6) blocks.free(0);
        }
      }
      blocks.freeAll();
    },
  },
  {
    name: "calloc-every-size",
    promise: "calloc clears a block that was used before, of every size",
    of: "calloc",
    run(tester) {
      for (const bytes of everySize(2 * MIB)) {
        const factors = bytes <= SMALL ? [1, 8, bytes].map((part) => factorsOf(bytes, part)) : [];
        const many = bytes <= SMALL ? factors : [factorsOf(bytes, 16)];
        leaveDirt(
          tester,
          many.map(() => bytes),
        );
        useZeroed(tester, bytes, many);
        // Behind it now lies a block that lives, so that it is not what was taken last from the system.
        const fence = tester.malloc(24);
        useZeroed(tester, bytes, many);
        tester.free(fence);
      }
    },
  },
  {
    name: "calloc-neighbours",
    promise: "calloc clears a block that was cut from a larger one, or joined from smaller ones",
    of: "calloc",
    run(tester) {
      for (const bytes of everySize(64 * 1024).filter((_, i) => i % 5 === 0)) {
        const fences = [tester.malloc(40)];
        leaveDirt(tester, [4 * bytes]);
        const parts = [1, 2, 1].map((part) => tester.calloc(part * bytes));
        for (const [i, pointer] of parts.entries()) tester.fill(pointer, DIRT, (i === 1 ? 2 : 1) * bytes);
        fences.push(tester.malloc(40));
        for (const pointer of [parts[1], parts[0], parts[2]]) tester.free(pointer as number);
        for (const part of [3, 4, 2]) tester.free(tester.calloc(part * bytes));
        for (const fence of fences) tester.free(fence);
      }
    },
  },
  {
    name: "calloc-large",
    promise: "calloc clears a used block of tens of MiB to its last byte",
    of: "calloc",
    run(tester) {
      for (const bytes of LARGE) {
        for (const aside of [[], ASIDE]) {
          const used = tester.tryMalloc(bytes);
          if (!used) return bytes === LARGE[0] ? `it has no ${bytes} bytes` : undefined;
          tester.fill(used, DIRT, bytes);
          tester.free(used);
          leaveDirt(tester, aside);
          tester.free(tester.calloc(bytes));
        }
        tester.free(tester.calloc(bytes / 2 - 5000));
      }
      return undefined;
    },
  },
  {
    name: "calloc-half-new",
    promise: "calloc clears a block of up to 120 MiB of which a part was used before, and a part is new",
    of: "calloc",
    run(tester) {
      if (!tester.tryMalloc(WIDE)) return "it has not so much memory";
      for (const bytes of HALF_NEW) {
        const used = tester.tryMalloc(bytes);
        if (!used) return undefined;
        tester.fill(used, DIRT, bytes);
        tester.free(used);
        const whole = 2 * bytes - 5000;
        // It stays, so that the next has new memory beside it again.
        const joined = tester.tryCalloc(1, whole);
        if (!joined) return undefined;
        tester.expectZero(joined, whole);
      }
      return undefined;
    },
  },
];
