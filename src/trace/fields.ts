import { TraceError } from "../base/errors.js";
import type { LineScanner } from "./lines.js";

const SPACE = 0x20;
const TAB = 0x09;
const MINUS = 0x2d;
const ZERO = 0x30;
/** Made once: to make one takes longer than to decode a line. */
const DECODER = new TextDecoder();
/** Characters of a bad field that an error shows. */
const SHOWN = 40;

/** What `begin` returns for a line without fields, and for one whose first field is longer than one byte. */
export const NO_FIELD = 0;
export const LONG_FIELD = -1;

/** Reads the fields of one line: a letter, then whole numbers, separated by blanks. Text is decoded for errors only. */
export class FieldCursor {
  #bytes: Uint8Array = new Uint8Array(0);
  #start = 0;
  #at = 0;
  #end = 0;
  #line = 0;

  /** Goes to a line, and reads its first field. Returns the byte if it is one letter, or NO_FIELD or LONG_FIELD. */
  begin(line: LineScanner): number {
    this.#bytes = line.bytes;
    this.#end = line.end;
    this.#line = line.line;
    this.#at = line.start;
    this.#skipBlanks();
    this.#start = this.#at;
    if (this.#at === this.#end) return NO_FIELD;
    const first = this.#bytes[this.#at] as number;
    this.#at++;
    return this.#atFieldEnd() ? first : LONG_FIELD;
  }

  /** Goes back before the first field, to read it as a number. */
  rewind(): void {
    this.#at = this.#start;
  }

  /** True if the line's first byte that is not blank is this one. */
  startsWith(byte: number): boolean {
    return this.#bytes[this.#start] === byte;
  }

  /** Reads a whole number of 0 to 2^53 - 1. @throws TraceError naming it if it is missing or anything else. */
  number(name: string): number {
    this.#skipBlanks();
    const from = this.#at;
    const bytes = this.#bytes;
    const end = this.#end;
    let at = from;
    let value = 0;
    for (; at < end; at++) {
      const digit = (bytes[at] as number) - ZERO;
      if (digit < 0 || digit > 9) break;
      value = value * 10 + digit;
    }
    this.#at = at;
    if (at === from || !this.#atFieldEnd() || value > Number.MAX_SAFE_INTEGER) this.#rejectNumber(name, from);
    return value;
  }

  /** As `number`, but also takes numbers below 0. */
  integer(name: string): number {
    this.#skipBlanks();
    if (this.#at === this.#end || this.#bytes[this.#at] !== MINUS) return this.number(name);
    this.#at++;
    return -this.number(name);
  }

  /** True if the line has more fields. */
  get more(): boolean {
    this.#skipBlanks();
    return this.#at !== this.#end;
  }

  /** Reads all that is left of the line, without the blanks around it. @throws TraceError naming it if it is missing. */
  rest(name: string): string {
    if (!this.more) this.fail(`${name} is missing`);
    let end = this.#end;
    while (isBlank(this.#bytes[end - 1] as number)) end--;
    const text = DECODER.decode(this.#bytes.subarray(this.#at, end));
    this.#at = this.#end;
    return text;
  }

  /** @throws TraceError if the line has more fields. */
  done(): void {
    if (this.more) this.fail(`unexpected ${this.#show(this.#at)} at the end of the operation`);
  }

  /** @throws TraceError that says which operations there are. */
  failOperation(known: string): never {
    this.fail(`unknown operation ${this.#show(this.#start)}: there are ${known}`);
  }

  fail(message: string): never {
    throw new TraceError(message, this.#line);
  }

  #skipBlanks(): void {
    let at = this.#at;
    while (at < this.#end && isBlank(this.#bytes[at] as number)) at++;
    this.#at = at;
  }

  #atFieldEnd(): boolean {
    return this.#at === this.#end || this.#bytes[this.#at] === SPACE || this.#bytes[this.#at] === TAB;
  }

  #rejectNumber(name: string, from: number): never {
    if (from === this.#end) this.fail(`${name} is missing`);
    this.fail(`${name} must be a whole number below 2^53, not ${this.#show(from)}`);
  }

  /** The field that begins at an offset, quoted and cut to a length fit for a message. */
  #show(from: number): string {
    let to = from;
    while (to < this.#end && this.#bytes[to] !== SPACE && this.#bytes[to] !== TAB) to++;
    const cut = Math.min(to, from + SHOWN);
    return JSON.stringify(DECODER.decode(this.#bytes.subarray(from, cut)) + (cut < to ? "…" : ""));
  }
}

const isBlank = (byte: number) => byte === SPACE || byte === TAB;
