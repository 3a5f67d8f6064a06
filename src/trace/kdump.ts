import { CallLine } from "./call-line.js";
import { type CallEncoder, LOST, UNSAID } from "./calls.js";
import type { TraceFormat } from "./format.js";
import { type CallReader, readCalls } from "./line-reader.js";
import type { LineScanner } from "./lines.js";
import { LogTime } from "./times.js";

const LINE =
  /^\s{0,10}\d{1,10}\s.{1,120}?\bUSER\s{1,10}(0x[0-9a-f]{1,16} = (malloc|realloc)|free|malloc_init)\(/;
const OTHER = /^\s{0,10}\d{1,10} +\S{1,40} +(CALL|RET|NAMI|PSIN) /;
const BLANK = 0x20;
/** Times below are not since 1970, and may be since the line before: kdump tells one as the other. */
const LEAST_EPOCH = 1e8;

export const kdumpFormat: TraceFormat<"kdump"> = {
  name: "kdump",
  about: "FreeBSD's, of what malloc tells utrace",
  processes: true,
  looksLike: ({ lines }) => lines.some((line) => LINE.test(line)),
  remedy: ({ lines }) =>
    lines.some((line) => OTHER.test(line))
      ? "this is a log of kdump without allocations: record with MALLOC_CONF=utrace:true ktrace -t u"
      : undefined,
  read: (bytes, options = {}) =>
    readCalls(
      bytes,
      "kdump",
      [LOST.calloc, LOST.alignment, LOST.touches],
      options,
      (calls) => new KdumpReader(calls),
    ),
};

/**
 * What FreeBSD's kdump prints of the records that malloc makes with utrace: process, thread with -H, command, time with -T.
 *
 *     61039 make     USER  0x800607420 = malloc(26)
 *     61039 100123 make     1536334807.907404 USER  0x800607440 = realloc(0x800607420, 17)
 *     61039 make     USER  free(0x800607440)
 */
class KdumpReader implements CallReader {
  readonly #line = new CallLine();
  readonly #time = new LogTime();

  constructor(private readonly calls: CallEncoder) {}

  readLine(line: LineScanner): void {
    const call = this.#line;
    if (call.read(line) !== "call") return;
    const { cursor } = call;
    cursor.go(line);
    cursor.blanks();
    const process = cursor.decimal();
    if (process === UNSAID) return;
    cursor.blanks();
    const thread = cursor.decimal();
    this.calls.by(process, cursor.byte() === BLANK ? thread : UNSAID);
    this.#readTime(call.start);
    call.called?.apply(this.calls, call, call.result);
  }

  /** The field that looks like a time, of those between the command and the call. */
  #readTime(end: number): void {
    const { cursor } = this.#line;
    while (cursor.at < end) {
      cursor.blanks();
      if (this.#time.read(cursor) && this.#time.seconds >= LEAST_EPOCH) {
        this.calls.time(this.#time.seconds, this.#time.nanoseconds);
        return;
      }
      cursor.field();
    }
  }
}
