/**
 * What is shown while the page plays. Nothing may flash (WCAG 2.3.1), whatever the program does:
 *
 *      clock ─→ frameOf: in a loop the same phase of every round ─→ moments ─→ Steady: a cell rests after a change ─→ map
 */

/** Changes in a second that a person can follow. Three flashes, which are allowed, would be six. */
const MOST_CHANGES = 3;

/** Operations per second; 0 is all in WHOLE_SECONDS. */
export const SPEEDS = [0, 1, 10, 100, 1_000, 10_000, 100_000, 1_000_000] as const;
export const WHOLE_SECONDS = 20;

/** A tape: its operations, and those of one round of it. */
export interface Rounds {
  length: number;
  period: number;
}

/**
 * The position to show when `position` is reached at `speed` operations a second. In a loop too fast to follow that is
 * the end of the last round but for its last operation: the block is there, in every round.
 */
export function frameOf(position: number, speed: number, { length, period }: Rounds): number {
  const isLoop = period < length;
  if (!isLoop || position >= length || 2 * speed <= MOST_CHANGES * period) return position;
  return Math.max(0, Math.floor((position + 1) / period) * period - 1);
}

/** Keeps each cell of a map as it is for some time after a change. What comes meanwhile is shown when that is over. */
export class Steady {
  #shown = new Float64Array();
  #changed = new Float64Array();

  /** @param rest milliseconds that a cell rests after a change. @param figures figures of a cell. */
  constructor(
    private readonly rest: number,
    private readonly figures: number,
  ) {}

  /** Shows all cells as they are next, because they stand for something else. */
  reset(): void {
    this.#shown = new Float64Array();
  }

  /** What to show at a time of what is there, and when to ask again: at once after `due`, if that is given. */
  show(there: Float64Array, now: number): { shown: Float64Array; due?: number } {
    if (there.length !== this.#shown.length) {
      this.#shown = there.slice();
      this.#changed = new Float64Array(there.length / this.figures).fill(now);
      return { shown: this.#shown };
    }
    let due = Number.POSITIVE_INFINITY;
    for (let cell = 0; cell < this.#changed.length; cell++) {
      if (!this.#differs(there, cell)) continue;
      const rested = (this.#changed[cell] as number) + this.rest;
      if (now < rested) due = Math.min(due, rested);
      else this.#take(there, cell, now);
    }
    return { shown: this.#shown, ...(Number.isFinite(due) && { due }) };
  }

  #differs(there: Float64Array, cell: number): boolean {
    const end = (cell + 1) * this.figures;
    for (let at = cell * this.figures; at < end; at++) if (there[at] !== this.#shown[at]) return true;
    return false;
  }

  #take(there: Float64Array, cell: number, now: number): void {
    const [start, end] = [cell * this.figures, (cell + 1) * this.figures];
    this.#shown.set(there.subarray(start, end), start);
    this.#changed[cell] = now;
  }
}
