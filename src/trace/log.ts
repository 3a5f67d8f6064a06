import { CallLine } from "./call-line.js";
import { type CallEncoder, LOST, UNSAID } from "./calls.js";
import type { TraceFormat, TraceHead } from "./format.js";
import { kdumpFormat } from "./kdump.js";
import { type CallReader, readCalls } from "./line-reader.js";
import type { LineScanner } from "./lines.js";
import { logallocFormat } from "./logalloc.js";
import { ltraceFormat } from "./ltrace.js";
import { PendingCalls } from "./pending-calls.js";
import { isComment } from "./text.js";
import { uftraceFormat } from "./uftrace.js";
import { valgrindFormat } from "./valgrind.js";

const PID = new TextEncoder().encode("[pid ");
const VALUE = String.raw`(?:0x[0-9a-fA-F]{1,16}|\(nil\)|NULL|#\d{1,16})`;
const NAME = "(?:malloc|calloc|realloc|memalign|aligned_alloc)";
const AFTER = new RegExp(`\\b${NAME}\\([^()]{1,200}\\)[^=]{0,40}?(=|->|=>|return\\w{0,3}) *${VALUE}`);
const BEFORE = new RegExp(`${VALUE} *= *${NAME}\\([^()]{1,200}\\)`);
/** Formats that print calls, too, and say more about them. */
const OTHERS: readonly TraceFormat[] = [
  valgrindFormat,
  ltraceFormat,
  uftraceFormat,
  kdumpFormat,
  logallocFormat,
];

export const logFormat: TraceFormat<"log"> = {
  name: "log",
  about: "any with lines such as `malloc(8) = 0x1000`, also `->` or `returned`, and `free(0x1000)`",
  processes: true,
  looksLike: (head: TraceHead) =>
    head.lines.some((line) => (AFTER.test(line) || BEFORE.test(line)) && !isComment(line)) &&
    !OTHERS.some((format) => format.looksLike(head)),
  read: (bytes, options = {}) =>
    readCalls(bytes, "log", [LOST.touches], options, (calls) => new LogReader(calls)),
};

/**
 * Any log of calls with their results, among whatever else is printed:
 *
 *     .calloc(1, 36) @0x8001737 returned 0x20001cf0      RIOT's malloc_tracing; the caller is the site
 *     [pid 7] malloc(5) -> 0x55e1b190e2a0
 *     0x800607420 = malloc(26)
 *     free(0x20001e20)
 */
class LogReader implements CallReader {
  readonly #line = new CallLine();
  readonly #pending: PendingCalls;
  #process = UNSAID;

  constructor(private readonly calls: CallEncoder) {
    this.#pending = new PendingCalls(calls);
  }

  readLine(line: LineScanner): void {
    const call = this.#line;
    const event = call.read(line);
    if (!call.called) return;
    const { calls } = this;
    this.#process = this.#processOf(line);
    calls.by(this.#process, UNSAID);
    if (call.caller !== UNSAID) calls.site(`0x${call.caller.toString(16)}`);
    if (event === "call") this.#pending.call(this.#process, call.called, call, call.result);
    else if (event === "begin") this.#pending.begin(this.#process, call.name, call.called, call);
    else this.#pending.result(this.#process, call.name, call.result);
  }

  finish(): void {
    this.#pending.finish(this.calls.chosen);
  }

  /** The number of `[pid 7]`, if it stands before the call. */
  #processOf(line: LineScanner): number {
    const { cursor, start } = this.#line;
    cursor.go(line);
    return cursor.find(PID) && cursor.at < start ? cursor.decimal() : UNSAID;
  }
}
