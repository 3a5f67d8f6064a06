import type { Allocator } from "./allocator.js";

/** How what is said of an allocator that does not tell threads apart begins. */
export const ONE_CACHE = "one thread's caches";

/** What to say of an allocator that does not tell so many threads apart: a sentence, or nothing. */
export function threadsNote({ tellsThreads }: Pick<Allocator, "tellsThreads">, threads = 1): string[] {
  return threads === 1 || tellsThreads ? [] : [`${ONE_CACHE}, whichever of the ${threads} threads runs`];
}
