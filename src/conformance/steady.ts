/** A steady load takes no more and more memory. */
import type { Case } from "./case.js";
import type { Tester } from "./tester.js";

const ROUNDS = 250;

/** Runs rounds that free all they take. After the first of them the allocator may not take more from its host. */
function expectSteady(tester: Tester, round: () => void): void {
  for (let i = 0; i < ROUNDS; i++) round();
  const before = tester.systemBytes;
  // Twice as many: a heap that doubles as it grows, and leaks, has to grow again in that time.
  for (let i = 0; i < 2 * ROUNDS; i++) round();
  const more = tester.systemBytes - before;
  tester.expect(
    more <= 0,
    `${2 * ROUNDS} rounds that free all they take took ${more} bytes more than ${ROUNDS} did`,
  );
}

/** Takes a block in one of three ways, makes it grow, and shrink again. */
function resized(tester: Tester, i: number): number {
  const bytes = 24 + 91 * i;
  const pointer =
    i % 3 === 0 ? tester.malloc(bytes) : i % 3 === 1 ? tester.calloc(bytes) : tester.aligned(64, bytes);
  return tester.realloc(tester.realloc(pointer, 5 * bytes), bytes);
}

export const steady: readonly Case[] = [
  {
    name: "fill-and-empty",
    promise: "to take blocks of many sizes and free them all, over and over, takes no more and more memory",
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
      "to take blocks in every way, move them by realloc and free them, over and over, takes no more and more memory",
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
      "two large blocks, freed in the order they were taken, over and over, take no more and more memory",
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
    name: "keeps-state",
    promise: "a call finds what the calls before it did: no constructor runs between them",
    of: "malloc",
    run(tester) {
      const pointers = Array.from({ length: 8 }, () => tester.malloc(24));
      tester.expect(
        new Set(pointers).size === pointers.length,
        "two blocks that are both in use are the same",
      );
    },
  },
];
