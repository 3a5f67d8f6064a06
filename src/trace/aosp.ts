import { type CallEncoder, LOST, UNSAID } from "./calls.js";
import { LineCursor } from "./cursor.js";
import type { TraceFormat } from "./format.js";
import { type CallReader, readCalls } from "./line-reader.js";
import type { LineScanner } from "./lines.js";

const COLON = 0x3a;
/** Numbers of a line at most: realloc has three, and two times. */
const MOST_NUMBERS = 5;
/** How many numbers each action has, without times. */
const ACTIONS: ReadonlyMap<string, number> = new Map([
  ["malloc", 2],
  ["calloc", 3],
  ["realloc", 3],
  ["memalign", 3],
  ["free", 1],
  ["thread_done", 1],
]);

const LINE =
  /^\s{0,10}\d{1,10}: ?(malloc|calloc|realloc|memalign|free|thread_done) 0x[0-9a-f]{1,16}( \d+){0,4}/;

export const aospFormat: TraceFormat<"aosp"> = {
  name: "aosp",
  about: "Android's record_allocs and memory_replay",
  looksLike: ({ lines }) => lines.some((line) => LINE.test(line)),
  read: (bytes, options = {}) =>
    readCalls(bytes, "aosp", [LOST.touches], options, (calls) => new AospReader(calls)),
};

/**
 * What Android's malloc_debug records with record_allocs, and memory_replay takes. Newer ones have when each call began and
 * ended, in nanoseconds.
 *
 *     100: malloc 0xb48390a0 48
 *     100: calloc 0xb48c1100 32 8 1000 1020
 *     100: realloc 0x96b90920 0x93605280 150      new, old
 *     100: memalign 0xae42d080 16 104
 *     100: free 0xb4827400
 *     100: thread_done 0x0
 */
class AospReader implements CallReader {
  readonly #cursor = new LineCursor();
  readonly #numbers: number[] = [];

  constructor(private readonly calls: CallEncoder) {}

  readLine(line: LineScanner): void {
    const cursor = this.#cursor;
    cursor.go(line);
    cursor.blanks();
    const thread = cursor.decimal();
    if (thread === UNSAID || !cursor.takes(COLON)) return;
    cursor.blanks();
    const action = cursor.word();
    const count = ACTIONS.get(action);
    if (count === undefined) return;
    this.#readNumbers();
    if (this.#numbers.length < count) this.calls.note("unreadable");
    else this.#call(thread, action, count);
  }

  #readNumbers(): void {
    const cursor = this.#cursor;
    this.#numbers.length = 0;
    while (this.#numbers.length < MOST_NUMBERS) {
      cursor.blanks();
      const number = cursor.number();
      if (number === UNSAID) return;
      this.#numbers.push(number);
    }
  }

  #call(thread: number, action: string, count: number): void {
    const { calls } = this;
    const [pointer, second, third] = this.#numbers as [number, number, number];
    calls.by(UNSAID, thread);
    const began = this.#numbers[count];
    if (began !== undefined && began > 0) calls.time(0, began);
    switch (action) {
      case "malloc":
        calls.malloc(pointer, second);
        break;
      case "calloc":
        calls.calloc(pointer, second, third);
        break;
      case "realloc":
        calls.realloc(second, third, pointer);
        break;
      case "memalign":
        calls.aligned(pointer, second, third);
        break;
      case "free":
        calls.free(pointer);
        break;
      default:
        calls.exit(UNSAID, thread);
    }
  }
}
