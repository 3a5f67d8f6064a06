import { UNSAID } from "./calls.js";
import type { LineScanner } from "./lines.js";

const QUOTE = 0x22;
const HASH = 0x23;
const OPEN = 0x28;
const DOT = 0x2e;
const ZERO = 0x30;
const BACKSLASH = 0x5c;
const UNDERSCORE = 0x5f;
const LOWER_A = 0x61;
const LOWER_X = 0x78;
const LOWER_Z = 0x7a;
const SPACE = 0x20;
const TAB = 0x09;

/** What the low bits of an address may be: 52, of which arm64's may have tags above. Four less can take one more digit. */
const LOW_48 = 2 ** 48;
const DECODER = new TextDecoder();
const SHORT = 24;
/** Words that are remembered: a power of two. */
const WORDS = 256;
/** How null pointers are printed. */
const NULLS = ["(nil)", "nil", "NULL", "(null)", "null", "nullptr"].map((word) =>
  new TextEncoder().encode(word),
);

/**
 * Reads the parts of a line from left to right, of formats that look less alike than fields do. What is not there is not read:
 * the cursor stays, and the answer is UNSAID, "" or false. Nothing throws.
 */
export class LineCursor {
  bytes: Uint8Array = new Uint8Array(0);
  start = 0;
  at = 0;
  end = 0;
  /** The last word of each hash. */
  readonly #words: string[] = Array.from({ length: WORDS }, () => "");

  go(line: LineScanner): void {
    this.bytes = line.bytes;
    this.start = this.at = line.start;
    this.end = line.end;
  }

  /** The byte here or some bytes on; 0 beyond the line, as in no format. */
  byte(ahead = 0): number {
    const at = this.at + ahead;
    return at < this.end ? (this.bytes[at] as number) : 0;
  }

  get atEnd(): boolean {
    return this.at >= this.end;
  }

  blanks(): void {
    while (this.byte() === SPACE || this.byte() === TAB) this.at++;
  }

  /** Goes past a byte if it is here. */
  takes(byte: number): boolean {
    if (this.byte() !== byte) return false;
    this.at++;
    return true;
  }

  /** Goes past some bytes if they are here. */
  takesAll(bytes: Uint8Array): boolean {
    if (!this.matches(this.at, bytes)) return false;
    this.at += bytes.length;
    return true;
  }

  /** Goes behind the next place, from here on, where these bytes are. */
  find(bytes: Uint8Array): boolean {
    const first = bytes[0] as number;
    for (let at = this.at; at + bytes.length <= this.end; at++) {
      if (this.bytes[at] !== first || !this.matches(at, bytes)) continue;
      this.at = at + bytes.length;
      return true;
    }
    return false;
  }

  matches(at: number, bytes: Uint8Array): boolean {
    if (at + bytes.length > this.end) return false;
    for (let i = 0; i < bytes.length; i++) if (this.bytes[at + i] !== bytes[i]) return false;
    return true;
  }

  /** Letters, digits and underscores. A word that was met before is the same string: a log has few, over and over. */
  word(): string {
    const { bytes, at: from, end } = this;
    let at = from;
    let hash = 0;
    for (; at < end && isNameByte(bytes[at] as number); at++) hash = (31 * hash + (bytes[at] as number)) | 0;
    this.at = at;
    const slot = hash & (WORDS - 1);
    const known = this.#words[slot] as string;
    if (this.#isHere(known, from)) return known;
    const word = this.text(from, at);
    this.#words[slot] = word;
    return word;
  }

  /** Whether the word between an offset and the cursor is this one. */
  #isHere(word: string, from: number): boolean {
    if (word.length !== this.at - from) return false;
    for (let i = 0; i < word.length; i++) if (word.charCodeAt(i) !== this.bytes[from + i]) return false;
    return true;
  }

  skipWord(): void {
    while (isNameByte(this.byte())) this.at++;
  }

  /** What is up to the next blank, or the end. */
  field(): string {
    const from = this.at;
    while (!this.atEnd && this.byte() !== SPACE && this.byte() !== TAB) this.at++;
    return this.text(from, this.at);
  }

