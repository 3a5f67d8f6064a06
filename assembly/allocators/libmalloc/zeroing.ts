/** How calloc clears a block that was, or may have been, used before. */

import { clear } from "../../machine/access";
import * as kernel from "../../machine/kernel";
import { pageBytes } from "../../machine/layout";
import { Zeroing } from "../../shared/libmalloc";

let zeroing: i32 = Zeroing.Always;

export function choose(way: i32): void {
  zeroing = way;
}

/** Below a page, clearing costs less than asking the kernel which pages were written. */
export function clearBlock(address: u64, bytes: u64): void {
  if (zeroing == Zeroing.Dirty && bytes >= pageBytes) kernel.clearDirty(address, bytes);
  else clear(address, bytes);
}

/** The same of a large block: whole pages. */
export function clearPages(address: u64, bytes: u64): void {
  const renewed = zeroing == Zeroing.Discard && kernel.mmap(address, bytes, kernel.Place.Fixed, pageBytes);
  if (!renewed) clearBlock(address, bytes);
}
