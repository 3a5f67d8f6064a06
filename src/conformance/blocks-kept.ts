/** Blocks are aligned, do not overlap, and keep their contents. */
import { numbersFrom } from "../base/random.js";
import { Blocks } from "./blocks.js";
import type { Case } from "./case.js";
import { everySize, KIB, MIB } from "./sizes.js";
import type { Tester } from "./tester.js";

/** Blocks that live on while the alignment of others is looked at. */
const LIVE_ALIGNED = 30;
/** Sizes that allocators take from the system, or keep in other ways than small ones. Memories of 64 MiB have room for them. */
const LARGE = [70 * KIB, 129 * KIB, 300_000, MIB, 2 * MIB + 8];
const STEPS = 3000;
const MOST_LIVE = 200;
const SEED = 0x5eed;
/** Sizes that one block has in turn. */
const GROWN = [
  ...[40, 3000, 200_000, 5_000_000, 19_000_000, 40_000_000, 150_000],
  ...[1_500_000, 2_000_000, 900, 70, 24, 1],
];

export const keeping: readonly Case[] = [
  {
    name: "alignment",
    promise:
      "every block is aligned for any object that fits into it, up to 8 bytes, and as aligned as was asked for",
    of: "aligned",
    run(tester) {
      const held: number[] = [];
      for (const bytes of everySize(4096)) {
        const wanted = Math.min(8, 2 ** Math.floor(Math.log2(bytes)));
        for (const pointer of [tester.malloc(bytes), tester.calloc(bytes)]) {
          const seen = alignmentOf(pointer);
          tester.expect(
            seen >= wanted,
            `a block of ${bytes} bytes is not aligned to ${wanted}, but to ${seen}`,
          );
          held.push(pointer);
        }
        if (held.length > LIVE_ALIGNED) tester.free(held.splice(bytes % LIVE_ALIGNED, 1)[0] as number);
      }
      for (let align = 16; align <= 64 * KIB; align *= 2) {
        tester.withEachAligner(() => {
          const pointers = [1, 100, 5000, 100, 24, 9000].map((bytes) => tester.aligned(align, bytes));
          const odd = pointers.some((pointer) => pointer % align !== 0);
          tester.expect(!odd, `a block is not aligned to ${align}`);
          for (const pointer of pointers) tester.free(pointer);
        });
      }
    },
  },
  {
    name: "alignment-16",
    promise: "a block of 16 bytes or more is on a multiple of 16, as C's ABI asks of wasm32 for long double",
    of: "malloc",
    issue: "https://github.com/WebAssembly/wasi-libc/issues/249",
    run(tester) {
      if (tester.alignment === null)
        return "its functions are told what alignment is asked for, or promise none";
      const seen = leastAlignment(tester);
      if (tester.alignment < 16) return `its ABI is Emscripten's, which asks for 8; seen is ${seen}`;
      tester.tell(`the alignment seen is ${seen}`);
      return undefined;
    },
  },
  {
    name: "no-overlap",
    promise: "blocks do not overlap, and keep their contents while other blocks come and go",
    of: "malloc",
    run(tester) {
      const blocks = new Blocks(tester);
      const below = numbersFrom(SEED);
      for (let step = 0; step < STEPS; step++) {
        const bytes = 1 + below(2 ** (3 + below(13)));
        if (blocks.count > MOST_LIVE || (blocks.count > 0 && below(3) === 0))
          blocks.free(below(blocks.count));
        else if (blocks.count > 0 && below(4) === 0) blocks.resize(below(blocks.count), bytes);
        else blocks.add(tester.malloc(bytes), bytes);
      }
      blocks.freeAll();
    },
  },
  {
    name: "usable-size",
    promise: "malloc_usable_size is at least the size asked for, and the block owns all of those bytes",
    of: "usableSize",
    run(tester) {
      const blocks = new Blocks(tester);
      const nothing = tester.usableSize(0);
      tester.expect(nothing === undefined || nothing === 0, `the usable size of no block is ${nothing}`);
      for (const bytes of [...everySize(64 * KIB), ...LARGE]) {
        const grown = tester.realloc(tester.malloc(bytes), bytes + (bytes >> 2));
        const taken = [tester.malloc(bytes), tester.calloc(bytes), tester.aligned(16 << (bytes % 9), bytes)];
        for (const pointer of [...taken, tester.realloc(grown, bytes)]) {
          const usable = tester.usableSize(pointer);
          if (usable === undefined) return "the allocator has no malloc_usable_size";
          const isSane = usable >= bytes && usable <= tester.systemBytes;
          tester.expect(isSane, `the usable size of a block of ${bytes} bytes is ${usable}`);
          blocks.add(pointer, usable);
        }
        while (blocks.count > (bytes > MIB ? 2 : MOST_LIVE)) blocks.free(bytes % blocks.count);
      }
      blocks.freeAll();
      return undefined;
    },
  },
  {
    name: "realloc-contents",
    promise: "realloc keeps the contents that fit, whether a block grows or shrinks, in place or elsewhere",
    of: "realloc",
    run(tester) {
      const blocks = new Blocks(tester);
      blocks.add(tester.malloc(1), 1);
      for (const bytes of GROWN) {
        blocks.resize(0, bytes);
        // Keeps the block from growing in place next time.
        tester.fill(tester.malloc(48), 0xff, 48);
      }
      blocks.freeAll();
    },
  },
  {
    name: "realloc-nothing",
    promise: "realloc of 0 allocates a block",
    of: "realloc",
    run(tester) {
      const blocks = new Blocks(tester);
      const pointer = tester.tryRealloc(0, 100);
      tester.expect(pointer !== 0, "realloc(0, 100) returned 0");
      blocks.add(pointer, 100);
      blocks.add(tester.malloc(100), 100);
      for (const [i, bytes] of [...everySize(70 * KIB), ...LARGE].entries()) {
        blocks.add(tester.realloc(0, bytes), bytes);
        if (i % 3 === 0) blocks.resize(blocks.count - 1, bytes + (bytes >> 1));
        while (blocks.count > LIVE_ALIGNED) blocks.free((5 * i) % blocks.count);
      }
      blocks.freeAll();
    },
  },
  {
    name: "large-gap",
    promise:
      "a free block of 16 MiB or more is not mistaken for a live one, and no other block grows into it",
    of: "malloc",
    issue: "https://github.com/SFBdragon/talc/pull/49",
    run(tester) {
      for (const size of [17, 24, 33, 40, 48]) {
        const isWhole = fillGap(tester, size);
        if (!isWhole) return `it runs out of memory before a gap of ${size} MiB is filled`;
      }
      return undefined;
    },
  },
];

