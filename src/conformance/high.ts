/** Addresses from 2 GiB on, whose sign bit is set, up to the end of 4 GiB, where they wrap around. */
import { Blocks } from "./blocks.js";
import type { Case } from "./case.js";
import { fillUp } from "./limits.js";
import { runRandom } from "./programs.js";
import { everySize, GIB, KIB, MIB } from "./sizes.js";
import type { Tester } from "./tester.js";

const TOO_SHORT = "it runs out of memory below 2 GiB";
/** Of a random program, here. */
const PHASES = 12;
/** Some memory above 2 GiB, and not so much that it takes long to use it all. */
const ABOVE = 2560 * MIB;

export const high: readonly Case[] = [
  {
    name: "high-addresses",
    promise: "blocks above 2 GiB, up to the end of 4 GiB, are as good as others",
    of: "malloc",
    memoryBytes: 4 * GIB,
    addressBits: 32,
    endsMemory: true,
    run(tester) {
      const low = takeAbove(tester, 2 * GIB);
      if (low === undefined) return TOO_SHORT;
      runRandom(tester, PHASES);
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
  {
    name: "across-2-gib",
    promise: "blocks on both sides of the address 2 GiB are told apart, joined, and taken again",
    of: "malloc",
    memoryBytes: 4 * GIB,
    addressBits: 32,
    endsMemory: true,
    run(tester) {
      const low = takeBelow(tester, 2 * GIB - 3 * MIB);
      if (low === undefined) return TOO_SHORT;
      runRandom(tester, PHASES);
      const blocks = new Blocks(tester);
      for (const bytes of everySize(MIB).filter((_, i) => i % 9 === 0)) {
        blocks.add(tester.malloc(bytes), bytes);
        if (blocks.count > 12) blocks.free((7 * bytes) % blocks.count);
      }
      // Free blocks that are joined to one of more than 2 GiB, whose size has the sign bit set.
      for (const pointer of low) tester.free(pointer);
      runRandom(tester, PHASES);
      blocks.freeAll();
      tester.free(tester.malloc(256 * MIB));
      return undefined;
    },
  },
  {
    name: "reuse-above-2-gib",
    promise: "memory above 2 GiB that was used for blocks of one size is used for larger ones",
    of: "free",
    memoryBytes: ABOVE,
    addressBits: 32,
    endsMemory: true,
    run(tester) {
      if (tester.endsByTrap) return "where it has no more it traps, by contract, and so not all can be taken";
      if (takeAbove(tester, 2 * GIB) === undefined) return TOO_SHORT;
      const small = takeAll(tester, 16 * MIB);
      for (const pointer of small) tester.free(pointer);
      const large = takeAll(tester, 64 * MIB);
      const [first, second] = [16 * MIB * small.length, 64 * MIB * large.length];
      tester.expect(
        second >= first / 2 - 64 * MIB,
        `once all blocks of 16 MiB were freed, blocks of 64 MiB got ${second} bytes instead of ${first}`,
      );
      return undefined;
    },
  },
  {
    name: "last-page",
    promise: "the last bytes below 4 GiB are given once or not at all, and no block goes on at 0",
    of: "malloc",
    memoryBytes: 4 * GIB,
    addressBits: 32,
    endsMemory: true,
    run(tester) {
      if (takeAbove(tester, 2 * GIB) === undefined) return TOO_SHORT;
      const blocks = new Blocks(tester);
      const isEnd = (bytes: number) => tester.mayEnd(bytes, 4 * GIB);
      for (let bytes = 256 * MIB; bytes >= 16 && !isEnd(bytes); bytes = Math.floor(bytes / 4)) {
        if (bytes > MIB) fillUp(tester, blocks, bytes, 4 * GIB, (pointer) => tester.store(pointer, 1));
        else fillUp(tester, blocks, bytes, 4 * GIB);
        for (const more of [bytes + 1, 2 * bytes]) {
          const pointer = isEnd(more) ? 0 : tester.tryMalloc(more);
          if (pointer) blocks.add(pointer, more);
        }
      }
      blocks.expectKept();
      if (!isEnd(MIB)) for (const bytes of everySize(4 * KIB)) tester.free(tester.tryMalloc(bytes));
      blocks.freeAll();
      return undefined;
    },
  },
  {
    name: "huge-block",
    promise: "a block of 1 to 3 GiB, if it is given, is whole, and no other lies in it",
    of: "malloc",
    memoryBytes: 4 * GIB,
    addressBits: 32,
    endsMemory: true,
    run(tester) {
      if (tester.endsByTrap) return "where it does not give so large a block it traps, by contract";
      for (const bytes of HUGE) if (useHuge(tester, bytes)) expectAgain(tester, bytes);
      return undefined;
    },
  },
];

const MOST = 256 * MIB;
const HUGE = [...[200 * MIB + 8, 512 * MIB + 4], ...[GIB + 5, 2 * GIB - 1, 2 * GIB, 2 * GIB + 1000, 3 * GIB]];
const END = 64;

/** Takes a block, others beside it, another of the same size if there is one, and frees all. Returns whether it was given. */
function useHuge(tester: Tester, bytes: number): boolean {
  const pointer = tester.tryMalloc(bytes);
  if (!pointer) return false;
  const beside = tester.tryMalloc(bytes);
  const fill = (block: number, mark: number) => {
    for (const at of [0, bytes - END]) tester.fill(block + at, mark, END);
  };
  fill(pointer, 0x77);
  if (beside) fill(beside, 0x66);
  const blocks = new Blocks(tester);
  for (const size of [24, 1000, 70_000, MIB]) {
    const other = tester.tryCalloc(1, size);
    if (!other) continue;
    tester.expectZero(other, size);
    blocks.add(other, size);
  }
  if (!beside) blocks.resize(0, 3 * MIB);
  for (const at of [0, bytes - END]) {
    tester.expectFilled(pointer + at, 0x77, END);
    if (beside) tester.expectFilled(beside + at, 0x66, END);
  }
  tester.free(pointer);
  tester.free(beside);
  blocks.freeAll();
  return true;
}

/** A block that was given and freed can be had again, as often as all memory has room for. */
function expectAgain(tester: Tester, bytes: number): void {
  for (let taken = 0; taken <= 4 * GIB; taken += bytes) {
    const pointer = tester.tryMalloc(bytes);
    tester.expect(pointer !== 0, `it gave a block of ${bytes} bytes, and once that was freed none any more`);
    tester.free(pointer);
  }
}

/** All memory that is left, in blocks of this size. */
function takeAll(tester: Tester, bytes: number): number[] {
  const taken: number[] = [];
  fillUp(tester, new Blocks(tester), bytes, ABOVE, (pointer) => taken.push(pointer));
  return taken;
}

/** Takes large blocks until one ends above an address. Undefined if memory runs out before. */
function takeAbove(tester: Tester, address: number): number[] | undefined {
  const taken: number[] = [];
  for (let top = 0; top < address; ) {
    const pointer = tester.tryMalloc(MOST);
    if (!pointer) return undefined;
    tester.store(pointer, 1);
    tester.store(pointer + MOST - 1, 1);
    taken.push(pointer);
    top = Math.max(top, pointer + MOST);
  }
  return taken;
}

/** Takes ever smaller blocks, so that they end just below an address. Undefined if memory runs out before. */
function takeBelow(tester: Tester, address: number): number[] | undefined {
  const taken: number[] = [];
  for (let bytes = MOST; bytes >= 512 * KIB; bytes /= 2) {
    for (;;) {
      const pointer = tester.tryMalloc(bytes);
      if (!pointer) return undefined;
      if (pointer + bytes > address) {
        tester.free(pointer);
        break;
      }
      taken.push(pointer);
    }
  }
  return taken;
}
