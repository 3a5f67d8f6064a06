/** A steady load takes no more and more memory. */
import type { Bench } from "./bench.js";
import type { Case } from "./case.js";

const ROUNDS = 250;

/** Runs rounds that free all they take. After the first ones the allocator may not need more from its host. */
function expectSteady(bench: Bench, round: () => void): void {
  for (let i = 0; i < ROUNDS; i++) round();
  const before = bench.systemBytes;
  // Twice as many again: a heap that doubles when it grows shows it once in so many.
  for (let i = 0; i < 2 * ROUNDS; i++) round();
  const more = bench.systemBytes - before;
  bench.expect(
    more <= 0,
    `${2 * ROUNDS} rounds that free all they take took ${more} bytes more than ${ROUNDS} did`,
  );
}

/** A block taken in one of three ways, that grew, and shrank again. */
function resized(bench: Bench, i: number): number {
  const bytes = 24 + 91 * i;
  const pointer =
    i % 3 === 0 ? bench.malloc(bytes) : i % 3 === 1 ? bench.calloc(bytes) : bench.aligned(64, bytes);
  return bench.realloc(bench.realloc(pointer, 5 * bytes), bytes);
}

export const steady: readonly Case[] = [
  {
    name: "fill-and-empty",
    promise: "to take blocks of many sizes and free them all, over and over, takes no more and more memory",
    of: "free",
    run(bench) {
      expectSteady(bench, () => {
        const pointers = Array.from({ length: 60 }, (_, i) => bench.malloc(16 + 97 * i));
        for (const pointer of pointers) bench.free(pointer);
      });
    },
  },
  {
    name: "resize-and-empty",
    promise:
      "to take blocks in every way, move them by realloc and free them, over and over, takes no more and more memory",
    of: "realloc",
    run(bench) {
      expectSteady(bench, () => {
        const pointers = Array.from({ length: 12 }, (_, i) => resized(bench, i));
        for (const pointer of pointers) bench.free(pointer);
      });
    },
  },
  {
    name: "two-large",
    promise:
      "two large blocks, freed in the order they were taken, over and over, take no more and more memory",
    of: "free",
    issue: "https://github.com/rustwasm/wee_alloc/issues/106",
    run(bench) {
      expectSteady(bench, () => {
        const [first, second] = [bench.malloc(340_784), bench.malloc(320_000)];
        bench.free(first);
        bench.free(second);
      });
    },
  },
  {
    name: "keeps-state",
    promise: "a call finds what the calls before it did: no constructor runs between them",
    of: "malloc",
    run(bench) {
      const pointers = Array.from({ length: 8 }, () => bench.malloc(24));
      bench.expect(
        new Set(pointers).size === pointers.length,
        "two blocks that are both in use are the same",
      );
    },
  },
];
