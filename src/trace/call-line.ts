import { UNSAID } from "./calls.js";
import { isNameByte, LineCursor } from "./cursor.js";
import { type AllocatorFunction, type Arguments, allocatorFunction } from "./functions.js";
import type { LineScanner } from "./lines.js";

const SPACE = 0x20;
const QUOTE = 0x22;
const OPEN = 0x28;
const CLOSE = 0x29;
const COMMA = 0x2c;
const DOT = 0x2e;
const LESS = 0x3c;
const EQUALS = 0x3d;
const AT = 0x40;
const OPEN_BRACKET = 0x5b;
const CLOSE_BRACKET = 0x5d;

const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text);
const UNFINISHED = bytesOf("<unfinished");
const RESUMED = bytesOf(" resumed>");
const RESUMES = bytesOf("<... ");
const RESULTS = ["=", "->", "=>", "returned", "returns", "return"]
  .map(bytesOf)
  .sort((a, b) => b.length - a.length);
/** Longest name of a function that is looked at, such as a mangled one of C++. */
const MOST_NAME = 80;
/** Arguments that are kept: no function has more, but tracers print what else is in registers. */
const MOST_ARGUMENTS = 3;

/** What a line tells: a whole call, one that has begun, or the result of the one that had. */
export type CallEvent = "call" | "begin" | "result" | undefined;

/**
 * Finds the call of an allocator's function in a line, as many tools print it:
 *
 *     malloc(29)                            = 0x555555559018        ltrace; `->`, `returned` and the like stand for `=`
 *     [pid 7] app->malloc@libc.so.6(29 <unfinished ...>             another is to come
 *     <... malloc resumed> )                = 0x555555559018
 *     .calloc(1, 36) @0x8001737 returned 0x20001cf0                 RIOT, with the caller
 *     0x800607440 = realloc(0x800610058, 17)                        kdump
 *     operator new(unsigned long)(4, 0x7ffe)  = 0x5622baa59eb0      the types first
 *     free(0x20001e20)
 */
export class CallLine implements Arguments {
  /** The function called. */
  called: AllocatorFunction | undefined;
  /** Its name as printed. */
  name = "";
  readonly numbers: number[] = [];
  text = UNSAID;
  /** What it returned, or UNSAID. */
  result = UNSAID;
  /** Address of the caller, or UNSAID. */
  caller = UNSAID;
  /** Where in the line the call begins: all before is the log's. */
  start = 0;

  readonly cursor = new LineCursor();

  /** Reads a line. Functions of no allocator are not seen. */
  read(line: LineScanner): CallEvent {
    const { cursor } = this;
    cursor.go(line);
    this.called = undefined;
    this.result = this.caller = this.text = UNSAID;
    this.numbers.length = 0;
    if (this.#findCall(line.start)) return this.#call();
    cursor.at = line.start;
    return this.#resumed() ? "result" : undefined;
  }

  /** Goes to the parenthesis behind the name of an allocator's function. */
  #findCall(start: number): boolean {
    const { cursor } = this;
    for (let at = start + 1; at < cursor.end; at++) {
      const before = cursor.bytes[at - 1] as number;
      if (cursor.bytes[at] !== OPEN || !(isNamed(before) || before === CLOSE_BRACKET)) continue;
      this.#nameBefore(at, start);
      this.called = allocatorFunction(this.name);
      if (!this.called) continue;
      cursor.at = at + 1;
      return true;
    }
    return false;
  }

