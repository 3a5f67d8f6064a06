import { type CallEncoder, LOST, UNSAID } from "./calls.js";
import { LineCursor } from "./cursor.js";
import type { TraceFormat } from "./format.js";
import { type CallReader, readCalls } from "./line-reader.js";
import type { LineScanner } from "./lines.js";

const SPACE = 0x20;
const PLUS = 0x2b;
const MINUS = 0x2d;
const LESS = 0x3c;
const MORE = 0x3e;
const AT = 0x40;
const FAILED = 0x21;
const OPERATIONS = [PLUS, MINUS, LESS, MORE, FAILED];

const POINTER = String.raw`(0x[0-9a-f]{1,16}|\(nil\))`;
const LINE = new RegExp(`^(@ .{1,4096} )?([-+<>!] ${POINTER}( 0x[0-9a-f]{1,16})?)$`);

export const mtraceFormat: TraceFormat<"mtrace"> = {
  name: "mtrace",
  about: "glibc's MALLOC_TRACE",
  looksLike: ({ lines }) => lines.some((line) => LINE.test(line.trimEnd())),
  remedy: ({ lines }) =>
    lines.some((line) => line.trimEnd() === "= Start")
      ? "this is a log of glibc's mtrace without calls: the program must allocate after it calls mtrace()"
      : undefined,
  read: (bytes, options = {}) =>
    readCalls(
      bytes,
      "mtrace",
      [LOST.calloc, LOST.alignment, LOST.touches, LOST.threads],
      options,
      (calls) => {
        return new MtraceReader(calls);
      },
    ),
};

/**
 * What glibc's mtrace writes, with numbers in hex; `@` is the caller, which may be missing:
 *
 *     = Start
 *     @ ./m:(main+1e)[0x11b0] + 0x55c4899544a0 0x64         malloc, calloc and all that allocate
 *     @ ./m:[0x11d8] < 0x55c4899544a0                       realloc from
 *     @ ./m:[0x11d8] > 0x55c4899545e0 0x1388                to
 *     @ ./m:[0x11f0] ! 0x55c4899545e0 0x4000000000000       a realloc that failed
 *     @ ./m:[0x1210] - 0x55c489954510                       free
 *     = End
 */
class MtraceReader implements CallReader {
  readonly #cursor = new LineCursor();
  /** What is resized: the two lines of a realloc follow each other. */
  #resized = UNSAID;

  constructor(private readonly calls: CallEncoder) {}

  readLine(line: LineScanner): void {
    const cursor = this.#cursor;
    cursor.go(line);
    const named = cursor.byte() === AT && cursor.byte(1) === SPACE;
    if (!this.#findOperation(line, named)) return;
    const operation = cursor.byte();
    const end = cursor.at - 1;
    cursor.at += 2;
    const pointer = cursor.number();
    if (pointer === UNSAID) return;
    cursor.blanks();
    const bytes = cursor.number();
    if (named) this.calls.site(siteOf(cursor.text(line.start + 2, end)));
    this.#operation(operation, pointer, bytes);
  }

  /** Goes to the last of the letters that is between blanks, as a path may have such, too. */
  #findOperation({ start, end }: LineScanner, named: boolean): boolean {
    const cursor = this.#cursor;
    for (let at = named ? end - 3 : start; at >= start; at--) {
      cursor.at = at;
      if (cursor.byte(1) !== SPACE || !OPERATIONS.includes(cursor.byte())) continue;
      if (!named || cursor.byte(-1) === SPACE) return true;
    }
    return false;
  }

  #operation(operation: number, pointer: number, bytes: number): void {
    const { calls } = this;
    switch (operation) {
      case PLUS:
        calls.malloc(pointer, bytes);
        break;
      case MINUS:
        calls.free(pointer);
        break;
      case LESS:
        this.#resized = pointer;
        break;
      case MORE:
        calls.realloc(this.#resized, bytes, pointer);
        this.#resized = UNSAID;
        break;
      default:
        calls.realloc(pointer, bytes, 0);
    }
  }
}

/** `m:main` of `./m:(main+1e)[0x11b0]`; without a function, the file and the offset: `m+0x11b0`. */
function siteOf(caller: string): string {
  const named = /^(?:.*\/)?([^/]*):\(([^()]+?)(?:\+(?:0x)?[0-9a-f]+)?\)/.exec(caller);
  if (named) return named[2] as string;
  const placed = /^(?:.*\/)?([^/[\]]*?):?\[(0x[0-9a-f]+)\]$/.exec(caller);
  if (!placed) return caller;
  return placed[1] === "" ? (placed[2] as string) : `${placed[1]}+${placed[2]}`;
}
