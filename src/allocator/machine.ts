import type { HugePages, Image, Kernel, Layout, MapAlignment, Overcommit, ZeroPage } from "#shared/kernel";
import type { NameOf } from "../base/enums.js";

/**
 * Whose kernel a simulated machine runs.
 *
 * @useDeclaredType
 */
export type KernelKind = NameOf<typeof Kernel>;

/** What Linux aligns mappings of whole huge pages to. */
export type MapAlignmentKind = NameOf<typeof MapAlignment>;

/** Whether Linux maps one page of zeroes for all that is read and was never written. Darwin has none. */
export type ZeroPageKind = NameOf<typeof ZeroPage>;

/**
 * How a program is linked: `pie`, or `nonPie` at 4 MiB, with its heap behind it.
 *
 * @useDeclaredType
 */
export type ImageKind = NameOf<typeof Image>;

/**
 * Which way Linux places mappings: `topDown`, or `bottomUp` as with an unlimited stack.
 *
 * @useDeclaredType
 */
export type LayoutKind = NameOf<typeof Layout>;

/**
 * `vm.overcommit_memory`: `heuristic` is 0, `always` 1, `never` 2.
 *
 * @useDeclaredType
 */
export type OvercommitKind = NameOf<typeof Overcommit>;

/**
 * When Linux uses huge pages (`transparent_hugepage/enabled`): `madvise` where a program or an allocator says so.
 *
 * @useDeclaredType
 */
export type HugePagesKind = NameOf<typeof HugePages>;

/**
 * What becomes of processes when physical memory ends: `trap` is the end of the machine, `killLargest` of the process that has
 * most, as Linux does it.
 */
export type OomKind = "trap" | "killLargest";

/** Where Linux places what a program maps, and how much of it. */
export interface LinuxSettings {
  image: ImageKind;
  layout: LayoutKind;
  /** Seed of a layout at random; 0 for none. */
  aslrSeed: number;
  /** RLIMIT_DATA: bytes that may be written, of each process; 0 for no limit. */
  dataLimit: number;
  overcommit: OvercommitKind;
  /** `vm.overcommit_ratio`: with `never`, per cent of memory that may be promised. */
  overcommitRatio: number;
  oom: OomKind;
}

/** The machine that a model runs on. Limits of 0 are none. */
export interface MachineSettings extends LinuxSettings {
  kernel: KernelKind;
  pageBytes: number;
  memoryBytes: number;
  addressSpaceBytes: number;
  /** Areas that Linux keeps of a process: `vm.max_map_count`. */
  maxMaps: number;
  mapAlignment: MapAlignmentKind;
  zeroPage: ZeroPageKind;
  hugePages: HugePagesKind;
  /** Nanoseconds that the clock goes on before each operation. */
  clock: number;
}
