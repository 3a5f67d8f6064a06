/**
 * Memory from the kernel: the heap grows by brk, and where it cannot, by mmap. What failed is not tried again until
 * both have failed for one request. Nothing is ever given back.
 */
import { fail } from "../../machine/failure";
import * as kernel from "../../machine/kernel";
import { Failure } from "../../shared/failure";

/** A page of the kernel, which mappings are of, and aligned to. */
const KERNEL_PAGE: u64 = 4096;
/** brk takes signed sizes. */
const BRK_LIMIT: u64 = 1 << 63;

/** Whether a way is not taken at all. */
let skipsBrk: bool = false;
let skipsMmap: bool = false;
/** Whether it has failed. */
let hasBrkFailed: bool = false;
let hasMmapFailed: bool = false;
/** Bytes that were asked for and given. */
export let taken: u64 = 0;
/** Bytes before the first aligned one of the heap, which nobody uses. */
export let gap: u64 = 0;

/** Which ways are taken from now on. */
export function skip(brk: bool, mmap: bool): void {
  skipsBrk = brk;
  skipsMmap = mmap;
}

/** Gets bytes at a multiple of `align`, a power of two, which their number is rounded up to. Returns the address, or 0. */
export function get(bytes: u64, align: u64): u64 {
  if (bytes + align < bytes) return refused(bytes);
  if (!hasBrkFailed) {
    const start = bytes + align < BRK_LIMIT && !skipsBrk ? growHeap(up(bytes, align), align) : 0;
    if (start) return start;
    hasBrkFailed = true;
  }
  if (!hasMmapFailed) {
    const start = skipsMmap ? 0 : map(bytes, max(align, KERNEL_PAGE));
    if (start) return start;
    hasMmapFailed = true;
  }
  hasBrkFailed = false;
  hasMmapFailed = false;
  return skipsBrk && skipsMmap ? refused(bytes) : 0;
}

/** Notes that the kernel was not even asked. */
function refused(bytes: u64): u64 {
  fail(Failure.Memory, bytes, 0);
  return 0;
}

function up(value: u64, align: u64): u64 {
  return (value + align - 1) & ~(align - 1);
}

/** Grows the heap, and once more where its end was not aligned. */
function growHeap(bytes: u64, align: u64): u64 {
  const end = kernel.currentBreak();
  if (!kernel.brk(end + bytes)) return 0;
  const start = up(end, align);
  if (start != end) {
    if (!kernel.brk(start + bytes)) return 0;
    gap += start - end;
  }
  taken += bytes;
  return start;
}

/** Maps so much that an aligned part is in it, and cuts off the rest. */
function map(bytes: u64, align: u64): u64 {
  const size = up(bytes, align);
  const slack = align - KERNEL_PAGE;
  const mapped = kernel.map(size + slack);
  if (!mapped) return 0;
  const start = up(mapped, align);
  if (start != mapped) kernel.munmap(mapped, start - mapped);
  const behind = slack - (start - mapped);
  if (behind) kernel.munmap(start + size, behind);
  taken += size;
  return start;
}
