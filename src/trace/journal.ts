import { type CallEncoder, LOST, UNSAID } from "./calls.js";
import { LineCursor } from "./cursor.js";
import type { TraceFormat } from "./format.js";
import { type CallReader, readCalls } from "./line-reader.js";
import type { LineScanner } from "./lines.js";

const ZERO = 0x30;
const A = 0x61;
const F = 0x66;
const X = 0x78;
const ADDRESS = "(?:0x)?[0-9a-fA-F]{6,16}";
const LINE = new RegExp(`^(a \\d{1,16} ${ADDRESS}|f ${ADDRESS}) \\d{1,20} \\d{1,20}\\s?$`);

export const journalFormat: TraceFormat<"journal"> = {
  name: "journal",
  about: "of MallocMicrobench",
  looksLike: ({ lines }) => lines.some((line) => LINE.test(line)),
  read: (bytes, options = {}) =>
    readCalls(bytes, "journal", [LOST.calloc, LOST.alignment, LOST.touches], options, (calls) => {
      return new JournalReader(calls);
    }),
};

/**
 * The journals that MallocMicrobench replays, such as that of Doom 3: sizes in decimal, addresses in hex, then the thread and
 * nanoseconds since the start.
 *
 *     a 2048 0000023101F264A0 15888 542200
 *     f 0000023101F264A0 15888 1142000
 */
class JournalReader implements CallReader {
  readonly #cursor = new LineCursor();

  constructor(private readonly calls: CallEncoder) {}

  readLine(line: LineScanner): void {
    const cursor = this.#cursor;
    cursor.go(line);
    const operation = cursor.byte();
    cursor.at++;
    const bytes = operation === A ? this.#decimal() : 0;
    const address = this.#address();
    const thread = this.#decimal();
    const time = this.#decimal();
    if (operation !== A && operation !== F) return;
    if (bytes === UNSAID || address === UNSAID || thread === UNSAID || time === UNSAID) {
      this.calls.note("unreadable");
      return;
    }
    this.calls.by(UNSAID, thread);
    this.calls.time(0, time);
    if (operation === A) this.calls.malloc(address, bytes);
    else this.calls.free(address);
  }

  #decimal(): number {
    this.#cursor.blanks();
    return this.#cursor.decimal();
  }

  #address(): number {
    const cursor = this.#cursor;
    cursor.blanks();
    if (cursor.byte() === ZERO && cursor.byte(1) === X) cursor.at += 2;
    return cursor.hex();
  }
}
