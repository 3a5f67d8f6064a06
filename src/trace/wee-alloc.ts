import { TraceError } from "../base/errors.js";
import { LOST } from "./calls.js";
import type { TraceEncoder } from "./encode.js";
import type { TraceFormat } from "./format.js";
import { type LineReader, readLines } from "./line-reader.js";
import type { LineScanner } from "./lines.js";
import type { TraceNotes } from "./trace.js";

const LINE = /^\s*(Alloc|Free)\((\d+)\),?\s*$/;
const DECODER = new TextDecoder();

export const weeAllocFormat: TraceFormat<"wee-alloc"> = {
  name: "wee-alloc",
  about: "lines such as `Alloc(64),` and `Free(0),`",
  looksLike({ lines }) {
    const first = lines.filter((line) => line.trim() !== "").slice(0, 3);
    return first.length > 0 && first.every((line) => LINE.test(line));
  },
  read: (bytes) =>
    readLines(
      bytes,
      (encoder) => new WeeAllocReader(encoder),
      (index) => `allocation ${index}`,
    ),
};

/**
 * The traces that come with the allocator wee_alloc. Allocations have the numbers 0, 1, … in their order:
 *
 *     Alloc(552),     malloc
 *     Free(0),        free of the allocation of that number
 */
class WeeAllocReader implements LineReader {
  readonly notes: TraceNotes = {
    format: "wee-alloc",
    losses: [LOST.calloc, LOST.alignment, LOST.realloc, LOST.touches, LOST.threads],
  };
  #allocations = 0;

  constructor(private readonly encoder: TraceEncoder) {}

  readLine({ bytes, start, end, line }: LineScanner): void {
    const text = DECODER.decode(bytes.subarray(start, end));
    if (text.trim() === "") return;
    const [, operation, number] = LINE.exec(text) ?? [];
    if (operation === "Alloc") this.encoder.malloc(this.#allocations++, Number(number));
    else if (operation === "Free") this.encoder.free(Number(number));
    else throw new TraceError(`a line must be Alloc(bytes), or Free(number),`, line);
  }

  finish(): void {}
}
