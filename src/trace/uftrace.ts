import { CallLine } from "./call-line.js";
import { type CallEncoder, LOST, UNSAID } from "./calls.js";
import type { TraceFormat, TraceHead } from "./format.js";
import { type CallReader, readCalls } from "./line-reader.js";
import type { LineScanner } from "./lines.js";
import { PendingCalls } from "./pending-calls.js";
import { LogTime } from "./times.js";

const SPACE = 0x20;
const OPEN = 0x28;
const SLASH = 0x2f;
const STAR = 0x2a;
const COLON = 0x3a;
const EQUALS = 0x3d;
const OPEN_BRACKET = 0x5b;
const OPEN_BRACE = 0x7b;
const BAR = 0x7c;
const CLOSE_BRACE = 0x7d;
/** Functions in functions that are kept of a thread, and threads. */
const MOST_FRAMES = 256;
const MOST_THREADS = 65536;

const REPLAYED =
  /^[^|]{0,120}\[\s{0,6}\d{1,10}\][^|]{0,120}\|\s{0,600}(malloc|calloc|realloc|free)\((0x)?[0-9a-f]/;
const SCRIPT = /^\s{1,20}\d{1,20} : (malloc|calloc|realloc|free)\([0-9a-fx, ]{1,60}\)/;
const HEADER = /^# (DURATION| {1,2}TID|TIMESTAMP|.{0,80}\bTID)\b.{0,80}\bFUNCTION/;

export const uftraceFormat: TraceFormat<"uftrace"> = {
  name: "uftrace",
  about: "what uftrace replay prints, or its script malloc-free.py",
  looksLike: ({ lines }: TraceHead) => lines.some((line) => REPLAYED.test(line) || SCRIPT.test(line)),
  remedy: ({ lines }) =>
    lines.some((line) => HEADER.test(line))
      ? "this is a log of uftrace without the arguments of malloc: record it with uftrace record -a"
      : undefined,
  read: (bytes, options = {}) =>
    readCalls(bytes, "uftrace", [LOST.touches], options, (calls) => new UftraceReader(calls)),
};

/**
 * What `uftrace replay` prints, with any of its fields of which one is the thread; the functions around a call are its site.
 *
 *     # DURATION     TID     FUNCTION
 *                 [ 21936] | main() {
 *        1.643 us [ 21936] |   malloc(100) = 0x5602aa7edeb0;
 *        1.332 us [ 21936] | }
 *
 * And what its script malloc-free.py prints, with nanoseconds:
 *
 *                 1940 : malloc(80)           = 0x55fd007f4380    80
 */
class UftraceReader implements CallReader {
  readonly #line = new CallLine();
  readonly #time = new LogTime();
  readonly #pending: PendingCalls;
  /** The functions that each thread is in, the outermost first. */
  readonly #frames = new Map<number, string[]>();
  #thread = UNSAID;

  constructor(private readonly calls: CallEncoder) {
    this.#pending = new PendingCalls(calls);
  }

  readLine(line: LineScanner): void {
    const call = this.#line;
    const event = call.read(line);
    const opens = event === "call" && this.#opens();
    const { cursor } = call;
    cursor.go(line);
    if (!this.#columns()) return;
    this.calls.by(UNSAID, this.#thread);
    cursor.blanks();
    if (cursor.takes(CLOSE_BRACE)) this.#close();
    else if (call.called && event === "call") this.#call(opens);
    else if (this.#opensAtEnd()) this.#enter();
  }

  finish(): void {
    this.#pending.finish(UNSAID);
  }

  /** Whether the call goes on in the lines that follow. */
  #opens(): boolean {
    const { cursor } = this.#line;
    cursor.blanks();
    return cursor.byte() === OPEN_BRACE;
  }

  #opensAtEnd(): boolean {
    const { cursor } = this.#line;
    return (
      cursor.bytes[cursor.end - 1] === OPEN_BRACE && !(cursor.byte() === SLASH && cursor.byte(1) === STAR)
    );
  }

  /** Reads what is left of the function: thread and time. Returns false if there is nothing of these. */
  #columns(): boolean {
    const { cursor } = this.#line;
    cursor.blanks();
    const from = cursor.at;
    const number = cursor.decimal();
    cursor.blanks();
    if (number !== UNSAID && cursor.takes(COLON)) {
      this.#thread = UNSAID;
      this.calls.time(0, number);
      return true;
    }
    cursor.at = from;
    while (!cursor.atEnd && !cursor.takes(BAR)) this.#column();
    return !cursor.atEnd;
  }

  #column(): void {
    const { cursor } = this.#line;
    if (cursor.takes(OPEN_BRACKET)) {
      cursor.blanks();
      const thread = cursor.decimal();
      if (thread !== UNSAID) this.#thread = thread;
    } else if (cursor.byte() === SPACE || !this.#timestamp()) {
      cursor.at++;
    }
  }

  /** `73893.027238490`: other columns with a point have a unit behind it, and three digits. */
  #timestamp(): boolean {
    const { cursor } = this.#line;
    const from = cursor.at;
    if (!this.#time.read(cursor)) return false;
    if (cursor.at - from >= 11) this.calls.time(this.#time.seconds, this.#time.nanoseconds);
    return true;
  }

  #call(opens: boolean): void {
    const call = this.#line;
    if (!call.called) return;
    this.#tellSite();
    if (!opens) {
      this.#pending.call(this.#thread, call.called, call, call.result);
    } else {
      this.#pending.begin(this.#thread, call.name, call.called, call);
      this.#push(call.name);
    }
  }

  /** `} = 0x10;`, and its name as a comment. */
  #close(): void {
    const { cursor } = this.#line;
    const name = this.#frames.get(this.#thread)?.pop();
    if (name === undefined) return;
    cursor.blanks();
    let result = UNSAID;
    if (cursor.takes(EQUALS)) {
      cursor.blanks();
      result = cursor.number();
    }
    this.#tellSite();
    this.#pending.result(this.#thread, name, result);
  }

  #enter(): void {
    const { cursor } = this.#line;
    const from = cursor.at;
    while (!cursor.atEnd && cursor.byte() !== OPEN) cursor.at++;
    this.#push(cursor.text(from, cursor.at));
  }

  #push(name: string): void {
    let frames = this.#frames.get(this.#thread);
    if (!frames) {
      if (this.#frames.size === MOST_THREADS) this.#frames.clear();
      frames = [];
      this.#frames.set(this.#thread, frames);
    }
    if (frames.length === MOST_FRAMES) frames.shift();
    frames.push(name);
  }

  #tellSite(): void {
    const frames = this.#frames.get(this.#thread);
    if (frames && frames.length > 0) this.calls.site(frames.join(";"));
  }
}
