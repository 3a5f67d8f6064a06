import { TraceError } from "../base/errors.js";
import { UNSAID } from "./calls.js";
import { LineCursor } from "./cursor.js";
import type { LineScanner } from "./lines.js";

const SPACE = 0x20;

/** A line of heaptrack's: its fields, one after another. */
export class HeaptrackLine {
  /** Whether strings have their length in front. */
  sized = false;

  readonly #cursor = new LineCursor();
  #line = 0;

  /** Goes to a line. Returns the letter it begins with, or "" if it is empty. */
  begin(scanner: LineScanner): string {
    const cursor = this.#cursor;
    cursor.go(scanner);
    this.#line = scanner.line;
    const letter = cursor.byte();
    cursor.at++;
    return letter === 0 ? "" : String.fromCharCode(letter);
  }

  /** Whether there are more fields. */
  get more(): boolean {
    return !this.#cursor.atEnd;
  }

  /** Reads a hexadecimal number. Returns UNSAID if none is here. */
  number(): number {
    const cursor = this.#cursor;
    cursor.takes(SPACE);
    const value = cursor.hex();
    return cursor.atEnd || cursor.byte() === SPACE ? value : UNSAID;
  }

  /**
   * Reads a string: all that is left of the line, or up to a space, unless it has a length in front that fits. Those of
   * files whose names were replaced do not.
   */
  string(whole: boolean): string {
    const cursor = this.#cursor;
    const length = this.sized ? this.number() : UNSAID;
    cursor.takes(SPACE);
    const from = cursor.at;
    if (length >= 0 && this.#isEnd(from + length)) cursor.at = from + length;
    else if (whole) cursor.at = cursor.end;
    else return cursor.field();
    return cursor.text(from, cursor.at);
  }

  #isEnd(at: number): boolean {
    const { bytes, end } = this.#cursor;
    return at === end || (at < end && bytes[at] === SPACE);
  }

  fail(message: string): never {
    throw new TraceError(message, this.#line);
  }
}
