import type { TraceEncoder } from "./encode.js";
import { FieldCursor, NO_FIELD } from "./fields.js";
import type { TraceFormat, TraceHead } from "./format.js";
import { type LineReader, readLines } from "./line-reader.js";
import type { LineScanner } from "./lines.js";
import type { TraceNotes } from "./trace.js";

const CAPITAL_F = 0x46;
const CAPITAL_P = 0x50;
const CAPITAL_X = 0x58;
const HASH = 0x23;
const AT = 0x40;
const A = 0x61;
const C = 0x63;
const F = 0x66;
const K = 0x6b;
const L = 0x6c;
const M = 0x6d;
const P = 0x70;
const R = 0x72;
const S = 0x73;
const T = 0x74;
const W = 0x77;
const X = 0x78;

/** How a line of ours begins, and how a whole one is. */
const BEGINNING = /^\s*([acmrfwltxk@FP][ \t]+\d|[kX]\s*$|[ps][ \t]+\S)/;
const OPERATION =
  /^\s*(?:[ps][ \t]+\S|(?:[ftx@kFP][ \t]+\d+|[kX]|[ar][ \t]+\d+[ \t]+\d+|[cmwl][ \t]+\d+[ \t]+\d+[ \t]+\d+)\s*$)/;

export const textFormat: TraceFormat<"text"> = {
  name: "text",
  about: "lines such as `a 0 64` and `f 0`",
  looksLike({ lines }: TraceHead) {
    const operations = lines.filter((line) => !isSkipped(line));
    const whole = operations.filter((line) => OPERATION.test(line)).length;
    return whole >= operations.length / 2 && BEGINNING.test(operations[0] ?? "k");
  },
  remedy({ lines }: TraceHead) {
    const operations = lines.filter((line) => !isSkipped(line));
    if (!BEGINNING.test(operations[0] ?? "")) return undefined;
    const wrong = lines.findIndex((line) => !isSkipped(line) && !OPERATION.test(line));
    return `this begins as our text form does, but most lines are no operations, such as line ${wrong + 1}: --format text says more`;
  },
  read: (bytes) => readLines(bytes, (encoder) => new TextReader(encoder)),
};

/** Whether a line of our text form says nothing. */
function isSkipped(line: string): boolean {
  return line.trim() === "" || isComment(line);
}

/** Whether a line of our text form is a comment. */
export function isComment(line: string): boolean {
  return line.trimStart().startsWith("#");
}

/**
 * Our own text form: one operation a line, fields set apart by blanks; blank lines and lines that begin with `#`
 * are skipped.
 *
 *     a id bytes            malloc
 *     c id count bytes      calloc
 *     m id align bytes      aligned
 *     r id bytes            realloc
 *     f id                  free
 *     w id offset bytes     the program writes this range of the object
 *     l id offset bytes     the program reads it
 *     t N                   what follows is thread N's; thread 1's before the first of these
 *     x N                   thread N ends
 *     k [pad]               the program asks for what the allocator keeps, but for pad bytes, to be given back
 *     p NAME                a mark: reports say what there is at this moment
 *     @ nanoseconds         so much time has passed since the start
 *     s SITE                who calls the next operation: frames, outermost first, with ; between them
 *     P N                   what follows is process N's; process 1's before the first of these
 *     F N                   the running process forks process N, which has its objects, and goes on itself
 *     X                     the running process ends; what follows is its parent's, if that has not ended
 */
class TextReader implements LineReader {
  readonly notes: TraceNotes = { format: "text", losses: [] };
  readonly #fields = new FieldCursor();

  constructor(private readonly encoder: TraceEncoder) {}

  readLine(line: LineScanner): void {
    const fields = this.#fields;
    const operation = fields.begin(line);
    if (operation === NO_FIELD || fields.startsWith(HASH)) return;
    this.#operation(operation);
    fields.done();
  }

  finish(): void {
    this.encoder.finish();
  }

  // Arguments are evaluated left to right, which is the order of the fields.
  #operation(operation: number): void {
    const { encoder } = this;
    const fields = this.#fields;
    switch (operation) {
      case A:
        encoder.malloc(fields.number("id"), fields.number("bytes"));
        break;
      case C:
        encoder.calloc(fields.number("id"), fields.number("count"), fields.number("bytes"));
        break;
      case M:
        encoder.aligned(fields.number("id"), fields.number("align"), fields.number("bytes"));
        break;
      case R:
        encoder.realloc(fields.number("id"), fields.number("bytes"));
        break;
      case F:
        encoder.free(fields.number("id"));
        break;
      case W:
        encoder.write(fields.number("id"), fields.number("offset"), fields.number("bytes"));
        break;
      case L:
        encoder.read(fields.number("id"), fields.number("offset"), fields.number("bytes"));
        break;
      default:
        this.#rarer(operation);
    }
  }

  #rarer(operation: number): void {
    const { encoder } = this;
    const fields = this.#fields;
    switch (operation) {
      case T:
        encoder.thread(fields.number("thread"));
        break;
      case X:
        encoder.exit(fields.number("thread"));
        break;
      case K:
        encoder.trim(fields.more ? fields.number("pad") : 0);
        break;
      case P:
        encoder.mark(fields.rest("the name of the mark"));
        break;
      case S:
        encoder.site(fields.rest("the site"));
        break;
      case AT:
        encoder.clock(fields.number("time"));
        break;
      case CAPITAL_P:
        encoder.process(fields.number("process"));
        break;
      case CAPITAL_F:
        encoder.fork(fields.number("process"));
        break;
      case CAPITAL_X:
        encoder.end();
        break;
      default:
        fields.failOperation("a, c, m, r, f, w, l, t, x, k, p, s, @, P, F and X");
    }
  }
}
