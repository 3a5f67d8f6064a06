import { CallLine } from "./call-line.js";
import { type CallEncoder, LOST, UNSAID } from "./calls.js";
import { isDigit } from "./cursor.js";
import type { TraceFormat } from "./format.js";
import { type CallReader, readCalls } from "./line-reader.js";
import type { LineScanner } from "./lines.js";
import { PendingCalls } from "./pending-calls.js";
import { LogTime } from "./times.js";

const SPACE = 0x20;
const OPEN_BRACKET = 0x5b;
const CLOSE_BRACKET = 0x5d;
const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text);
const PID = bytesOf("[pid ");
const FORK = bytesOf("fork");
const CREATE = bytesOf("pthread_create(");
const EXEC = bytesOf("--- Called exec");
const EXITED = bytesOf("+++ exited");
const RESULT = bytesOf("= ");
/** Threads whose process is kept. */
const MOST_THREADS = 65536;
/** Times below are no seconds since 1970, but since the line before. */
const LEAST_EPOCH = 1e8;

const PREFIX = String.raw`^(\[pid \d{1,10}\] |\d{1,10} +)?(\d{1,10}[:.][\d:.]{0,20} +)?(\[0x[0-9a-f]{1,16}\] )?`;
const CALL = String.raw`(?:[\w.+-]{1,80}->)?(?:malloc|calloc|realloc|free|strdup|memalign|_Zn[wa]\w{1,40}|_Zd[la]\w{1,40}|operator (?:new|delete))`;
const LINE = new RegExp(
  `${PREFIX}${CALL}(?:@[\\w.]{1,40})?\\(.{0,400}?(\\) += (0x|<void>|0$|nil)|<unfinished)`,
);

export const ltraceFormat: TraceFormat<"ltrace"> = {
  name: "ltrace",
  about: "what it prints, also of several processes",
  processes: true,
  looksLike: ({ lines }) => lines.some((line) => LINE.test(line)),
  remedy: ({ lines }) =>
    lines.some((line) => /^(\[pid \d+\] )?\+\+\+ exited \(status \d+\) \+\+\+/.test(line))
      ? "this is a log of ltrace or strace without calls of an allocator: run ltrace, without -e"
      : undefined,
  read: (bytes, options = {}) =>
    readCalls(bytes, "ltrace", [LOST.touches], options, (calls) => new LtraceReader(calls)),
};

/**
 * What ltrace prints, with or without -f, -i, -t, -tt, -ttt, -r and -x:
 *
 *     [pid 19274] malloc(100)                     = 0x5577450322a0         on a terminal
 *     19274 10:46:22.8156 [0x56026c358278] malloc(100 <unfinished ...>     in a file
 *     19274 10:46:22.8157 [0x56026c358278] <... malloc resumed> ) = 0x5577450322a0
 *     19278 +++ exited (status 0) +++
 *
 * It tells threads and processes by the same numbers. One that returns from a fork, or goes on as another program, is a process;
 * any other is a thread of the one that made a thread last.
 */
class LtraceReader implements CallReader {
  readonly #line = new CallLine();
  readonly #time = new LogTime();
  readonly #pending: PendingCalls;
  /** The process of each thread that is not of the first, and each process. */
  readonly #processes = new Map<number, number>();
  #first: number | undefined;
  #maker: number | undefined;
  #thread = UNSAID;
  /** Nanoseconds since the first line, where lines have the time since the one before. */
  #passed = 0;

  constructor(private readonly calls: CallEncoder) {
    this.#pending = new PendingCalls(calls);
  }

  readLine(line: LineScanner): void {
    const call = this.#line;
    const event = call.read(line);
    this.#prefix(line);
    const thread = this.#thread;
    if (call.called || thread !== UNSAID) this.#first ??= thread;
    const process = this.#processOf(thread);
    this.calls.by(process, thread);
    if (!call.called) this.#other(line, process);
    else if (event === "call") this.#pending.call(thread, call.called, call, call.result);
    else if (event === "begin") this.#pending.begin(thread, call.name, call.called, call);
    else this.#pending.result(thread, call.name, call.result);
  }

  finish(): void {
    this.#pending.finish(this.calls.chosen);
  }

  /** Who calls, when and from where. */
  #prefix(line: LineScanner): void {
    const { cursor } = this.#line;
    cursor.go(line);
    cursor.blanks();
    this.#thread = UNSAID;
    if (cursor.takesAll(PID)) {
      this.#thread = cursor.decimal();
      cursor.takes(CLOSE_BRACKET);
    } else {
      this.#number();
    }
    cursor.blanks();
    if (isDigit(cursor.byte()) && this.#time.read(cursor)) this.#tellTime();
    cursor.blanks();
    if (!this.#line.called || !cursor.takes(OPEN_BRACKET)) return;
    const from = cursor.at;
    if (cursor.number() !== UNSAID) this.calls.site(cursor.text(from, cursor.at));
  }

  /** A number that is all of a field. */
  #number(): void {
    const { cursor } = this.#line;
    const from = cursor.at;
    const number = cursor.decimal();
    if (number !== UNSAID && cursor.byte() === SPACE) this.#thread = number;
    else cursor.at = from;
  }

  #tellTime(): void {
    const { seconds, nanoseconds, ofDay } = this.#time;
    if (ofDay || seconds >= LEAST_EPOCH) {
      this.calls.time(seconds, nanoseconds);
    } else {
      this.#passed += 1e9 * seconds + nanoseconds;
      this.calls.time(0, this.#passed);
    }
  }

  #processOf(thread: number): number {
    const known = this.#processes.get(thread);
    if (known !== undefined) return known;
    const process = this.#maker ?? this.#first ?? thread;
    this.#setProcess(thread, process);
    return process;
  }

  #setProcess(thread: number, process: number): void {
    if (thread !== UNSAID && this.#processes.size < MOST_THREADS) this.#processes.set(thread, process);
  }

  /** What is no call of an allocator, but tells of threads and processes. */
  #other(line: LineScanner, process: number): void {
    const { cursor } = this.#line;
    const found = (bytes: Uint8Array): boolean => {
      cursor.go(line);
      return cursor.find(bytes);
    };
    if (found(FORK)) this.#forked();
    else if (found(CREATE)) this.#maker = process;
    else if (found(EXEC)) this.#replaced(process);
    else if (found(EXITED)) this.#exited(process);
  }

  /** `fork() = 20812` of who makes a process; `<... fork resumed> ) = 0` of the new one. */
  #forked(): void {
    const { cursor } = this.#line;
    if (!cursor.find(RESULT)) return;
    const made = cursor.number();
    if (made > 0) this.#setProcess(made, made);
    else if (made === 0) this.#setProcess(this.#thread, this.#thread);
  }

  #replaced(process: number): void {
    const thread = this.#thread;
    if (thread !== UNSAID && thread !== process) this.#setProcess(thread, thread);
    else this.calls.exec(process);
  }

  #exited(process: number): void {
    this.#pending.end(this.#thread);
    if (this.#thread !== process) this.calls.exit(process, this.#thread);
    this.#processes.delete(this.#thread);
  }
}