const alignmentOf = (pointer: number): number => {
  let align = 1;
  while (align < 4096 && pointer % (2 * align) === 0) align *= 2;
  return align;
};

/** The least alignment of blocks of 16 bytes or more. @throws BrokenPromise if it is less than asked for. */
function leastAlignment(tester: Tester): number {
  let least = 4096;
  const held: number[] = [];
  for (const bytes of [...everySize(64 * KIB).filter((one) => one >= 16), ...LARGE]) {
    // One of another size before each, so that none is on a multiple of 16 because the one before it ended there.
    const small = tester.malloc(1 + (bytes % 23));
    for (const pointer of [tester.malloc(bytes), tester.calloc(bytes), tester.realloc(small, bytes)]) {
      const seen = alignmentOf(pointer);
      least = Math.min(least, seen);
      tester.expect(
        seen >= 16 || tester.alignment !== 16,
        `a block of ${bytes} bytes at 0x${pointer.toString(16)} is not on a multiple of 16; it is on one of ${seen}. Emscripten's ABI asks only for 8: ` +
          "if it linked this module, say --alignment 8",
      );
      held.push(pointer);
    }
    // Some live on, so that blocks lie between others too.
    while (held.length > (bytes > MIB ? 2 : LIVE_ALIGNED))
      tester.free(held.splice(bytes % held.length, 1)[0] as number);
  }
  for (const pointer of held) tester.free(pointer);
  return least;
}

/** Leaves a gap of `size` MiB and fills it with blocks. Returns whether there was memory for all of them. */
function fillGap(tester: Tester, size: number): boolean {
  const gap = tester.tryMalloc(size * MIB);
  if (!gap) return false;
  tester.store(gap, 1);
  tester.free(gap);
  const blocks = new Blocks(tester);
  // The first block grows the heap behind the gap. The others are more than fit into the gap.
  for (const bytes of [(size + 3) * MIB, ...Array(size + 2).fill(MIB)]) {
    const pointer = tester.tryMalloc(bytes);
    if (pointer) blocks.add(pointer, bytes);
  }
  const isWhole = blocks.count === size + 3;
  blocks.freeAll();
  return isWhole;
}
