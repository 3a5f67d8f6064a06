/** What the kernel is asked in numbers. */

/** Whose kernel it is. */
export enum Kernel {
  Linux,
  Darwin,
}

/** Where mmap may put a mapping. */
export enum Place {
  /** Anywhere; a hint is taken if it is free. */
  Anywhere,
  /** There, replacing what is there. */
  Fixed,
  /** There, or not at all. */
  Exact,
}
