/**
 * Where a run comes from, in this order: the cache, the free runs, what was in use at the top, the cache made free runs,
 * memory never used, the sweep, growth.
 */
import { flush, takeCached } from "./cache";
import { MOST_CACHED_UNITS } from "./config";
import { extend, fitsBelowEnd, wasUsed } from "./growth";
import { noteZero, takeBest } from "./runs";
import { sweep } from "./sweep";

/** Takes a run. Returns 0 if there is no memory. The caller sets its tags. What is known to be zero of it: runs.ts. */
export function acquire(units: u32): usize {
  if (units > MOST_CACHED_UNITS) return acquireUncached(units);
  const run = takeCached(units);
  if (!run) return acquireUncached(units);
  noteZero(0, 0);
  return run;
}

function acquireUncached(units: u32): usize {
  const run = takeBest(units);
  if (run) return run;
  return wasUsed(units) ? extend(units) : acquireNew(units);
}

/** Before memory that was never used is taken, what is free is put in order; more so before the memory grows. */
function acquireNew(units: u32): usize {
  let run = flush() ? takeBest(units) : 0;
  if (!run && !fitsBelowEnd(units)) {
    sweep();
    run = takeBest(units);
  }
  return run ? run : extend(units);
}