  /** What is between two offsets. Short text is put together: to decode it takes longer. */
  text(from: number, to: number): string {
    if (to - from > SHORT) return DECODER.decode(this.bytes.subarray(from, to));
    let text = "";
    for (let at = from; at < to; at++) {
      const byte = this.bytes[at] as number;
      if (byte > 0x7f) return DECODER.decode(this.bytes.subarray(from, to));
      text += String.fromCharCode(byte);
    }
    return text;
  }

  /**
   * A whole number: `0x1f`, decimal digits, a null pointer in words, or `#7`. Of a hexadecimal one that has more than 52 bits the
   * low ones are read: what is above is the tag of a pointer.
   */
  number(): number {
    const first = this.byte();
    if (first === ZERO && (this.byte(1) | 0x20) === LOWER_X) {
      this.at += 2;
      const value = this.hex();
      if (value === UNSAID) this.at -= 2;
      return value;
    }
    if (isDigit(first)) return this.decimal();
    if (first === HASH && isDigit(this.byte(1))) {
      this.at++;
      return this.decimal();
    }
    return this.#null() ? 0 : UNSAID;
  }

  /** Hexadecimal digits without anything before them. */
  hex(): number {
    const { bytes, at: from, end } = this;
    let at = from;
    let value = 0;
    for (; at < end; at++) {
      const digit = digitOf(bytes[at] as number);
      if (digit === 16) break;
      value = (value >= LOW_48 ? value % LOW_48 : value) * 16 + digit;
    }
    this.at = at;
    return at === from ? UNSAID : value;
  }

  /** Decimal digits. Above 2^53 not exact. */
  decimal(): number {
    const { bytes, at: from, end } = this;
    let at = from;
    let value = 0;
    for (; at < end && isDigit(bytes[at] as number); at++) value = value * 10 + (bytes[at] as number) - ZERO;
    this.at = at;
    return at === from ? UNSAID : value;
  }

  /** The digits behind a point, as nanoseconds: 0 if there is none. */
  fraction(): number {
    if (this.byte() !== DOT || !isDigit(this.byte(1))) return 0;
    this.at++;
    let value = 0;
    let unit = 1e8;
    for (; isDigit(this.byte()); this.at++) {
      value += (this.byte() - ZERO) * unit;
      unit = unit > 1 ? unit / 10 : 0;
    }
    return value;
  }

  /** Goes past a text in quotes. Returns its length in bytes, UNSAID if it is not whole. */
  quoted(): number {
    let length = 0;
    this.at++;
    while (!this.atEnd && this.byte() !== QUOTE) {
      this.#character();
      length++;
    }
    return this.takes(QUOTE) && this.byte() !== DOT ? length : UNSAID;
  }

  /** One character, which may be written as `\n` or `\302`. */
  #character(): void {
    if (this.byte() !== BACKSLASH) {
      this.at++;
      return;
    }
    this.at++;
    if (!isDigit(this.byte())) this.at++;
    else for (let digits = 0; digits < 3 && isDigit(this.byte()); digits++) this.at++;
  }

  #null(): boolean {
    const first = this.byte();
    return (first === OPEN || (first | 0x20) === 0x6e) && NULLS.some((word) => this.takesAll(word));
  }
}

export function isDigit(byte: number): boolean {
  return byte >= ZERO && byte <= ZERO + 9;
}

export function isNameByte(byte: number): boolean {
  const letter = byte | 0x20;
  return (letter >= LOWER_A && letter <= LOWER_Z && byte >= 0x41) || isDigit(byte) || byte === UNDERSCORE;
}

/** The value of a digit in bases up to 16; 16 for any other byte. */
function digitOf(byte: number): number {
  if (isDigit(byte)) return byte - ZERO;
  const letter = byte | 0x20; // lower case
  return letter >= LOWER_A && letter <= LOWER_A + 5 ? letter - LOWER_A + 10 : 16;
}
