import { type CallEncoder, LOST, UNSAID } from "./calls.js";
import { LineCursor } from "./cursor.js";
import type { TraceFormat } from "./format.js";
import { type CallReader, readCalls } from "./line-reader.js";
import type { LineScanner } from "./lines.js";
import { LogTime } from "./times.js";

const DASH = 0x2d;
const QUOTE = 0x22;
const OPEN_BRACKET = 0x5b;
const COLON = 0x3a;
const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text);
const PROVIDER = bytesOf("lttng_ust_libc:");
const RESULT = bytesOf(" = ");

export const lttngFormat: TraceFormat<"lttng"> = {
  name: "lttng",
  about: "babeltrace's text of lttng_ust_libc",
  processes: true,
  looksLike: ({ lines }) => lines.some((line) => /lttng_ust_libc:\w{1,20}: \{/.test(line)),
  remedy: ({ lines }) =>
    lines.some((line) =>
      /^\[[\d:. -]{5,40}\] (\([+?.\d]{3,30}\) )?\S{1,60} \w{1,60}:\w{1,60}: \{ /.test(line),
    )
      ? "this trace of LTTng has no calls of an allocator: run with LD_PRELOAD=liblttng-ust-libc-wrapper.so, and enable lttng_ust_libc:*"
      : undefined,
  read: (bytes, options = {}) =>
    readCalls(bytes, "lttng", [LOST.alignedAlloc, LOST.touches], options, (calls) => new LttngReader(calls)),
};

/**
 * What babeltrace prints of the events of LTTng's C library wrapper. Processes and threads are told by the contexts vpid and vtid.
 *
 *     [20:38:11.907388453] (+3.229928201) host lttng_ust_libc:malloc: { cpu_id = 1 }, { vpid = 7, vtid = 9 }, { size = 4, ptr = 0x151BD40 }
 */
class LttngReader implements CallReader {
  readonly #cursor = new LineCursor();
  readonly #time = new LogTime();
  /** The fields of an event, by name. */
  readonly #fields = new Map<string, number>();

  constructor(private readonly calls: CallEncoder) {}

  readLine(line: LineScanner): void {
    const cursor = this.#cursor;
    cursor.go(line);
    if (!cursor.find(PROVIDER)) return;
    const name = cursor.word();
    if (!cursor.takes(COLON)) return;
    this.#readFields();
    this.calls.by(this.#field("vpid"), this.#field("vtid"));
    this.#readTime(line);
    this.#call(name);
  }

  #field(name: string): number {
    return this.#fields.get(name) ?? UNSAID;
  }

  /** All that are `name = number`. */
  #readFields(): void {
    const cursor = this.#cursor;
    this.#fields.clear();
    while (!cursor.atEnd) {
      const name = cursor.word();
      if (name === "" || !cursor.takesAll(RESULT)) cursor.at++;
      else if (cursor.byte() === QUOTE) cursor.quoted();
      else this.#fields.set(name, cursor.number());
    }
  }

  /** In brackets: of the day, of an epoch, or with the date before it. */
  #readTime(line: LineScanner): void {
    const cursor = this.#cursor;
    cursor.go(line);
    if (!cursor.takes(OPEN_BRACKET)) return;
    const from = cursor.at;
    cursor.decimal();
    if (cursor.byte() === DASH) cursor.field();
    else cursor.at = from;
    cursor.blanks();
    if (this.#time.read(cursor)) this.calls.time(this.#time.seconds, this.#time.nanoseconds);
  }

  #call(name: string): void {
    const { calls } = this;
    const pointer = this.#field("ptr");
    const bytes = this.#field("size");
    switch (name) {
      case "malloc":
        calls.malloc(pointer, bytes);
        break;
      case "calloc":
        calls.calloc(pointer, this.#field("nmemb"), bytes);
        break;
      case "realloc":
        calls.realloc(this.#field("in_ptr"), bytes, pointer);
        break;
      case "memalign":
        calls.aligned(pointer, this.#field("alignment"), bytes);
        break;
      case "posix_memalign":
        calls.aligned(
          this.#field("result") > 0 ? 0 : this.#field("out_ptr"),
          this.#field("alignment"),
          bytes,
        );
        break;
      case "free":
        calls.free(pointer);
        break;
    }
  }
}
