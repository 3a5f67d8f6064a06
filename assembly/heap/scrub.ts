/**
 * What the host may ask for when it has time: that memory be in order, and that free memory be zero, so that the next
 * calloc need not clear it.
 */
import { clearMany } from "./bytes";
import { clearTop } from "./growth";
import { BIN_COUNT, firstIn, nextOf, setZero } from "./runs";
import { sweep } from "./sweep";
import { bytesOf, tagAt, top, unitsOf } from "./units";

/** Sweeps: cached runs and empty spans become free runs, for requests of any size. */
export function trim(): void {
  if (top) sweep();
}

/** Trims, and clears all free memory that is not known to be zero. Pages that are zero are only looked at. */
export function scrub(): void {
  if (!top) return;
  sweep();
  for (let bin: u32 = 0; bin < BIN_COUNT; bin++) {
    for (let run = firstIn(bin); run; run = nextOf(run)) scrubRun(run, unitsOf(tagAt(run)));
  }
  clearTop();
}

function scrubRun(run: usize, units: u32): void {
  const end = run + bytesOf(units);
  clearMany(run, end - run);
  setZero(run, units, run, end);
}
