import { TraceError } from "../base/errors.js";

/** Longest line a trace may have, in bytes without its newline. */
export const MAX_LINE_BYTES = 65536;

const NEWLINE = 0x0a;
const RETURN = 0x0d;
const NOTHING = new Uint8Array(0);

/**
 * Finds lines in chunks of bytes that are cut anywhere.
 *
 * A line stays in its chunk; only one that crosses a cut is copied into a buffer. Nothing is decoded, so a cut inside a
 * UTF-8 character does no harm. Lines end with \n or \r\n, the last one
 * possibly with neither; a byte order mark before the first is skipped.
 *
 *     scanner.push(chunk);
 *     while (scanner.next()) use(scanner.bytes, scanner.start, scanner.end);
 *     …
 *     if (scanner.finish()) use(…);
 */
export class LineScanner {
  /** Holds the line at `start` to `end`, until the next call of any method. */
  bytes: Uint8Array = NOTHING;
  start = 0;
  end = 0;
  /** 1-based number of the line; 0 before the first. */
  line = 0;

  #chunk: Uint8Array = NOTHING;
  #next = 0;
  /** The beginning of a line whose end has not been seen. */
  readonly #carry = new Uint8Array(MAX_LINE_BYTES);
  #carried = 0;

  /** Gives the next bytes, once all lines of the last were taken. They must not change until theirs are. */
  push(chunk: Uint8Array): void {
    this.#chunk = chunk;
    this.#next = 0;
  }

  /**
   * Moves to the next line. Returns false when its end is not among the bytes given so far.
   * @throws TraceError on a line over MAX_LINE_BYTES.
   */
  next(): boolean {
    const chunk = this.#chunk;
    const from = this.#next;
    let newline = from;
    while (newline < chunk.length && chunk[newline] !== NEWLINE) newline++;
    this.#next = newline + 1;
    this.#checkLength(newline - from);
    if (newline >= chunk.length) {
      this.#next = chunk.length;
      this.#keep(from, newline);
      return false;
    }
    if (this.#carried === 0) {
      this.#deliver(chunk, from, newline);
    } else {
      this.#keep(from, newline);
      this.#deliverCarried();
    }
    return true;
  }

  /** Moves to the last line if it has no newline. Returns false when there is none. */
  finish(): boolean {
    if (this.#carried === 0) return false;
    this.#deliverCarried();
    return true;
  }

  #checkLength(bytes: number): void {
    if (this.#carried + bytes > MAX_LINE_BYTES) {
      throw new TraceError(
        `a line is longer than ${MAX_LINE_BYTES} bytes: this is not a trace`,
        this.line + 1,
      );
    }
  }

  #keep(from: number, to: number): void {
    if (from === to) return;
    this.#carry.set(this.#chunk.subarray(from, to), this.#carried);
    this.#carried += to - from;
  }

  #deliverCarried(): void {
    this.#deliver(this.#carry, 0, this.#carried);
    this.#carried = 0;
  }

  #deliver(bytes: Uint8Array, start: number, end: number): void {
    this.line++;
    this.bytes = bytes;
    this.start = this.line === 1 && hasByteOrderMark(bytes, start, end) ? start + 3 : start;
    this.end = end > this.start && bytes[end - 1] === RETURN ? end - 1 : end;
  }
}

function hasByteOrderMark(bytes: Uint8Array, start: number, end: number): boolean {
  return end - start >= 3 && bytes[start] === 0xef && bytes[start + 1] === 0xbb && bytes[start + 2] === 0xbf;
}
