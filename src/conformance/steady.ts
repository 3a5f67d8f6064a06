/** A steady load does not need ever more memory. */
import { OpKind, RECORD_BYTES, TraceRecords } from "../trace/records.js";
import type { Case } from "./case.js";
import { everySize, KIB, MIB } from "./sizes.js";
import type { Tester } from "./tester.js";

const ROUNDS = 250;

/** Runs rounds that free all they take. After the first rounds the allocator must not take more from the system. */
function expectSteady(tester: Tester, round: () => void, rounds = ROUNDS): void {
  for (let i = 0; i < rounds; i++) round();
  const before = tester.systemBytes;
  // Twice as many rounds: a heap that leaks, and doubles when it grows, has to grow again in them.
  for (let i = 0; i < 2 * rounds; i++) round();
  const more = tester.systemBytes - before;
  tester.expect(
    more <= 0,
    `after ${rounds} rounds that free all they take, ${2 * rounds} more such rounds took ${more} bytes from the system`,
  );
}

/** Takes a block in one of three ways, grows it, and shrinks it again. */
function resized(tester: Tester, i: number): number {
  const bytes = 24 + 91 * i;
  const pointer =
    i % 3 === 0 ? tester.malloc(bytes) : i % 3 === 1 ? tester.calloc(bytes) : tester.aligned(64, bytes);
  return tester.realloc(tester.realloc(pointer, 5 * bytes), bytes);
}

type Step = readonly [kind: number, slot: number, first?: number, second?: number];

/** Steps as the records of a trace. */
function recordsOf(steps: readonly Step[]): Uint8Array {
  const bytes = new Uint8Array(RECORD_BYTES * steps.length);
  const records = new TraceRecords(bytes);
  for (const [i, [kind, slot, first, second]] of steps.entries()) records.write(i, kind, slot, first, second);
  return bytes;
}

/** Takes a block of a size in every way, resizes one, and frees them all. */
function eachWay(bytes: number): Uint8Array {
  return recordsOf([
    [OpKind.malloc, 0, bytes],
    [OpKind.calloc, 1, 1, bytes],
    [OpKind.aligned, 2, 64, bytes],
    [OpKind.free, 0],
    [OpKind.realloc, 1, 0, bytes + (bytes >> 1) + 8],
    [OpKind.realloc, 1, 0, bytes],
    [OpKind.free, 1],
    [OpKind.free, 2],
  ]);
}

/** About what an allocator may have left of what it has from the system, in bytes. */
const LEFT = 256 * KIB;
/** Most that is taken to find out where an allocator takes more from the system. */
const MOST_TAKEN = 64 * MIB;
const MOST_ROUNDS = 2 ** 18;
/** Bytes that an aligned block may lose so that it is noticed: a header, or what lies before it. */
const LEAST_LEAK = 128;
/** Bytes of blocks that realloc makes 0. */
const NOTHING = [1000, 5000, 70 * KIB, 2 * MIB];

/** Takes blocks for good, until no more than about `LEFT` is left of what the allocator has from the system. */
function tighten(tester: Tester): void {
  const before = tester.systemBytes;
  const piece = 32 * KIB;
  for (let taken = 0; taken < MOST_TAKEN && tester.systemBytes === before; taken += piece)
    tester.malloc(piece);
  const spare = Math.floor((tester.systemBytes - before - LEFT) / piece);
  for (let i = 0; i < spare; i++) tester.malloc(piece);
}

/** Takes a small block on a multiple of `align`, and another behind it by realloc of none, and frees both. */
function alignedWay(align: number): Uint8Array {
  return recordsOf([
    [OpKind.aligned, 0, align, 1000],
    [OpKind.realloc, 1, 0, 40],
    [OpKind.free, 0],
    [OpKind.free, 1],
  ]);
}

/** Blocks of about so many bytes must not cost memory each time that they are taken and freed. */
function expectNoLeak(
  tester: Tester,
  bytes: number,
  records = eachWay(bytes),
  what = `of ${bytes} bytes`,
): void {
  const atFirst = tester.systemBytes;
  tester.repeat(records, 20);
  const before = tester.systemBytes;
  const left = LEFT + before - atFirst;
  const rounds = Math.min(MOST_ROUNDS, Math.max(20, Math.ceil((2 * left) / bytes)));
  tester.repeat(records, rounds);
  const more = tester.systemBytes - before;
  tester.expect(
    more <= 0,
    `blocks ${what}, taken and freed one after another ${rounds} times, took ${more} bytes from the system`,
  );
  if (before > atFirst) tighten(tester);
}

/** Takes blocks of no bytes in every way and frees them, and makes one of these bytes to nothing. */
function nothingWay(bytes: number): Uint8Array {
  return recordsOf([
    [OpKind.malloc, 0, 0],
    [OpKind.calloc, 1, 0, 8],
    [OpKind.aligned, 2, 64, 0],
    [OpKind.realloc, 3, 0, 0],
    [OpKind.malloc, 4, bytes],
    [OpKind.realloc, 4, 0, 0],
    ...[0, 1, 2, 3, 4].map((slot): Step => [OpKind.free, slot]),
  ]);
}

