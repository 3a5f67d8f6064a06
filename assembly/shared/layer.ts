/** What a layer calls of the model below it, in profiles and in the log of calls. */

/** The functions, which have the first numbers of a layer's (FIRST_OF_LAYER of counters.ts). */
export enum Below {
  Malloc,
  Calloc,
  Realloc,
  Free,
  Count,
}
