import { UNSAID } from "./calls.js";
import { isDigit, LineCursor } from "./cursor.js";
import type { LineScanner } from "./lines.js";

const SPACE = 0x20;
const OPEN = 0x28;
const CLOSE = 0x29;
const COMMA = 0x2c;
const MINUS = 0x2d;
const ZERO = 0x30;
const EQUALS = 0x3d;
const LOWER_A = 0x61;
const LOWER_X = 0x78;

/**
 * Takes apart a line that valgrind printed under `--trace-malloc=yes`:
 *
 *     --9976-- calloc(10,20) = 0x4A400F0
 *     --9976-- memalign(al 4096, size 8192) = 0x4A42000
 *     --9976-- realloc(0x0,10)malloc(10) = 0x4D6F110        two calls, the result is the last one's
 *     --9976-- malloc(18446744073709551611)Argument 'size' of function malloc has a fishy value: -5
 *     --9976--  = 0x0                                       the result of the call before
 *     what the program printed--9976-- free(0x4A400F0)      it shares the file, valgrind does not begin a new line
 */
export class ValgrindLine {
  /** The process. */
  pid = UNSAID;
  /** The function called. */
  name = "";
  /** The first pointer among the arguments, or UNSAID. */
  pointer = UNSAID;
  /** The argument called `al`, or UNSAID. */
  align = UNSAID;
  /** The last other number among the arguments: the size. Sizes above 2^53 are not exact. */
  bytes = UNSAID;
  /** The other number before it, which only calloc has: the count. */
  count = UNSAID;
  /** What the call returned, or UNSAID. */
  result = UNSAID;

  readonly #cursor = new LineCursor();

  /** Goes to a line. Returns false if valgrind did not print it on behalf of a process. Sets `pid`. */
  begin(line: LineScanner): boolean {
    this.#cursor.go(line);
    return this.#findPrefix(line);
  }

  /**
   * If a line is the one with which valgrind names the program it begins to run, `==9976== Command: ls`, returns
   * the process; else UNSAID. One process may have several, as it may go on as another program (exec).
   */
  static startedProcess(line: LineScanner): number {
    if (line.bytes[line.start] !== EQUALS) return UNSAID;
    const text = new TextDecoder().decode(line.bytes.subarray(line.start, line.end));
    const match = /^==(\d+)== Command: /.exec(text);
    return match ? Number(match[1]) : UNSAID;
  }

  /** Reads the ` = result` that stands right here. Returns false if none does. Sets `result`. */
  nextResult(): boolean {
    const cursor = this.#cursor;
    const from = cursor.at;
    while (cursor.takes(SPACE));
    this.result = cursor.takes(EQUALS) && cursor.takes(SPACE) ? cursor.number() : UNSAID;
    if (this.result === UNSAID) cursor.at = from;
    return this.result !== UNSAID;
  }

  /** Reads the `name(arguments)` that stands right here, and its result. Returns false if none does. Sets the rest. */
  nextCall(): boolean {
    const cursor = this.#cursor;
    this.pointer = this.align = this.bytes = this.count = UNSAID;
    this.name = cursor.word();
    if (this.name === "" || !cursor.takes(OPEN) || !this.#arguments()) return false;
    this.nextResult();
    return true;
  }

  /** Finds the last `--pid-- `, as whatever stands before it on the line is the program's. */
  #findPrefix({ bytes, start, end }: LineScanner): boolean {
    for (let at = end - 3; at > start; at--) {
      if (bytes[at] !== MINUS || bytes[at + 1] !== MINUS || bytes[at + 2] !== SPACE) continue;
      const digits = this.#digitsBefore(at);
      if (digits === at || digits - start < 2) continue;
      if (bytes[digits - 1] !== MINUS || bytes[digits - 2] !== MINUS) continue;
      this.#cursor.at = digits;
      this.pid = this.#cursor.decimal();
      this.#cursor.at = at + 3;
      return true;
    }
    return false;
  }

  #digitsBefore(at: number): number {
    const { bytes, start } = this.#cursor;
    let first = at;
    while (first > start && isDigit(bytes[first - 1] as number)) first--;
    return first;
  }

  /** Reads up to the closing parenthesis. Returns false if anything but numbers with names is before it. */
  #arguments(): boolean {
    const cursor = this.#cursor;
    while (!cursor.takes(CLOSE)) {
      if (!cursor.takes(COMMA) && !cursor.takes(SPACE) && !this.#argument()) return false;
    }
    return true;
  }

  #argument(): boolean {
    const cursor = this.#cursor;
    const label = this.#label();
    const isPointer = cursor.byte() === ZERO && cursor.byte(1) === LOWER_X;
    const value = cursor.number();
    if (value === UNSAID) return false;
    if (label === LOWER_A) {
      this.align = value;
    } else if (!isPointer) {
      this.count = this.bytes;
      this.bytes = value;
    } else if (this.pointer === UNSAID) {
      this.pointer = value;
    }
    return true;
  }

  /** Skips the `al ` or `size ` before a number. Returns its first letter, or 0 if there is none. */
  #label(): number {
    const cursor = this.#cursor;
    const first = cursor.byte();
    if (isDigit(first)) return 0;
    cursor.skipWord();
    cursor.takes(SPACE);
    return first;
  }
}
