/** Nothing, too much, and the ends of memory. */
import type { Bench } from "./bench.js";
import { Blocks } from "./blocks.js";
import type { Case } from "./case.js";

const KIB = 1024;
const MIB = 1024 * KIB;
const GIB = 1024 * MIB;
const WASM_PAGE = 64 * KIB;

/** Products beyond what a size can be; what is left of them when they wrap is little. */
const OVERFLOWS = {
  32: [
    [2 ** 16, 2 ** 16],
    [2 ** 16 + 1, 2 ** 16],
    [2 ** 31, 2],
    [2 ** 31 + 4, 2],
    [3, 0x55555560],
    [2 ** 32 - 1, 2 ** 32 - 1],
  ],
  64: [
    [2 ** 40, 2 ** 40],
    [2 ** 32, 2 ** 32],
    [2 ** 47, 2 ** 17],
  ],
} as const;

export const limits: readonly Case[] = [
  {
    name: "calloc-overflow",
    promise: "calloc returns 0 where count times size is more than an address can be",
    of: "calloc",
    run(bench) {
      for (const [count, size] of OVERFLOWS[bench.addressBits]) {
        const pointer = bench.tryCalloc(count, size);
        bench.expect(pointer === 0, `calloc(${count}, ${size}) gave memory`);
      }
      bench.calloc(100);
    },
  },
  {
    name: "nothing",
    promise: "malloc and calloc of nothing do no harm, whatever they return",
    of: "malloc",
    run(bench) {
      const blocks = new Blocks(bench);
      blocks.add(bench.malloc(24), 24);
      const empty = [bench.tryMalloc(0), bench.tryCalloc(0, 8), bench.tryCalloc(8, 0)];
      for (let i = 0; i < 10; i++) blocks.add(bench.malloc(24), 24);
      for (const pointer of empty) bench.free(pointer);
      for (let i = 0; i < 10; i++) blocks.add(bench.malloc(24), 24);
      blocks.freeAll();
    },
  },
  {
    name: "free-nothing",
    promise: "free of 0 does nothing",
    of: "free",
    run(bench) {
      const blocks = new Blocks(bench);
      for (let i = 0; i < 10; i++) {
        bench.free(0);
        blocks.add(bench.malloc(40), 40);
      }
      blocks.freeAll();
    },
  },
  {
    name: "exhaustion",
    promise:
      "where memory ends malloc returns 0, all blocks keep their contents, and what is freed is had again",
    of: "malloc",
    memoryBytes: 96 * MIB,
    run(bench) {
      const blocks = new Blocks(bench);
      fillUp(bench, blocks, MIB);
      bench.expect(bench.tryMalloc(200 * MIB) === 0, "it gave 200 MiB of 96 MiB");
      const had = blocks.count;
      bench.expect(had > 0, "it gave not one block of 1 MiB of 96 MiB");
      blocks.freeAll();
      blocks.add(bench.malloc(MIB), MIB);
      blocks.freeAll();
    },
  },
  {
    name: "realloc-failed",
    promise: "a realloc that fails keeps the block as it is",
    of: "realloc",
    memoryBytes: 96 * MIB,
    run(bench) {
      const blocks = new Blocks(bench);
      const pointer = bench.malloc(5000);
      bench.fill(pointer, 0x77, 5000);
      const moved = bench.tryRealloc(pointer, 300 * MIB);
      bench.expect(moved === 0, "realloc gave 300 MiB of 96 MiB");
      blocks.add(bench.malloc(5000), 5000);
      bench.expectFilled(pointer, 0x77, 5000);
      bench.free(pointer);
      blocks.freeAll();
    },
  },
  {
    name: "page-sizes",
    promise: "sizes next to whole pages of 64 KiB are served, and in the end",
    of: "malloc",
    issue: "https://github.com/SFBdragon/talc/issues/47",
    run(bench) {
      for (let pages = 1; pages <= 4; pages++) {
        for (let less = 0; less <= 64; less++) bench.store(bench.malloc(pages * WASM_PAGE - less), 1);
      }
    },
  },
  {
    name: "high-addresses",
    promise: "blocks beyond 2 GiB, and up to where 4 GiB end, are as good as others",
    of: "malloc",
    memoryBytes: 4 * GIB,
    addressBits: 32,
    run(bench) {
      const low = takeAbove(bench, 2 * GIB);
      if (low === undefined) return "its memory ends before 2 GiB";
      const blocks = new Blocks(bench);
      for (const bytes of [16, 1000, 70_000]) {
        blocks.add(bench.malloc(bytes), bytes);
        blocks.add(bench.calloc(bytes), bytes);
      }
      blocks.resize(1, 90_000);
      fillUp(bench, blocks, 128 * MIB, (pointer) => bench.store(pointer + 128 * MIB - 1, 0x5a));
      blocks.expectKept();
      blocks.freeAll();
      for (const pointer of low) bench.free(pointer);
      bench.malloc(MIB);
      return undefined;
    },
  },
];

/** Takes blocks until there is no more; unless they are only noted they are filled. */
function fillUp(bench: Bench, blocks: Blocks, bytes: number, note?: (pointer: number) => void): void {
  for (let pointer = bench.tryMalloc(bytes); pointer; pointer = bench.tryMalloc(bytes)) {
    if (note) note(pointer);
    else blocks.add(pointer, bytes);
  }
}

/** Takes large blocks until one ends above an address; undefined if none does. */
function takeAbove(bench: Bench, address: number): number[] | undefined {
  const taken: number[] = [];
  const bytes = 256 * MIB;
  for (let top = 0; top < address; ) {
    const pointer = bench.tryMalloc(bytes);
    if (!pointer) return undefined;
    bench.store(pointer, 1);
    bench.store(pointer + bytes - 1, 1);
    taken.push(pointer);
    top = Math.max(top, pointer + bytes);
  }
  return taken;
}
