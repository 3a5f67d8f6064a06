import { CallLine } from "./call-line.js";
import { type CallEncoder, LOST, UNSAID } from "./calls.js";
import type { TraceFormat } from "./format.js";
import { type CallReader, readCalls } from "./line-reader.js";
import type { LineScanner } from "./lines.js";

const LINE =
  /^\d{1,10} (\d{1,16} )?(malloc|calloc|realloc|memalign|posix_memalign|aligned_alloc)\([^() ]{1,60}\)=(0x|#|\()/;

export const logallocFormat: TraceFormat<"logalloc"> = {
  name: "logalloc",
  about: "Mozilla's, as it is or munged",
  processes: true,
  looksLike: ({ lines }) => lines.some((line) => LINE.test(line)),
  read: (bytes, options = {}) =>
    readCalls(bytes, "logalloc", [LOST.touches], options, (calls) => new LogallocReader(calls)),
};

/**
 * The logs of Mozilla's logalloc, one call a line, as they are or after logalloc_munge.py. Older ones name no threads.
 *
 *     13663 13670 malloc(42)=0x7f0c33502040      process, thread
 *     1 2 realloc(#1,64)=#1                      munged: objects and threads have small numbers
 *     1 2 free(#1)
 */
class LogallocReader implements CallReader {
  readonly #line = new CallLine();

  constructor(private readonly calls: CallEncoder) {}

  readLine(line: LineScanner): void {
    const call = this.#line;
    if (call.read(line) !== "call") return;
    const { cursor } = call;
    cursor.go(line);
    const process = cursor.decimal();
    cursor.blanks();
    const thread = cursor.at < call.start ? cursor.decimal() : UNSAID;
    this.calls.by(process, thread);
    call.called?.apply(this.calls, call, call.result);
  }
}
