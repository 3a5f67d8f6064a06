/**
 * The geometry of the simulated machine.
 *
 * An address has 47 bits. With pages of 4 KiB it reads
 *
 *      46            31 30            21 20         12 11          0
 *      ├───────────────┼────────────────┼─────────────┼────────────┤
 *      │   directory   │     group      │    page     │   offset   │
 *      └───────────────┴────────────────┴─────────────┴────────────┘
 *           2^16             1,024            512          4,096
 *
 * Larger pages widen the offset and leave fewer directories.
 *
 * The linear memory that the machine itself lives in:
 *
 *      0        1,024            __heap_base                   memory.size
 *      ├──────────┼────────────────────┼──────────────────────────┤
 *      │  unused  │  counters, tables  │  pools of records, grown │
 *      └──────────┴────────────────────┴──────────────────────────┘
 */
import { Kernel, ZeroPage } from "../shared/kernel";

export const ADDRESS_BITS: u32 = 47;
export const ADDRESS_LIMIT: u64 = 1 << 47;

/** Programs may map [USER_START, USER_END): not the page at address 0, and not the last one. */
export const USER_START: u64 = 0x10000;
export const USER_END: u64 = 0x7fffffff0000;

/** Linux places mappings downwards from here (below the stack, without randomisation). */
export const LINUX_MMAP_TOP: u64 = 0x7ffff7ff0000;
/** Linux starts the heap of a position-independent program about here (without randomisation). */
export const LINUX_HEAP_START: u64 = 0x555555560000;
/** Where it puts what must be low. */
export const LOW_START: u64 = 1 << 30;
export const LOW_END: u64 = 1 << 31;
/** Darwin places mappings upwards from the end of the 4 GiB page-zero segment. */
export const DARWIN_MAP_BOTTOM: u64 = 0x100000000;

/** Pages of one group; groups of one directory. */
export const GROUP_SHIFT: u32 = 9;
export const GROUP_PAGES: u32 = 1 << GROUP_SHIFT;
export const GROUP_MASK: u32 = GROUP_PAGES - 1;
export const DIRECTORY_SHIFT: u32 = 10;
export const DIRECTORY_GROUPS: u32 = 1 << DIRECTORY_SHIFT;
export const DIRECTORIES: u32 = 1 << 16;

/** Largest page the machine can be started with: 64 KiB. */
export const MAX_PAGE_BYTES: u32 = 1 << 16;

/** log2 of the page size, and what follows from it. Set once by `setGeometry`. */
export let pageShift: u64 = 12;
export let pageBytes: u64 = 4096;
export let pageMask: u64 = 4095;
export let kernelKind: u32 = Kernel.Linux;
/** Whether a first read takes a frame, as no zero page is mapped. Darwin has none. */
export let readsTakeFrames: bool = false;

/** Sets the page size (12, 14 or 16 as log2), the kind of kernel and ZeroPage, before anything else runs. */
export function setGeometry(shift: u32, kind: u32, zeroPage: u32): void {
  if (isDefined(ZP_CHECK)) {
    assert(shift == 12 || shift == 14 || shift == 16, "a page is of 4, 16 or 64 KiB");
    assert(kind == Kernel.Linux || kind == Kernel.Darwin, "there are two kinds of kernels");
  }
  pageShift = shift;
  pageBytes = (<u64>1) << shift;
  pageMask = pageBytes - 1;
  kernelKind = kind;
  readsTakeFrames = kind == Kernel.Darwin || zeroPage == ZeroPage.None;
}

/** Rounds bytes up to whole pages. Wraps around to a small value if bytes are within a page of 2^64. */
export function roundToPages(bytes: u64): u64 {
  return (bytes + pageMask) & ~pageMask;
}
