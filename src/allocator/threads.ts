import type { Allocator } from "./allocator.js";

/** What to say of an allocator that does not tell so many threads apart: a sentence, or nothing. */
export function threadsNote({ tellsThreads }: Pick<Allocator, "tellsThreads">, threads = 1): string[] {
  return threads === 1 || tellsThreads
    ? []
    : [`one thread's caches, whichever of the ${threads} threads runs`];
}
