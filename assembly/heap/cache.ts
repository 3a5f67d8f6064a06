/**
 * The runs of each length that were freed last, as they are: neither merged nor in a bin. The next request of that length
 * gets the one that was freed last of all, for it is likeliest still in the processor's caches. Where there is no room
 * for another, the oldest becomes a free run.
 *
 *      list     0       4       8               MOST_KEPT * 4 + 4
 *               ├───────┼───────┼─── … ─────────┤
 *               │ count │ oldest│      newest   │
 *               └───────┴───────┴─── … ─────────┘
 */
import { MOST_CACHED_UNITS, MOST_KEPT } from "./config";
import { release } from "./runs";
import { Kind, setTag, tagOf } from "./units";

const WORD: u32 = sizeof<usize>();
const LIST_BYTES: u32 = (MOST_KEPT + 1) * WORD;
const LISTS = memory.data((MOST_CACHED_UNITS + 1) * LIST_BYTES, 8);

/** Units in all lists. */
export let cachedUnits: u32 = 0;

function listOf(units: u32): usize {
  return LISTS + units * LIST_BYTES;
}

/** How many runs of a length are kept. */
export function countOf(units: u32): u32 {
  return load<u32>(listOf(units));
}

/** One of them; 0 is the oldest. */
export function cachedAt(units: u32, number: u32): usize {
  return load<usize>(listOf(units) + number * WORD, sizeof<usize>());
}

/** Takes a run of a length up to MOST_CACHED_UNITS, or returns 0. The caller sets its tag. */
export function takeCached(units: u32): usize {
  const list = listOf(units);
  const count = load<u32>(list);
  if (!count) return 0;
  store<u32>(list, count - 1);
  cachedUnits -= units;
  return load<usize>(list + count * WORD);
}

/** Keeps a freed run of at most MOST_CACHED_UNITS. */
export function keep(run: usize, units: u32): void {
  const list = listOf(units);
  setTag(run, tagOf(units, Kind.Cached));
  let count = load<u32>(list);
  if (count == MOST_KEPT) {
    const oldest = cachedAt(units, 0);
    memory.copy(list + WORD, list + 2 * WORD, (MOST_KEPT - 1) * WORD);
    store<usize>(list + MOST_KEPT * WORD, run);
    release(oldest, units, 0, 0);
    return;
  }
  store<u32>(list, ++count);
  store<usize>(list + count * WORD, run);
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
