/** Numbers in calls of the kernel. */

/** The kinds of kernel. */
export enum Kernel {
  Linux,
  Darwin,
}

/** Where mmap may put a mapping. */
export enum Place {
  /** Anywhere. A hint is followed if its place is free. */
  Anywhere,
  /** Exactly there, in place of what is mapped there. */
  Fixed,
  /** Exactly there, if nothing is mapped there. */
  Exact,
  /** Anywhere, as address space alone: mprotect makes parts of it accessible. */
  Reserved,
  /** Anywhere, and whatever memory there is (MAP_NORESERVE). */
  Unbacked,
}

/** What the kernel keeps of a region, by bits. */
export enum RegionFlag {
  /** A child does not get it (MADV_DONTFORK). */
  DontFork = 1,
  /** A child gets it untouched (MADV_WIPEONFORK). */
  WipeOnFork = 2,
  /** The program may not write there; not even read. */
  ReadOnly = 4,
  NoAccess = 8,
  /** It became not writable before it was ever written: Linux no longer counts it as memory that was promised. */
  Uncharged = 16,
}

/** What a program may do with a range. */
export enum Protection {
  None,
  Read,
  ReadWrite,
}

/** What Linux aligns mappings of whole huge pages to. */
export enum MapAlignment {
  Page,
  Huge,
}
