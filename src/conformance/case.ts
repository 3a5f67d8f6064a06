import type { Tester } from "./tester.js";

/** The functions that may be composed of others where an allocator lacks them. */
export type Part = "malloc" | "calloc" | "realloc" | "aligned" | "free" | "usableSize";

/** One promise of the C library, and a program that finds out whether it is kept. */
export interface Case {
  name: string;
  /** The promise, as a sentence. */
  promise: string;
  /** Which function it is about. */
  of: Part;
  /** A bug, published by others, that this would have found. */
  issue?: string;
  /** Memory to give the allocator, in bytes; by default what it always gets. */
  memoryBytes?: number;
  /** Only for addresses of so many bits. */
  addressBits?: 32;
  /** Returns why it does not apply, if it does not. @throws BrokenPromise; what the allocator throws. @internal */
  // biome-ignore lint/suspicious/noConfusingVoidType: most cases return nothing at all.
  run(tester: Tester): string | void;
}

/** Either side of every power of two up to 1 MiB, and of pages of 64 KiB: where allocators often change how they allocate. */
export function sizesAround(most: number): number[] {
  const edges: number[] = [];
  for (let edge = 8; edge <= most; edge *= 2) edges.push(edge, edge + edge / 2);
  const sizes = edges.flatMap((edge) => [edge - 1, edge, edge + 1]).filter((bytes) => bytes <= most);
  return [1, 2, 3, ...new Set(sizes)];
}

/** Numbers below a limit in an order that looks random, and is always the same: xorshift32 (Marsaglia 2003). */
export function numbersFrom(seed: number): (limit: number) => number {
  let state = seed;
  return (limit) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % limit;
  };
}
