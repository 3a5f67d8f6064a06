/** Empty requests, requests that are too large, and the end of memory. */
import { formatBytes } from "../base/bytes.js";
import { Blocks } from "./blocks.js";
import type { Case } from "./case.js";
import { everySize, KIB, MIB, WASM_PAGE } from "./sizes.js";
import type { Tester } from "./tester.js";

/** Factors of each power of two from 2^32 to 2^62, and of a little more: small products, where the highest bits are lost. */
const POWERS = Array.from({ length: 31 }, (_, i) => [2 ** Math.min(31, 28 + i), 2 ** Math.max(4, i + 1)]);

/** Factors whose product is too large for a size. Wrapped around, it is small; that of the last three is more than each. */
const OVERFLOWS: Record<32 | 64, readonly (readonly number[])[]> = {
  32: [
    ...POWERS,
    ...POWERS.map(([high = 0, low = 0]) => [high + 1, low]),
    [2 ** 16, 2 ** 16],
    [2 ** 16 + 1, 2 ** 16],
    [2 ** 31, 2],
    [2 ** 31 + 4, 2],
    [3, 0x55555560],
    [641, 6_700_417],
    [8, 2 ** 29 + 1],
    [2 ** 30, 12],
    [5000, 858_994],
    [2 ** 31, 2 ** 31 + 1],
    [2 ** 32 - 1, 2],
    [2 ** 32 - 1, 2 ** 32 - 1],
    [2 ** 16 + 1, 2 ** 16 + 1],
    [70_000, 70_000],
    [100_000, 43_000],
  ],
  64: [
    [2 ** 40, 2 ** 40],
    [2 ** 32, 2 ** 32],
    [2 ** 47, 2 ** 17],
  ],
};

/** More bytes than there are. Those near the end wrap around to small sizes when a header is added, or when they are rounded up. */
const TOO_LARGE = {
  32: [
    ...[4096, 65_536, 65_552, 100, 64, 33, 32, 31, 24, 17, 16, 15, 12, 11, 9, 8, 7, 5, 4, 3, 2, 1].map(
      (less) => 2 ** 32 - less,
    ),
    ...[2 ** 29, 2 ** 30, 2 ** 31 - 1, 2 ** 31 - 16, 2 ** 31, 2 ** 31 + 1, 2 ** 31 + 2 ** 20, 3 * 2 ** 30],
  ],
  64: [2 ** 29, 2 ** 31, 2 ** 32 - 1, 2 ** 32, 2 ** 32 + 8, 2 ** 40, 2 ** 46],
} as const;

/** Factors whose product nearly is 2^32: it wraps around once a header is added, or it is rounded up. */
const NEARLY_OVERFLOWS = {
  32: [
    [65_535, 65_537],
    [2, 2 ** 31 - 4],
    [2 ** 28 - 1, 16],
    [4, 2 ** 30 - 3],
    [2 ** 20 - 1, 4096],
  ],
  64: [],
} as const;

const EMPTY = 40;
/** Sizes of blocks for which realloc fails. */
const KEPT = [24, 600, 5000, 64 * KIB, 512 * KIB, 4 * MIB];
const FAILURES = 20;

const beyondLimit = (memoryBytes: number) =>
  `it gave more than ${formatBytes(memoryBytes)}, to which it was to be limited: what opens it has to pass the limit on`;

