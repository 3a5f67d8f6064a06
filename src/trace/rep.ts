import { TraceError } from "../base/errors.js";
import { LOST } from "./calls.js";
import type { TraceEncoder } from "./encode.js";
import { FieldCursor, NO_FIELD } from "./fields.js";
import type { TraceFormat } from "./format.js";
import { type LineReader, readLines } from "./line-reader.js";
import type { LineScanner } from "./lines.js";
import { isComment } from "./text.js";
import type { TraceNotes } from "./trace.js";

const MOST_HEADER = 4;
const LEAST_HEADER = 2;
const HASH = 0x23;
const A = 0x61;
const F = 0x66;
const R = 0x72;
/** The `f -1` of some traces: free(NULL). */
const NULL_ID = -1;
/** Highest weight of the newer dialect; a fourth header line above it is no weight. */
const MAX_WEIGHT = 3;

export const repFormat: TraceFormat<"rep"> = {
  name: "rep",
  about: "CS:APP, two to four header lines of one number each",
  looksLike({ lines }) {
    const first = lines.filter((line) => line.trim() !== "" && !isComment(line)).slice(0, MOST_HEADER);
    const header = first.findIndex((line) => !/^\s*\d+\s*$/.test(line));
    if (header === -1) return first.length === MOST_HEADER;
    return header >= LEAST_HEADER && /^\s*([ar]\s+\d+\s+\d+|f\s+-?\d+)\s*$/.test(first[header] as string);
  },
  read: (bytes) => readLines(bytes, (encoder) => new RepReader(encoder)),
};

/**
 * The traces of the CS:APP malloc lab and its like: a header, then `a id bytes`, `r id bytes` and `f id`. Lines that begin with #
 * are skipped. Two of four header lines are told apart by the last of them:
 *
 *     suggested heap size          weight, 0 to 3        suggested heap size
 *     num_ids                      num_ids               num_ids                num_ids
 *     num_ops                      num_ops               num_ops                num_ops
 *     weight, 0 to 3               max_alloc, above 3
 *
 * Ids should be below num_ids, and there should be num_ops operations, but many traces of the kind count wrongly: that is
 * noted. As in the lab, `r` on an id that is not live is malloc.
 */
class RepReader implements LineReader {
  readonly notes: TraceNotes = {
    format: "rep",
    losses: [LOST.calloc, LOST.alignment, LOST.touches, LOST.threads],
  };
  readonly #fields = new FieldCursor();
  readonly #header: number[] = [];
  #headerIsRead = false;
  #ids = 0;
  #expected = 0;
  #operations = 0;
  #nullFrees = 0;
  #idsAbove = 0;

  constructor(private readonly encoder: TraceEncoder) {}

  readLine(line: LineScanner): void {
    const fields = this.#fields;
    const operation = fields.begin(line);
    if (operation === NO_FIELD || fields.startsWith(HASH)) return;
    if (!this.#headerIsRead && this.#isHeader(operation)) {
      this.#headerLine();
    } else {
      this.#endHeader(line.line);
      this.#operations++;
      this.#operation(operation);
    }
    fields.done();
  }

  finish(lastLine: number): void {
    this.#endHeader(lastLine || 1);
    const { losses } = this.notes;
    if (this.#operations !== this.#expected) {
      losses.push(`the header says ${this.#expected} operations, there are ${this.#operations}`);
    }
    if (this.#idsAbove > 0) {
      losses.push(`the header says that ids are below ${this.#ids}, others are not (${this.#idsAbove})`);
    }
    if (this.#nullFrees > 0) losses.push(`left out: free(NULL) (${this.#nullFrees})`);
  }

  /** Whether a line that begins so belongs to the header, which ends at its fourth or before the first operation. */
  #isHeader(operation: number): boolean {
    return this.#header.length < MOST_HEADER && operation !== A && operation !== R && operation !== F;
  }

  #headerLine(): void {
    this.#fields.rewind();
    this.#header.push(this.#fields.number(`header line ${this.#header.length + 1}`));
  }

  #endHeader(line: number): void {
    if (this.#headerIsRead) return;
    const header = this.#header;
    if (header.length < LEAST_HEADER) {
      throw new TraceError("the header must have at least two lines: num_ids and num_ops", line);
    }
    this.#headerIsRead = true;
    const first = header.length === LEAST_HEADER ? 0 : 1;
    this.#ids = header[first] as number;
    this.#expected = header[first + 1] as number;
    this.#noteUnused();
  }

  #noteUnused(): void {
    const [first, , , fourth] = this.#header;
    if (this.#header.length === LEAST_HEADER) return;
    const unused =
      fourth === undefined
        ? `suggested heap size ${first}`
        : fourth > MAX_WEIGHT
          ? `weight ${first} and max_alloc ${fourth}`
          : `suggested heap size ${first} and weight ${fourth}`;
    this.notes.losses.push(`${unused} in the header ${fourth === undefined ? "is" : "are"} not used`);
  }

  #operation(operation: number): void {
    const { encoder } = this;
    const fields = this.#fields;
    switch (operation) {
      case A:
        encoder.malloc(this.#id(), fields.number("bytes"));
        break;
      case R:
        this.#realloc(this.#id(), fields.number("bytes"));
        break;
      case F:
        this.#free(fields.integer("id"));
        break;
      default:
        fields.failOperation("a, r and f");
    }
  }

  #realloc(id: number, bytes: number): void {
    if (this.encoder.has(id)) this.encoder.realloc(id, bytes);
    else this.encoder.malloc(id, bytes);
  }

  #free(id: number): void {
    if (id === NULL_ID) this.#nullFrees++;
    else this.encoder.free(this.#checkId(id));
  }

  #id(): number {
    return this.#checkId(this.#fields.number("id"));
  }

  #checkId(id: number): number {
    if (id < 0) this.#fields.fail(`id must be a whole number from 0 on, or -1 for free(NULL), not ${id}`);
    if (id >= this.#ids) this.#idsAbove++;
    return id;
  }
}
