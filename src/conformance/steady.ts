/** A steady load does not need ever more memory. */
import type { Case } from "./case.js";
import type { Tester } from "./tester.js";

const ROUNDS = 250;

/** Runs rounds that free all they take. After the first rounds the allocator must not take more from the system. */
function expectSteady(tester: Tester, round: () => void): void {
  for (let i = 0; i < ROUNDS; i++) round();
  const before = tester.systemBytes;
  // Twice as many rounds: a heap that leaks, and doubles when it grows, has to grow again in them.
  for (let i = 0; i < 2 * ROUNDS; i++) round();
  const more = tester.systemBytes - before;
  tester.expect(
    more <= 0,
    `after ${ROUNDS} rounds that free all they take, ${2 * ROUNDS} more such rounds took ${more} bytes from the system`,
  );
}

/** Takes a block in one of three ways, grows it, and shrinks it again. */
function resized(tester: Tester, i: number): number {
  const bytes = 24 + 91 * i;
  const pointer =
    i % 3 === 0 ? tester.malloc(bytes) : i % 3 === 1 ? tester.calloc(bytes) : tester.aligned(64, bytes);
  return tester.realloc(tester.realloc(pointer, 5 * bytes), bytes);
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
    name: "keeps-state",
    promise: "the allocator's state lasts from call to call: no constructor runs between them",
    of: "malloc",
    run(tester) {
      const pointers = Array.from({ length: 8 }, () => tester.malloc(24));
      tester.expect(new Set(pointers).size === pointers.length, "two live blocks have the same address");
    },
  },
];
