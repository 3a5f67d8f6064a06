/** calloc's memory reads as zero, whatever was there before. */
import { Blocks } from "./blocks.js";
import type { Case } from "./case.js";
import { KIB, MIB, sizesAround, WASM_PAGE } from "./sizes.js";
import type { Tester } from "./tester.js";

const DIRT = 0xab;
/** Bytes after which an allocator that took no memory from the system is assumed never to. */
const MOST_USED = 1024 * MIB;
/** Sizes of blocks: one small, which many allocators manage in groups, and larger ones. */
const PIECES = [1000, 16 * KIB, 200 * KIB];

/** Takes a block, fills it with dirt and frees it. */
function leaveDirt(tester: Tester, bytes: number): void {
  const pointer = tester.malloc(bytes);
  tester.fill(pointer, DIRT, bytes);
  tester.free(pointer);
}

/** Takes seven units in three dirty blocks, then frees them: enough for an allocator to give memory back to the system. */
function giveBackDirt(tester: Tester, unit: number): void {
  const blocks = [4, 1, 2].map((part) => ({ bytes: part * unit, at: tester.malloc(part * unit) }));
  for (const { at, bytes } of blocks) tester.fill(at, DIRT, bytes);
  for (const { at } of blocks) tester.free(at);
}

/** Takes dirty blocks until the allocator gets more memory from the system. Returns whether it does. */
function useUp(tester: Tester): boolean {
  const bytes = 256 * KIB;
  const before = tester.systemBytes;
  for (let taken = 0; taken < MOST_USED; taken += bytes) {
    const pointer = tester.tryMalloc(bytes);
    if (!pointer) return false;
    tester.fill(pointer, DIRT, bytes);
    if (tester.systemBytes > before) return true;
  }
  return false;
}

export const zeroing: readonly Case[] = [
  {
    name: "calloc-fresh",
    promise: "calloc's memory is zero the first time, at every boundary of sizes",
    of: "calloc",
    run(tester) {
      for (const bytes of sizesAround(128 * KIB)) tester.calloc(bytes);
    },
  },
  {
    name: "calloc-reused",
    promise: "calloc's memory is zero after a whole block was written and freed",
    of: "calloc",
    run(tester) {
      // The second time behind all memory that there was at the start: what is new then is known to be zero.
      for (const heldBytes of [0, 2 * MIB]) {
        if (heldBytes) tester.malloc(heldBytes);
        for (const bytes of sizesAround(128 * KIB)) {
          leaveDirt(tester, bytes);
          tester.free(tester.calloc(bytes));
        }
      }
    },
  },
  {
    name: "calloc-reused-in-part",
    promise: "calloc's memory is zero after only the end of a block was written before it was freed",
    of: "calloc",
    run(tester) {
      for (const bytes of [24, 100, 1000, 4096, 10_000, 100_000, MIB]) {
        tester.free(tester.calloc(bytes));
        const pointer = tester.calloc(bytes);
        tester.store(pointer + bytes - 1, DIRT);
        tester.free(pointer);
        tester.free(tester.calloc(bytes));
      }
    },
  },
  {
    name: "calloc-after-shrink",
    promise: "calloc's memory is zero after realloc cut off the end of a block",
    of: "calloc",
    run(tester) {
      for (const bytes of [256, 4096, 50_000, 300_000, 3 * MIB, 24 * MIB]) {
        const pointer = tester.malloc(bytes);
        tester.fill(pointer, DIRT, bytes);
        const kept = tester.realloc(pointer, bytes / 8);
        const rest = tester.calloc(bytes / 2);
        tester.free(kept);
        tester.free(rest);
        tester.free(tester.calloc(bytes));
      }
    },
  },
  {
    name: "calloc-after-grow",
    promise: "calloc's memory is zero after realloc grew a block, or moved it away",
    of: "calloc",
    run(tester) {
      for (const bytes of [64, 1000, 5000, 100_000]) {
        const longer = tester.realloc(tester.malloc(bytes), 3 * bytes);
        tester.fill(longer, DIRT, 3 * bytes);
        tester.free(longer);
        tester.free(tester.calloc(3 * bytes));
        const pointer = tester.malloc(bytes);
        const fence = tester.malloc(16);
        tester.fill(pointer, DIRT, bytes);
        const grown = tester.realloc(pointer, 3 * bytes);
        const left = tester.calloc(bytes);
        for (const block of [left, fence, grown]) tester.free(block);
      }
    },
  },
  {
    name: "calloc-scribbled",
    promise: "calloc clears a reused block that is not small, too",
    of: "calloc",
    issue: "https://github.com/microsoft/mimalloc/pull/1385",
    run(tester) {
      for (let bytes = 64; bytes <= 64 * KIB; bytes += Math.max(64, Math.floor(bytes / 8))) {
        for (let round = 0; round < 3; round++) {
          leaveDirt(tester, bytes);
          tester.free(tester.calloc(bytes));
        }
      }
    },
  },
  {
    name: "calloc-new-arena",
    promise:
      "calloc takes memory from the system for zero only if it is zero, for blocks and for the allocator's own records",
    of: "calloc",
    issue: "https://github.com/microsoft/mimalloc/pull/816",
    run(tester) {
      const kept = new Blocks(tester);
      for (const unit of [256 * KIB, 512 * KIB]) {
        giveBackDirt(tester, unit);
        // More than was given back, so that the blocks use both dirty and new memory.
        for (const piece of PIECES)
          for (let taken = 0; taken < 3 * unit; taken += piece) kept.add(tester.calloc(piece), piece);
        giveBackDirt(tester, unit);
        // Larger than any block before, so that it comes from the system unless free blocks were joined.
        tester.free(tester.calloc(5 * unit));
      }
      kept.freeAll();
    },
  },
  {
    name: "calloc-grown",
    promise: "calloc's memory is zero when it is new, and all memory before it is in use and dirty",
    of: "calloc",
    issue: "https://github.com/EOSIO/eos/issues/3731",
    run(tester) {
      for (let round = 0; round < 3; round++) {
        if (!useUp(tester)) return "its memory does not grow";
        for (const bytes of [MIB, WASM_PAGE, 2 * MIB]) tester.fill(tester.calloc(bytes), DIRT, bytes);
      }
      return undefined;
    },
  },
  {
    name: "calloc-across-growth",
    promise: "calloc's memory is zero if it begins in memory that the allocator had, and ends in new memory",
    of: "calloc",
    issue: "https://github.com/jbush001/NyuziProcessor/issues/164",
    run(tester) {
      for (let bytes = 4096; bytes <= 8 * WASM_PAGE; bytes += 3 * 4096 + 8) {
        leaveDirt(tester, 24);
        tester.calloc(bytes);
      }
    },
  },
];
