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
  /** Between 1 and 2 GiB, the lowest place there is; a hint is followed up to 2 GiB (MAP_32BIT). */
  Low,
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
  /** It maps a file, or memory that processes share; the bits from FILE_SHIFT on say which. Writes go there. */
  Shared = 32,
  /** Nothing is read ahead for it (MADV_RANDOM). */
  Random = 64,
  /** The program mapped it itself, and not its allocator. Linux knows of no difference. */
  Program = 128,
  /** Huge pages shall be used there (MADV_HUGEPAGE); shall not (MADV_NOHUGEPAGE). */
  HugePages = 256,
  SmallPages = 512,
}

/** The bits of a region's flags from here on are the number of the file that it maps; 0 for none. */
export const FILE_SHIFT = 10;
/** Files have the numbers 1 to this one. */
export const MOST_FILES = 4096;

/** What a mapping can be of, besides memory of its own. */
export enum FileKind {
  /** On a disk, with pages in the page cache. */
  Disk,
  /** Memory that has a name, or that processes share: tmpfs, memfd_create, MAP_SHARED | MAP_ANONYMOUS. */
  Memory,
}

/** What a program may do with a range. */
export enum Protection {
  None,
  Read,
  ReadWrite,
}

/** Whether what is read and was never written is a page of zeroes that all have in common. */
export enum ZeroPage {
  /** Linux maps one for all; a frame is taken when the page is written. */
  Shared,
  /** As Darwin, and a Linux that is told so: a read takes a frame. */
  None,
}

/** How a program is linked: where its heap starts. */
export enum Image {
  /** Position-independent: far above 2 GiB. */
  Pie,
  /** At 4 MiB, and its heap behind it. */
  NonPie,
}

/** Which way Linux places mappings. */
export enum Layout {
  TopDown,
  /** The legacy layout, which an unlimited stack brings. */
  BottomUp,
}

/** What Linux promises: vm.overcommit_memory, by its numbers. */
export enum Overcommit {
  /** Refuses what is more than there is, in one request. */
  Heuristic,
  /** Refuses nothing. */
  Always,
  /** Refuses what with all that is promised is more than the limit. */
  Never,
}

/** When Linux uses huge pages. */
export enum HugePages {
  Never,
  /** Where MADV_HUGEPAGE says so. */
  Madvise,
  /** Where MADV_NOHUGEPAGE does not say otherwise. */
  Always,
}

/** What Linux aligns mappings of whole huge pages to. */
export enum MapAlignment {
  Page,
  Huge,
}
