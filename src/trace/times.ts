import type { LineCursor } from "./cursor.js";

const COLON = 0x3a;
const HOUR = 3600;
const DAY = 24 * HOUR;

/** A moment as logs print it: seconds of an epoch, of the day, or since the line before. */
export class LogTime {
  seconds = 0;
  /** Below 1e9. */
  nanoseconds = 0;
  /** Whether it is a time of day. */
  ofDay = false;

  #days = 0;
  #last = 0;

  /** Reads `10:47:57.154`, `10:47:57` or `1795949277.154`. Returns false if neither is here. */
  read(cursor: LineCursor): boolean {
    const from = cursor.at;
    const first = cursor.decimal();
    if (first >= 0 && cursor.byte() === COLON) return this.#ofDay(cursor, first, from);
    this.ofDay = false;
    this.seconds = first;
    const point = cursor.at;
    this.nanoseconds = cursor.fraction();
    if (first >= 0 && cursor.at > point) return true;
    cursor.at = from;
    return false;
  }

  #ofDay(cursor: LineCursor, hours: number, from: number): boolean {
    cursor.takes(COLON);
    const minutes = cursor.decimal();
    if (minutes < 0 || !cursor.takes(COLON)) return this.#none(cursor, from);
    const seconds = cursor.decimal();
    if (seconds < 0) return this.#none(cursor, from);
    this.nanoseconds = cursor.fraction();
    const ofDay = HOUR * hours + 60 * minutes + seconds;
    // Threads may print a little out of order; only midnight goes back by half a day.
    if (ofDay < this.#last - DAY / 2) this.#days++;
    this.#last = ofDay;
    this.ofDay = true;
    this.seconds = this.#days * DAY + ofDay;
    return true;
  }

  #none(cursor: LineCursor, from: number): false {
    cursor.at = from;
    return false;
  }
}
