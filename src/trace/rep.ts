import { TraceError } from "../base/errors.js";
import type { TraceEncoder } from "./encode.js";
import { FieldCursor, NO_FIELD } from "./fields.js";
import type { TraceFormat } from "./format.js";
import { type LineReader, LOST, readLines } from "./line-reader.js";
import type { LineScanner } from "./lines.js";
import type { TraceNotes } from "./trace.js";

const HEADER_LINES = 4;
const A = 0x61;
const F = 0x66;
const R = 0x72;
/** The `f -1` of some traces: free(NULL). */
const NULL_ID = -1;
/** Highest weight of the newer dialect; a fourth header line above it is no weight. */
const MAX_WEIGHT = 3;

export const repFormat: TraceFormat<"rep"> = {
  name: "rep",
  about: "CS:APP, four header lines of one number each",
  looksLike({ lines }) {
    const first = lines.filter((line) => line.trim() !== "").slice(0, HEADER_LINES);
    return first.length === HEADER_LINES && first.every((line) => /^\s*\d+\s*$/.test(line));
  },
  read: (bytes) => readLines(bytes, (encoder) => new RepReader(encoder)),
};

/**
 * The traces of the CS:APP malloc lab: four header lines, then `a id bytes`, `r id bytes` and `f id`. The first
 * dialect is told from the second by its fourth line:
 *
 *     suggested heap size          weight, 0 to 3
 *     num_ids                      num_ids
 *     num_ops                      num_ops
 *     weight, 0 to 3               max_alloc, above 3
 *
 * Ids are below num_ids, and there are num_ops operations. As in the lab, `r` on an id that is not live is malloc.
 */
class RepReader implements LineReader {
  readonly notes: TraceNotes = {
    format: "rep",
    losses: [LOST.calloc, LOST.alignment, LOST.touches, LOST.threads],
  };
  readonly #fields = new FieldCursor();
  readonly #header: number[] = [];
  #ids = 0;
  #expected = 0;
  #operations = 0;
  #nullFrees = 0;

  constructor(private readonly encoder: TraceEncoder) {}

  readLine(line: LineScanner): void {
    const operation = this.#fields.begin(line);
    if (operation === NO_FIELD) return;
    if (this.#header.length < HEADER_LINES) {
      this.#headerLine();
    } else {
      this.#count();
      this.#operation(operation);
    }
    this.#fields.done();
  }

  finish(lastLine: number): void {
    if (this.#header.length < HEADER_LINES)
      throw new TraceError("the four header lines are not complete", lastLine || 1);
    if (this.#operations < this.#expected) {
      const message = `the trace ends after ${this.#operations} operations, its header says ${this.#expected}`;
      throw new TraceError(message, lastLine);
    }
    if (this.#nullFrees > 0) this.notes.losses.push(`left out: free(NULL) (${this.#nullFrees})`);
  }

  #headerLine(): void {
    this.#fields.rewind();
    this.#header.push(this.#fields.number(`header line ${this.#header.length + 1}`));
    if (this.#header.length < HEADER_LINES) return;
    const [first, ids, operations, fourth] = this.#header as [number, number, number, number];
    this.#ids = ids;
    this.#expected = operations;
    this.notes.losses.push(
      fourth > MAX_WEIGHT
        ? `weight ${first} and max_alloc ${fourth} in the header are not used`
        : `suggested heap size ${first} and weight ${fourth} in the header are not used`,
    );
  }

  #count(): void {
    if (this.#operations === this.#expected) {
      this.#fields.fail(`the trace goes on after the ${this.#expected} operations its header says`);
    }
    this.#operations++;
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
    if (id < 0 || id >= this.#ids) {
      this.#fields.fail(`id ${id} is not below num_ids, which the header says is ${this.#ids}`);
    }
    return id;
  }
}