/** Nothing but that, as larger blocks take too long to clear and to move. */
function takeAndFree(bytes: number): Uint8Array {
  return recordsOf([
    [OpKind.malloc, 0, bytes],
    [OpKind.free, 0],
  ]);
}

/** Whether there is memory for the blocks of `eachWay` at once. */
function hasRoom(tester: Tester, bytes: number): boolean {
  const pointer = tester.tryMalloc(5 * bytes);
  tester.free(pointer);
  return pointer !== 0;
}

/** Takes blocks of one size, and frees them in an order that leaves gaps for a while. */
function fillAndEmpty(bytes: number, count: number): Step[] {
  const slots = Array.from({ length: count }, (_, i) => i);
  const freed = [...slots.filter((i) => i % 2 === 0), ...slots.filter((i) => i % 2 === 1).reverse()];
  return [...slots.map((i): Step => [OpKind.malloc, i, bytes]), ...freed.map((i): Step => [OpKind.free, i])];
}

export const steady: readonly Case[] = [
  {
    name: "fill-and-empty",
    promise: "blocks of many sizes, taken and all freed over and over, do not need ever more memory",
    of: "free",
    run(tester) {
      expectSteady(tester, () => {
        const pointers = Array.from({ length: 60 }, (_, i) => tester.malloc(16 + 97 * i));
        for (const pointer of pointers) tester.free(pointer);
      });
    },
  },
  {
    name: "resize-and-empty",
    promise:
      "blocks taken in every way, moved by realloc and freed, over and over, do not need ever more memory",
    of: "realloc",
    run(tester) {
      expectSteady(tester, () => {
        const pointers = Array.from({ length: 12 }, (_, i) => resized(tester, i));
        for (const pointer of pointers) tester.free(pointer);
      });
    },
  },
  {
    name: "two-large",
    promise:
      "two large blocks, freed in the order they were taken, over and over, do not need ever more memory",
    of: "free",
    issue: "https://github.com/rustwasm/wee_alloc/issues/106",
    run(tester) {
      expectSteady(tester, () => {
        const [first, second] = [tester.malloc(340_784), tester.malloc(320_000)];
        tester.free(first);
        tester.free(second);
      });
    },
  },
  {
    name: "no-leak",
    promise: "a block of any size is given back as a whole, however it was taken",
    of: "free",
    run(tester) {
      tighten(tester);
      const small = everySize(4 * KIB).filter(
        (bytes) => bytes % 8 === 0 && (bytes <= KIB || bytes % 64 === 0),
      );
      const larger = [5000, 8192, 12_000, 20_000, 33_000, 65_536, 100_000, 140_000, 262_144, 600_000];
      const largest = [1, 2, 5, 9, 16, 33].map((size) => size * MIB);
      const huge = [65, 130, 260, 520].map((size) => size * MIB);
      for (const bytes of [1, ...small]) expectNoLeak(tester, bytes);
      for (const bytes of larger) tester.withEachAligner(() => expectNoLeak(tester, bytes));
      for (const bytes of [16, ...NOTHING])
        expectNoLeak(tester, bytes, nothingWay(bytes), `of 0 bytes, and of ${bytes} that realloc made 0`);
      // Models of what gives back by the clock, which stands still here, keep all that is on pages of its own.
      const most = tester.addressBits === 32 ? 64 * KIB : 4 * KIB;
      for (let align = 16; align <= most; align *= 2) {
        const way = alignedWay(align);
        tester.withEachAligner(() => expectNoLeak(tester, LEAST_LEAK, way, `on multiples of ${align}`));
      }
      for (const bytes of largest) if (hasRoom(tester, bytes)) expectNoLeak(tester, bytes);
      for (const bytes of huge)
        if (hasRoom(tester, bytes / 5)) expectNoLeak(tester, bytes, takeAndFree(bytes));
    },
  },
  {
    name: "sizes-in-turn",
    promise: "memory that was used for blocks of one size is used for others, over and over",
    of: "free",
    run(tester) {
      const records = [
        fillAndEmpty(16 * KIB, 40),
        fillAndEmpty(700, 900),
        fillAndEmpty(100 * KIB, 6),
        fillAndEmpty(100, 900),
        fillAndEmpty(3000, 200),
      ].map(recordsOf);
      const round = () => {
        for (const some of records) tester.repeat(some, 1);
      };
      expectSteady(tester, round, 60);
    },
  },
  {
    name: "keeps-state",
    promise: "the allocator's state lasts from call to call: no constructor runs between them",
    of: "malloc",
    run(tester) {
      const pointers = Array.from({ length: 8 }, () => tester.malloc(24));
      tester.expect(new Set(pointers).size === pointers.length, "two live blocks have the same address");
    },
  },
];
