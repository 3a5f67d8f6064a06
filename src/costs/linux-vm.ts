import { type CostProfile, everySyscall } from "./profile.js";

const PAGE_BYTES = 4096;

// Measured nanoseconds for a page of 4 KiB. If runs differed, the middle of their range.
const CLEARING = 140; // warm memset
const WRITE_FAULT = (3000 + 4000) / 2; // includes zeroing the frame and giving it back
const READ_FAULT = 1200; // maps the zero page
const MAP_AND_UNMAP = (15_000 + 24_000) / 2;
const GROW_AND_SHRINK_BREAK = (17_000 + 34_000) / 2;
const MADVISE = 2800; // DONTNEED of 112 MiB that nobody touched
const MADV_FREE_PAGE = 190;
const MINCORE_PAGE = 2.5;
const MREMAP_PAGE = 2.3;

/** The two calls of a pair were not measured apart: each gets half. */
const half = (pair: number) => pair / 2;

// The kernel zeroes a frame as fast as memset clears a page; the rest of a fault is not zeroing.
const faultOnly = WRITE_FAULT - CLEARING;

/** A virtual machine under Linux. */
export const linuxVm: CostProfile = {
  name: "linux-vm",
  source:
    "getrusage, clock_gettime and strace around C programs on Linux 6.18 x86-64 under KVM (2 vCPU AMD EPYC), " +
    "4 KiB pages. Copy on write is assumed to cost what a first write does.",
  ns: {
    fault: { zeroMap: READ_FAULT, zeroFill: faultOnly, copyOnWrite: faultOnly },
    zeroedByte: { kernel: CLEARING / PAGE_BYTES, allocator: CLEARING / PAGE_BYTES },
    syscall: everySyscall(MADVISE, {
      mmap: half(MAP_AND_UNMAP),
      munmap: half(MAP_AND_UNMAP),
      mremap: half(MAP_AND_UNMAP),
      brk: half(GROW_AND_SHRINK_BREAK),
    }),
    // The fault includes giving its frame back, and the kernel skips whole tables of pages that nobody touched.
    walkedPage: everySyscall(0, {
      madviseFree: MADV_FREE_PAGE,
      mincore: MINCORE_PAGE,
      mremap: MREMAP_PAGE,
    }),
  },
};
