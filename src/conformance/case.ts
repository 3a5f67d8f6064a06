import type { Tester } from "./tester.js";

/** The functions of an allocator. One that it lacks may be composed of others. */
export type Part = "malloc" | "calloc" | "realloc" | "aligned" | "free" | "usableSize";

/** One promise of the C library, and a program that checks it. */
export interface Case {
  name: string;
  /** The promise, as a sentence. */
  promise: string;
  /** Which function it is about. */
  of: Part;
  /** A published bug of some allocator that this case would have found. */
  issue?: string;
  /** Memory limit of the allocator in this case, in bytes. Default: the limit of the check. */
  memoryBytes?: number;
  /** Memory ends in this case: it says nothing of an allocator whose contract is to trap then. */
  endsMemory?: true;
  /** The case is only for addresses of this size. */
  addressBits?: 32;
  /** Runs the case. Returns the reason if it does not apply. @throws BrokenPromise; whatever the allocator throws. @internal */
  // biome-ignore lint/suspicious/noConfusingVoidType: most cases return nothing at all.
  run(tester: Tester): string | void;
}
