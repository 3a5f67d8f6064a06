/** calloc's memory reads as zero, whatever was there. */
import { Blocks } from "./blocks.js";
import { type Case, sizesAround } from "./case.js";
import type { Tester } from "./tester.js";

const KIB = 1024;
const MIB = 1024 * KIB;
const DIRT = 0xab;
const WASM_PAGE = 64 * KIB;
/** An allocator that has taken no more from its host by then is assumed never to. */
const MOST_USED = 1024 * MIB;
/** Small ones, which many allocators keep books of together, and larger ones. */
const PIECES = [1000, 16 * KIB, 200 * KIB];

/** A block full of dirt, freed. */
function leaveDirt(tester: Tester, bytes: number): void {
  const pointer = tester.malloc(bytes);
  tester.fill(pointer, DIRT, bytes);
  tester.free(pointer);
}

/** Takes seven units in three blocks, then frees them: so much an allocator may give back to its host. */
function giveBackDirt(tester: Tester, unit: number): void {
  const blocks = [4, 1, 2].map((part) => ({ bytes: part * unit, at: tester.malloc(part * unit) }));
  for (const { at, bytes } of blocks) tester.fill(at, DIRT, bytes);
  for (const { at } of blocks) tester.free(at);
}

/** Takes blocks full of dirt until the allocator needs more from its host. Returns whether it gets it. */
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
    promise: "calloc's memory is zero the first time, at every edge of sizes",
    of: "calloc",
    run(tester) {
      for (const bytes of sizesAround(128 * KIB)) tester.calloc(bytes);
    },
  },
  {
    name: "calloc-reused",
    promise: "calloc's memory is zero where a whole block was written and freed",
    of: "calloc",
    run(tester) {
      for (const bytes of sizesAround(128 * KIB)) {
        leaveDirt(tester, bytes);
        tester.free(tester.calloc(bytes));
      }
    },
  },
  {
    name: "calloc-reused-in-part",
    promise: "calloc's memory is zero where only the end of a block was written before it was freed",
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
    promise: "calloc's memory is zero where a realloc gave up the end of a block",
    of: "calloc",
    run(tester) {
      for (const bytes of [256, 4096, 50_000, 300_000]) {
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
    promise: "calloc's memory is zero where a realloc left a block behind",
    of: "calloc",
    run(tester) {
      for (const bytes of [64, 1000, 5000, 100_000]) {
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
    promise: "calloc clears beyond its small sizes too, when a block is reused",
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
      "what an allocator takes from its host when it runs short is believed to be zero only where it is, in blocks and in what it notes about them",
    of: "calloc",
    issue: "https://github.com/microsoft/mimalloc/pull/816",
    run(tester) {
      const kept = new Blocks(tester);
      for (const unit of [256 * KIB, 512 * KIB]) {
        giveBackDirt(tester, unit);
        // More than was given back, so that they use both dirty and new memory.
        for (const piece of PIECES)
          for (let taken = 0; taken < 3 * unit; taken += piece) kept.add(tester.calloc(piece), piece);
        giveBackDirt(tester, unit);
        // Larger than any block before, so that it comes from the host unless those were joined.
        tester.free(tester.calloc(5 * unit));
      }
      kept.freeAll();
    },
  },
  {
    name: "calloc-grown",
    promise: "calloc's memory is zero where it is new, while all there was before is in use and dirty",
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
    promise: "calloc's memory is zero where it begins in memory the allocator had, and ends in what it got",
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