  /** Takes the name that ends before an offset: `malloc` of `.malloc`, `malloc@libc.so.6`, `operator new[]` as it is. */
  #nameBefore(end: number, start: number): void {
    const { bytes } = this.cursor;
    let from = end;
    if (bytes[end - 1] === CLOSE_BRACKET && bytes[end - 2] === OPEN_BRACKET) from -= 2;
    while (from > start && end - from < MOST_NAME && isNamed(bytes[from - 1] as number)) from--;
    const name = this.cursor.text(from, end);
    const cut = name.indexOf("@");
    this.name = (cut === -1 ? name : name.slice(0, cut)).replace(/^.*\./, "");
    this.start = from;
    if (!/^(new|delete)\b/.test(this.name)) return;
    this.name = `operator ${this.name}`;
    this.start = Math.max(start, from - "operator ".length);
  }

  #call(): CallEvent {
    const { cursor } = this;
    const result = this.#resultBefore();
    if (!this.#arguments()) return "begin";
    if (cursor.takes(OPEN) && !this.#arguments()) return "begin"; // what came first were types
    this.#caller();
    this.result = this.#resultHere();
    if (this.result === UNSAID) this.result = result;
    return "call";
  }

  /** Reads arguments and the parenthesis behind them. Returns false if they are not whole. */
  #arguments(): boolean {
    const { cursor } = this;
    this.numbers.length = 0;
    this.text = UNSAID;
    for (;;) {
      cursor.blanks();
      if (cursor.takes(CLOSE)) return true;
      if (cursor.atEnd || cursor.matches(cursor.at, UNFINISHED)) return false;
      if (!cursor.takes(COMMA)) this.#argument();
    }
  }

  #argument(): void {
    const { cursor } = this;
    let value = UNSAID;
    if (cursor.byte() === QUOTE) {
      const length = cursor.quoted();
      if (this.text === UNSAID) this.text = length;
    } else {
      value = this.#labelled();
    }
    if (this.numbers.length < MOST_ARGUMENTS) this.numbers.push(value);
    while (!cursor.atEnd && cursor.byte() !== COMMA && cursor.byte() !== CLOSE) {
      if (cursor.byte() === LESS && cursor.matches(cursor.at, UNFINISHED)) return;
      cursor.at++;
    }
  }

  /** A number, also behind its name: `size=8`, `size = 8`, `size 8`. */
  #labelled(): number {
    const { cursor } = this;
    const from = cursor.at;
    const value = cursor.number();
    if (value !== UNSAID || cursor.word() === "") return value;
    cursor.blanks();
    cursor.takes(EQUALS);
    cursor.blanks();
    const named = cursor.number();
    if (named === UNSAID) cursor.at = from;
    return named;
  }

  /** `@0x8001737`, `@ 0x8001737` or `[0x8001737]`. */
  #caller(): void {
    const { cursor } = this;
    const from = cursor.at;
    cursor.blanks();
    const bracket = cursor.takes(OPEN_BRACKET);
    if (!bracket && !cursor.takes(AT)) return;
    cursor.blanks();
    this.caller = cursor.number();
    if (bracket) cursor.takes(CLOSE_BRACKET);
    if (this.caller === UNSAID) cursor.at = from;
  }

  /** The result that stands right here, behind what stands for =. */
  #resultHere(): number {
    const { cursor } = this;
    cursor.blanks();
    if (!RESULTS.some((word) => cursor.takesAll(word))) return UNSAID;
    cursor.blanks();
    return cursor.number();
  }

  /** The result of `0x10 = malloc(8)`. */
  #resultBefore(): number {
    const { cursor } = this;
    const from = cursor.at;
    let at = this.start;
    while (cursor.bytes[at - 1] === SPACE && at > cursor.start) at--;
    if (cursor.bytes[at - 1] !== EQUALS || at - 2 <= cursor.start) return UNSAID;
    at--;
    while (cursor.bytes[at - 1] === SPACE && at > cursor.start) at--;
    while (at > cursor.start && isNameByte(cursor.bytes[at - 1] as number)) at--;
    cursor.at = at;
    const value = cursor.number();
    if (value !== UNSAID) this.start = at;
    cursor.at = from;
    return value;
  }

  /** `<... malloc resumed> ) = 0x10`, of any function. */
  #resumed(): boolean {
    const { cursor } = this;
    if (!cursor.find(RESUMES)) return false;
    this.start = cursor.at - RESUMES.length;
    const from = cursor.at;
    if (!cursor.find(RESUMED)) return false;
    this.name = cursor.text(from, cursor.at - RESUMED.length).split("@", 1)[0] as string;
    this.called = allocatorFunction(this.name);
    while (!cursor.atEnd && !cursor.takes(CLOSE)) cursor.at++;
    this.result = this.#resultHere();
    return true;
  }
}

function isNamed(byte: number): boolean {
  return isNameByte(byte) || byte === AT || byte === DOT;
}