export const limits: readonly Case[] = [
  {
    name: "calloc-overflow",
    promise: "calloc returns 0 if count times size overflows",
    of: "calloc",
    run(tester) {
      for (const [one = 0, other = 0] of OVERFLOWS[tester.addressBits]) {
        for (const [count, size] of [
          [one, other],
          [other, one],
        ] as const) {
          const pointer = tester.tryCalloc(count, size);
          tester.expect(
            pointer === 0,
            `calloc(${count}, ${size}) gave memory, though that is ${count * size} bytes`,
          );
        }
      }
      tester.calloc(100);
    },
  },
  {
    name: "nothing",
    promise: "a request of 0 bytes does no harm, whatever it returns",
    of: "malloc",
    run(tester) {
      const blocks = new Blocks(tester);
      const empty: number[] = [];
      const live = new Set<number>();
      for (let i = 0; i < EMPTY; i++) {
        const pointer = tester.malloc(24);
        blocks.add(pointer, 24);
        live.add(pointer);
        empty.push(takeNothing(tester, i % 5));
        if (i % 4 === 3) tester.free(empty.splice(i / 8, 1)[0] as number);
      }
      tester.expect(!empty.some((one) => live.has(one)), "an empty block is where a live one is");
      const given = empty.filter((one) => one !== 0);
      tester.expect(new Set(given).size === given.length, "two empty blocks are at the same address");
      const grown = empty.splice(0, 8).map((pointer) => tester.realloc(pointer, 64));
      for (const pointer of grown) blocks.add(pointer, 64);
      for (const pointer of empty) tester.free(pointer);
      for (let i = 0; i < EMPTY; i++) blocks.add(tester.malloc(24), 24);
      blocks.freeAll();
    },
  },
  {
    name: "realloc-to-nothing",
    promise:
      "realloc to 0 bytes frees the block, or gives one that can be resized and freed, and does no harm",
    of: "realloc",
    run(tester) {
      const blocks = new Blocks(tester);
      for (const [i, bytes] of everySize(300 * KIB).entries()) {
        blocks.add(tester.malloc(bytes), bytes);
        const pointer = tester.malloc(bytes);
        tester.fill(pointer, 0x77, bytes);
        const empty = tester.tryRealloc(pointer, 0);
        // If it was freed, this may come to its place; if it was not, it may not.
        const next = tester.malloc(bytes);
        tester.expect(empty !== next, "an empty block is where a live one is");
        blocks.add(next, bytes);
        if (empty !== 0 && i % 2 === 0) blocks.add(tester.realloc(empty, bytes), bytes);
        else tester.free(empty);
        while (blocks.count > EMPTY) blocks.free(i % EMPTY);
      }
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
        for (const bytes of [40, 500, 5000, 300 * KIB]) blocks.add(tester.malloc(bytes), bytes);
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
      for (const bytes of KEPT) {
        // Allocators with regions for large blocks may have no room for one in so little memory.
        const pointer = bytes >= 64 * KIB ? tester.tryMalloc(bytes) : tester.malloc(bytes);
        if (pointer === 0) continue;
        tester.fill(pointer, 0x77, bytes);
        const moved = tester.tryRealloc(pointer, 300 * MIB);
        tester.expect(moved === 0, "realloc gave 300 MiB out of 96 MiB");
        // If it was freed, this may come to its place.
        const other = tester.tryMalloc(bytes);
        if (other) blocks.add(other, bytes);
        tester.expectFilled(pointer, 0x77, bytes);
        tester.free(pointer);
      }
      blocks.freeAll();
    },
  },
  {
    name: "failures-cost-nothing",
    promise: "a request that fails takes no memory: what was free before can still be had",
    of: "malloc",
    memoryBytes: 96 * MIB,
    endsMemory: true,
    run(tester) {
      const blocks = new Blocks(tester);
      const [kept, result] = [tester.malloc(100), tester.malloc(16)];
      // Once before, for what is kept from the first time on.
      failEach(tester, kept, result);
      let last = 0;
      for (const bytes of [MIB, 64 * KIB, 4080, 500, 64, 16])
        fillUp(tester, blocks, bytes, 96 * MIB, (pointer) => {
          if (bytes === MIB) last = pointer;
        });
      tester.free(last);
      last = tester.tryMalloc(MIB);
      if (last === 0) return "it does not give again at once what was freed";
      tester.free(last);
      for (let i = 0; i < FAILURES; i++) failEach(tester, kept, result);
      last = tester.tryMalloc(MIB);
      tester.expect(
        last !== 0,
        `after ${FAILURES} requests of each kind that failed, 1 MiB that was free is not`,
      );
      return undefined;
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
    name: "huge-sizes",
    promise: "every function returns 0 for more than there is, up to the largest size, and changes nothing",
    of: "malloc",
    memoryBytes: 256 * MIB,
    endsMemory: true,
    run(tester) {
      const blocks = new Blocks(tester);
      const kept = tester.malloc(1000);
      blocks.add(kept, 1000);
      for (const bytes of TOO_LARGE[tester.addressBits]) {
        refuse(tester, bytes, kept);
        blocks.add(tester.malloc(100), 100);
        blocks.add(tester.malloc(5000), 5000);
      }
      for (const [count, size] of NEARLY_OVERFLOWS[tester.addressBits])
        tester.expect(
          tester.tryCalloc(count, size) === 0,
          `calloc(${count}, ${size}) gave memory out of 256 MiB`,
        );
      for (const align of tester.addressBits === 32 ? [2 ** 28, 2 ** 30, 2 ** 31] : [])
        tester.expect(tester.tryAligned(align, 16) === 0, `aligned_alloc(${align}, 16) gave memory`);
      blocks.expectKept();
      blocks.resize(0, 50_000);
      blocks.freeAll();
    },
  },
  {
    name: "descending-sizes",
    promise:
      "after a request that fails smaller ones get what is left, nothing more, and all blocks keep their contents",
    of: "malloc",
    memoryBytes: 96 * MIB,
    endsMemory: true,
    run(tester) {
      const blocks = new Blocks(tester);
      const [first, second] = [0, 1].map(() => {
        takeDescending(tester, blocks, 96 * MIB);
        const { bytes } = blocks;
        blocks.freeAll();
        return bytes;
      }) as [number, number];
      tester.expect(first <= 96 * MIB, `it gave ${first} bytes out of 96 MiB`);
      const again = `once all was freed, the same requests got ${second} bytes instead of ${first}`;
      tester.expect(second >= first / 2, again);
    },
  },
];

/** Asks for no bytes, in one of five ways. */
function takeNothing(tester: Tester, way: number): number {
  if (way === 0) return tester.tryMalloc(0);
  if (way === 1) return tester.tryCalloc(0, 8);
  if (way === 2) return tester.tryCalloc(8, 0);
  return way === 3 ? tester.tryRealloc(0, 0) : tester.tryAligned(64, 0);
}

/** Asks for what there is not, or cannot be, in each way once. */
function failEach(tester: Tester, kept: number, result: number): void {
  const pointers = [
    tester.tryMalloc(200 * MIB),
    tester.tryCalloc(2 ** 16 + 1, 2 ** 16),
    tester.tryCalloc(2, 100 * MIB),
    tester.tryRealloc(kept, 200 * MIB),
    tester.tryRealloc(0, 200 * MIB),
    tester.tryAligned(64, 200 * MIB),
  ];
  tester.expect(!pointers.some((pointer) => pointer !== 0), "it gave 200 MiB or more out of 96 MiB");
  if (tester.hasPosixMemalign) for (const align of [24, 64]) tester.posixMemalign(result, align, 200 * MIB);
}

/** Asks every function for too much. */
function refuse(tester: Tester, bytes: number, kept: number): void {
  const pointers = {
    [`malloc(${bytes})`]: tester.tryMalloc(bytes),
    [`calloc(1, ${bytes})`]: tester.tryCalloc(1, bytes),
    [`calloc(${bytes}, 1)`]: tester.tryCalloc(bytes, 1),
    [`realloc(0, ${bytes})`]: tester.tryRealloc(0, bytes),
    [`realloc(pointer, ${bytes})`]: tester.tryRealloc(kept, bytes),
    ...Object.fromEntries(
      [16, 64, 4096, WASM_PAGE].map((align) => [
        `aligned_alloc(${align}, ${bytes})`,
        tester.tryAligned(align, bytes),
      ]),
    ),
  };
  for (const [call, pointer] of Object.entries(pointers))
    tester.expect(pointer === 0, `${call} gave memory out of 256 MiB`);
}

/**
 * Takes blocks until memory runs out, or nearly so with an allocator that would trap there, out of so many bytes. Adds
 * them to `blocks`, unless `use` is given, which then gets them.
 */
export function fillUp(
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

/** Takes blocks of ever smaller sizes, of each until there is no more, by every function, out of so many bytes. */
export function takeDescending(tester: Tester, blocks: Blocks, memoryBytes: number): void {
  for (let bytes = Math.floor(0.8 * memoryBytes); bytes >= 8; bytes = Math.floor(bytes / 2)) {
    if (tester.mayEnd(4 * bytes, memoryBytes)) continue;
    tester.tryMalloc(3 * bytes);
    fillUp(tester, blocks, bytes, memoryBytes);
    takeOne(blocks, tester.tryCalloc(2, bytes), 2 * bytes);
    takeOne(blocks, tester.tryAligned(64, bytes), bytes);
    tester.tryRealloc(blocks.last, memoryBytes);
  }
  if (tester.mayEnd(MIB, memoryBytes)) return;
  for (const bytes of everySize(4 * KIB)) takeOne(blocks, tester.tryMalloc(bytes), bytes);
  blocks.expectKept();
}

function takeOne(blocks: Blocks, pointer: number, bytes: number): void {
  if (pointer) blocks.add(pointer, bytes);
}
