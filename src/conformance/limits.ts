/** Empty requests, requests that are too large, and the end of memory. */
import { formatBytes } from "../base/bytes.js";
import { Blocks } from "./blocks.js";
import type { Case } from "./case.js";
import type { Tester } from "./tester.js";

const KIB = 1024;
const MIB = 1024 * KIB;
const GIB = 1024 * MIB;
const WASM_PAGE = 64 * KIB;

/** Factors whose product is too large for a size. Wrapped around, the product is small. */
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

/** Sizes that wrap around to small ones when a header is added to them, or when they are rounded up. */
const NEARLY_ALL = {
  32: [2 ** 32 - 1, 2 ** 32 - 8, 2 ** 32 - 16, 2 ** 32 - 100, 2 ** 32 - 4096, 2 ** 32 - WASM_PAGE],
  64: [],
} as const;

const beyondLimit = (memoryBytes: number) =>
  `it gave more than ${formatBytes(memoryBytes)}, to which it was to be limited: what opens it has to pass the limit on`;

export const limits: readonly Case[] = [
  {
    name: "calloc-overflow",
    promise: "calloc returns 0 if count times size overflows",
    of: "calloc",
    run(tester) {
      for (const [count, size] of OVERFLOWS[tester.addressBits]) {
        const pointer = tester.tryCalloc(count, size);
        tester.expect(pointer === 0, `calloc(${count}, ${size}) gave memory`);
      }
      tester.calloc(100);
    },
  },
  {
    name: "nothing",
    promise: "malloc and calloc of 0 bytes do no harm, whatever they return",
    of: "malloc",
    run(tester) {
      const blocks = new Blocks(tester);
      blocks.add(tester.malloc(24), 24);
      const empty = [tester.tryMalloc(0), tester.tryCalloc(0, 8), tester.tryCalloc(8, 0)];
      for (let i = 0; i < 10; i++) blocks.add(tester.malloc(24), 24);
      for (const pointer of empty) tester.free(pointer);
      for (let i = 0; i < 10; i++) blocks.add(tester.malloc(24), 24);
      blocks.freeAll();
    },
  },
  {
    name: "free-nothing",
    promise: "free of 0 does nothing",
    of: "free",
    run(tester) {
      const blocks = new Blocks(tester);
      for (let i = 0; i < 10; i++) {
        tester.free(0);
        blocks.add(tester.malloc(40), 40);
      }
      blocks.freeAll();
    },
  },
  {
    name: "exhaustion",
    promise:
      "when memory runs out malloc returns 0, all blocks keep their contents, and freed memory can be allocated again",
    of: "malloc",
    memoryBytes: 96 * MIB,
    endsMemory: true,
    run(tester) {
      const blocks = new Blocks(tester);
      fillUp(tester, blocks, MIB, 96 * MIB);
      tester.expect(tester.tryMalloc(200 * MIB) === 0, "it gave 200 MiB out of 96 MiB");
      for (const bytes of NEARLY_ALL[tester.addressBits])
        tester.expect(tester.tryMalloc(bytes) === 0, `malloc(${bytes}) gave memory`);
      const had = blocks.count;
      tester.expect(had > 0, "it gave no block of 1 MiB out of 96 MiB");
      blocks.freeAll();
      blocks.add(tester.malloc(MIB), MIB);
      blocks.freeAll();
    },
  },
  {
    name: "realloc-failed",
    promise: "a realloc that fails keeps the block as it is",
    of: "realloc",
    memoryBytes: 96 * MIB,
    endsMemory: true,
    run(tester) {
      const blocks = new Blocks(tester);
      const pointer = tester.malloc(5000);
      tester.fill(pointer, 0x77, 5000);
      const moved = tester.tryRealloc(pointer, 300 * MIB);
      tester.expect(moved === 0, "realloc gave 300 MiB out of 96 MiB");
      blocks.add(tester.malloc(5000), 5000);
      tester.expectFilled(pointer, 0x77, 5000);
      tester.free(pointer);
      blocks.freeAll();
    },
  },
  {
    name: "page-sizes",
    promise: "malloc serves sizes just below whole pages of 64 KiB, and returns",
    of: "malloc",
    issue: "https://github.com/SFBdragon/talc/issues/47",
    run(tester) {
      for (let pages = 1; pages <= 4; pages++) {
        for (let less = 0; less <= 64; less++) tester.store(tester.malloc(pages * WASM_PAGE - less), 1);
      }
    },
  },
  {
    name: "high-addresses",
    promise: "blocks above 2 GiB, up to the end of 4 GiB, are as good as others",
    of: "malloc",
    memoryBytes: 4 * GIB,
    addressBits: 32,
    endsMemory: true,
    run(tester) {
      const low = takeAbove(tester, 2 * GIB);
      if (low === undefined) return "it runs out of memory below 2 GiB";
      const blocks = new Blocks(tester);
      for (const bytes of [16, 1000, 70_000]) {
        blocks.add(tester.malloc(bytes), bytes);
        blocks.add(tester.calloc(bytes), bytes);
      }
      blocks.resize(1, 90_000);
      fillUp(tester, blocks, 128 * MIB, 4 * GIB, (pointer) => tester.store(pointer + 128 * MIB - 1, 0x5a));
      blocks.expectKept();
      blocks.freeAll();
      for (const pointer of low) tester.free(pointer);
      tester.malloc(MIB);
      return undefined;
    },
  },
];

/**
 * Takes blocks until memory runs out, or nearly so with an allocator that would trap there, out of so many bytes. Adds
 * them to `blocks`, unless `use` is given, which then gets them.
 */
function fillUp(
  tester: Tester,
  blocks: Blocks,
  bytes: number,
  memoryBytes: number,
  use?: (pointer: number) => void,
): void {
  for (let taken = 0; !tester.mayEnd(bytes, memoryBytes); taken += bytes) {
    const pointer = tester.tryMalloc(bytes);
    if (!pointer) return;
    // Without a limit this would never end where addresses have 64 bits.
    tester.expect(taken < memoryBytes, beyondLimit(memoryBytes));
    if (use) use(pointer);
    else blocks.add(pointer, bytes);
  }
}

/** Takes large blocks until one ends above an address. Undefined if memory runs out before. */
function takeAbove(tester: Tester, address: number): number[] | undefined {
  const taken: number[] = [];
  const bytes = 256 * MIB;
  for (let top = 0; top < address; ) {
    const pointer = tester.tryMalloc(bytes);
    if (!pointer) return undefined;
    tester.store(pointer, 1);
    tester.store(pointer + bytes - 1, 1);
    taken.push(pointer);
    top = Math.max(top, pointer + bytes);
  }
  return taken;
}
