/** Mappings, for which Linux does not ask how much memory there is. */
import * as kernel from "../../machine/kernel";
import { PAGE } from "./classes";

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

/** Grows the heap, which nothing else does. Returns the address, or 0. */
export function growHeap(bytes: u64): u64 {
  const end = kernel.currentBreak();
  hasHeap = kernel.brk(end + bytes) != 0;
  return hasHeap ? end : 0;
}
