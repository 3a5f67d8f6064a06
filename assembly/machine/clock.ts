/**
 * The simulated clock: nanoseconds since the start. It stands still unless a trace sets it, or it is told to advance
 * before each operation. It never goes back.
 */

/** Nanoseconds since the start. */
export let now: u64 = 0;
let step: u64 = 0;

/** Has the clock go on so many nanoseconds before each operation. */
export function advanceBy(nanoseconds: u64): void {
  step = nanoseconds;
}

/** Sets the clock, unless it has gone further. */
export function setClock(nanoseconds: u64): void {
  now = max(now, nanoseconds);
}

/** An operation begins. */
export function tickClock(): void {
  now += step;
}
