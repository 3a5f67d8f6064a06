/**
 * Freed runs as they are, for the next request of their length: neither merged nor in a bin. A list for each length;
 * the run that was freed last is taken first, for it is likeliest still in the processor's caches. sweep.ts ends it.
 */
import { MOST_CACHED_UNITS } from "./config";
import { release } from "./runs";
import { Kind, linkIn, setLink, setTag, tagOf } from "./units";

/** Addresses of the runs freed last, by length in units. */
const LISTS = memory.data((MOST_CACHED_UNITS + 1) * sizeof<usize>(), 8);

function listOf(units: u32): usize {
  return LISTS + units * sizeof<usize>();
}

/** Units in all lists. */
export let cachedUnits: u32 = 0;

/** Takes a run of a length up to MOST_CACHED_UNITS, or returns 0. The caller sets its tag. */
export function takeCached(units: u32): usize {
  const list = listOf(units);
  const run = load<usize>(list);
  if (!run) return 0;
  store<usize>(list, linkIn(run, 1));
  cachedUnits -= units;
  return run;
}

export function firstCached(units: u32): usize {
  return load<usize>(listOf(units));
}

/** Next of a cached run in its list, or 0. */
export function nextCached(run: usize): usize {
  return linkIn(run, 1);
}

/** Keeps a freed run of at most MOST_CACHED_UNITS. */
export function keep(run: usize, units: u32): void {
  const list = listOf(units);
  setTag(run, tagOf(units, Kind.Cached));
  setLink(run, 1, load<usize>(list));
  store<usize>(list, run);
  cachedUnits += units;
}

/** Makes all kept runs free runs. Returns whether there were any. */
export function flush(): bool {
  if (!cachedUnits) return false;
  for (let units: u32 = 1; units <= MOST_CACHED_UNITS; units++) {
    for (let run = takeCached(units); run; run = takeCached(units)) release(run, units, 0, 0);
  }
  return true;
}
