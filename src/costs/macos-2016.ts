/**
 * A Mac of 2016. Cory Benfield published how long his loop took on it, and where a sampling profiler
 * found it ("Debugging Your Operating System").
 */

import { linuxVm } from "./linux-vm.js";
import { type CostProfile, everySyscall } from "./profile.js";

const PAGE_BYTES = 4096;

// The loop: 10,000 times calloc(100 MiB); free.
const ITERATIONS = 10_000;
const BLOCK_BYTES = 100 * 2 ** 20;
const BLOCK_PAGES = BLOCK_BYTES / PAGE_BYTES;
const LOOP_NS = 8 * 60 * 1e9;

// Samples of the profiler. He named no others, which were few.
const BZERO_SAMPLES = 3227;
const MADVISE_SAMPLES = 438;
const SAMPLES = BZERO_SAMPLES + MADVISE_SAMPLES;
/** A third call of madvise, with CAN_REUSE, had this part of all samples. */
const CAN_REUSE_SHARE = 0.001;

const bzeroNs = (LOOP_NS * BZERO_SAMPLES) / SAMPLES;
const canReuseNs = LOOP_NS * CAN_REUSE_SHARE;
const reusableNs = (LOOP_NS * MADVISE_SAMPLES) / SAMPLES - canReuseNs;

// Every iteration but the first clears the block, and calls FREE_REUSE; each calls FREE_REUSABLE and CAN_REUSE.
const clearedByteNs = bzeroNs / ((ITERATIONS - 1) * BLOCK_BYTES);
const callNs = linuxVm.ns.syscall.madviseDontneed;
const reusablePageNs = (reusableNs / (2 * ITERATIONS - 1) - callNs) / BLOCK_PAGES;
const canReusePageNs = (canReuseNs / ITERATIONS - callNs) / BLOCK_PAGES;

export const macos2016: CostProfile = {
  name: "macos-2016",
  source:
    "Cory Benfield, Debugging Your Operating System, 2016: 10,000 times calloc(100 MiB) and free took 8 minutes, " +
    "3,227 samples in bzero and 438 in madvise, 0.1% in CAN_REUSE; that is 0.40 ns a byte cleared and 109 ns a " +
    "page made reusable or used again. Looking a page up (mincore) is assumed to cost as much; what a fault and " +
    "a system call cost beside that is assumed as in linux-vm, and a frame zeroed at the pace of bzero.",
  ns: {
    // Darwin has no zero page: a first read takes a frame too, and counts as zeroFill.
    fault: linuxVm.ns.fault,
    zeroedByte: { kernel: clearedByteNs, allocator: clearedByteNs },
    syscall: linuxVm.ns.syscall,
    walkedPage: everySyscall(0, {
      madviseFree: reusablePageNs,
      madviseFreeReusable: reusablePageNs,
      madviseFreeReuse: reusablePageNs,
      madviseCanReuse: canReusePageNs,
      mincore: reusablePageNs,
      vmCopy: reusablePageNs,
    }),
  },
};
