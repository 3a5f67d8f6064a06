/** Mappings, for which Linux does not ask how much memory there is. */
import * as kernel from "../../machine/kernel";
import { Syscall } from "../../machine/kernel";
import { PAGE } from "./classes";

/** Whether the kernel is told that no mapping shall have huge pages. */
let forbidsHugePages: bool = false;

export function start(forbids: bool): void {
  forbidsHugePages = forbids;
}

/** A mapping is where it is to be. */
export function settle(address: u64, bytes: u64): void {
  if (forbidsHugePages) kernel.madvise(address, bytes, Syscall.MadviseNohugepage);
}

/** Maps at an address, or nowhere. Returns whether it could. */
export function mapAt(address: u64, bytes: u64): bool {
  const mapped = kernel.mmap(address, bytes, kernel.Place.Unbacked, PAGE);
  if (mapped && mapped != address) kernel.munmap(mapped, bytes);
  return mapped == address;
}

/**
 * Maps at a multiple of `align`: once more, with what is cut off again, if the kernel chose another place. Returns the
 * address, or 0.
 */
export function mapAligned(bytes: u64, align: u64): u64 {
  const mapped = kernel.mapUnbacked(bytes);
  if (!mapped || (mapped & (align - 1)) == 0) return mapped;
  kernel.munmap(mapped, bytes);
  const wide = kernel.mapUnbacked(bytes + align - PAGE);
  if (!wide) return 0;
  const aligned = (wide + align - 1) & ~(align - 1);
  if (aligned != wide) kernel.munmap(wide, aligned - wide);
  const behind = wide + align - PAGE - aligned;
  if (behind) kernel.munmap(aligned + bytes, behind);
  return aligned;
}

/** Whether the heap may still grow. Once it could not, it is not asked to again. */
export let hasHeap: bool = true;

/** Grows the heap, which nothing else does, by a multiple of `align` and what lies before that. Returns its address, or 0. */
export function growHeap(bytes: u64, align: u64): u64 {
  const start = (kernel.currentBreak() + align - 1) & ~(align - 1);
  hasHeap = kernel.brk(start + bytes) != 0;
  return hasHeap ? start : 0;
}
