import { UNSAID } from "./calls.js";
import type { LineScanner } from "./lines.js";

const SPACE = 0x20;
const OPEN = 0x28;
const CLOSE = 0x29;
const COMMA = 0x2c;
const MINUS = 0x2d;
const ZERO = 0x30;
const EQUALS = 0x3d;
const UPPER_A = 0x41;
const UPPER_Z = 0x5a;
const UNDERSCORE = 0x5f;
const LOWER_A = 0x61;
const LOWER_X = 0x78;
const LOWER_Z = 0x7a;

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

  #bytes: Uint8Array = new Uint8Array(0);
  #at = 0;
  #end = 0;

  /** Goes to a line. Returns false if valgrind did not print it on behalf of a process. Sets `pid`. */
  begin(line: LineScanner): boolean {
    this.#bytes = line.bytes;
    this.#end = line.end;
    return this.#findPrefix(line.start);
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
    this.result = UNSAID;
    let at = this.#at;
    while (at < this.#end && this.#bytes[at] === SPACE) at++;
    if (this.#byte(at) !== EQUALS || this.#byte(at + 1) !== SPACE) return false;
    this.#at = at + 2;
    this.result = this.#number();
    return this.result !== UNSAID;
  }

  /** Reads the `name(arguments)` that stands right here, and its result. Returns false if none does. Sets the rest. */
  nextCall(): boolean {
    this.pointer = this.align = this.bytes = this.count = UNSAID;
    if (!this.#functionName() || !this.#arguments()) return false;
    this.nextResult();
    return true;
  }

  /** Past the end it is 0, which no syntax here uses. */
  #byte(at: number): number {
    return at < this.#end ? (this.#bytes[at] as number) : 0;
  }

  /** Finds the last `--pid-- `, as whatever stands before it on the line is the program's. */
  #findPrefix(start: number): boolean {
    for (let at = this.#end - 3; at > start; at--) {
      if (this.#bytes[at] !== MINUS || this.#bytes[at + 1] !== MINUS || this.#bytes[at + 2] !== SPACE)
        continue;
      const digits = this.#digitsBefore(at, start);
      if (digits === at || digits - start < 2) continue;
      if (this.#bytes[digits - 1] !== MINUS || this.#bytes[digits - 2] !== MINUS) continue;
      this.#at = digits;
      this.pid = this.#number();
      this.#at = at + 3;
      return true;
    }
    return false;
  }

  #digitsBefore(at: number, start: number): number {
    let first = at;
    while (first > start && isDigit(this.#bytes[first - 1] as number)) first--;
    return first;
  }

  #functionName(): boolean {
    let at = this.#at;
    let name = "";
    for (; at < this.#end && isNameByte(this.#bytes[at] as number); at++) {
      name += String.fromCharCode(this.#bytes[at] as number);
    }
    if (name === "" || this.#byte(at) !== OPEN) return false;
    this.name = name;
    this.#at = at + 1;
    return true;
  }

  /** Reads up to the closing parenthesis. Returns false if anything but numbers with names is before it. */
  #arguments(): boolean {
    for (;;) {
      const next = this.#byte(this.#at);
      if (next === CLOSE) {
        this.#at++;
        return true;
      }
      if (next === COMMA || next === SPACE) this.#at++;
      else if (!this.#argument()) return false;
    }
  }

  #argument(): boolean {
    const label = this.#label();
    const isPointer = this.#byte(this.#at) === ZERO && this.#byte(this.#at + 1) === LOWER_X;
    const value = this.#number();
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
    const first = this.#byte(this.#at);
    if (isDigit(first)) return 0;
    while (isNameByte(this.#byte(this.#at))) this.#at++;
    if (this.#byte(this.#at) === SPACE) this.#at++;
    return first;
  }

  /** Reads 0x… or decimal digits. Returns UNSAID if none are here. */
  #number(): number {
    if (this.#byte(this.#at) === ZERO && this.#byte(this.#at + 1) === LOWER_X) {
      this.#at += 2;
      return this.#digits(16);
    }
    return this.#digits(10);
  }

  #digits(base: number): number {
    const from = this.#at;
    let at = from;
    let value = 0;
    for (; at < this.#end; at++) {
      const digit = digitOf(this.#bytes[at] as number);
      if (digit >= base) break;
      value = value * base + digit;
    }
    this.#at = at;
    return at === from ? UNSAID : value;
  }
}

function isDigit(byte: number): boolean {
  return byte >= ZERO && byte <= ZERO + 9;
}

function isNameByte(byte: number): boolean {
  return (
    isDigit(byte) ||
    (byte >= LOWER_A && byte <= LOWER_Z) ||
    (byte >= UPPER_A && byte <= UPPER_Z) ||
    byte === UNDERSCORE
  );
}

/** The value of a digit in bases up to 16; 16 for any other byte. */
function digitOf(byte: number): number {
  if (isDigit(byte)) return byte - ZERO;
  const letter = byte | 0x20; // lower case
  return letter >= LOWER_A && letter <= LOWER_A + 5 ? letter - LOWER_A + 10 : 16;
}
