/**
 * Where a run comes from. In this order: the cache, the free runs, memory never used, the sweep and the free runs again,
 * growth; and if the host refuses, the sweep once more.
 */
import { flush, takeCached } from "./cache";
import { MOST_CACHED_UNITS } from "./config";
import { extend, fitsBelowEnd } from "./growth";
import { noteZero, takeBest } from "./runs";
import { isSweepDue, sweep } from "./sweep";

/** Takes a run. Returns 0 if there is no memory. The caller sets its tags. What is known to be zero of it: runs.ts. */
export function acquire(units: u32): usize {
  if (units <= MOST_CACHED_UNITS) {
    const run = takeCached(units);
    if (run) {
      noteZero(0, 0);
      return run;
    }
  }
  return acquireUncached(units);
}

function acquireUncached(units: u32): usize {
  let run = takeBest(units);
  if (run) return run;
  if (flush()) {
    run = takeBest(units);
    if (run) return run;
  }
  if (!fitsBelowEnd(units) && isSweepDue()) {
    sweep();
    run = takeBest(units);
    if (run) return run;
  }
  run = extend(units);
  if (run) return run;
  sweep();
  run = takeBest(units);
  return run ? run : extend(units);
}
