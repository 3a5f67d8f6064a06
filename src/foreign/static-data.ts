/** Where in its memory a module puts data of its own: no block may lie there. */
import { readDataSegment } from "../wasm/data.js";
import { SectionId, Sections } from "../wasm/sections.js";

/** Bytes from one address to another. */
export interface Range {
  from: number;
  to: number;
}

/** So many zeros and more may be room for a heap, which a linker writes out where the memory is imported. */
const ROOM = 1024;

/**
 * The ranges that hold data when the module starts, in ascending order. What is zero then, and what code places, is not
 * among them.
 */
export function staticDataOf(wasm: Uint8Array): Range[] {
  const segments = new Sections(wasm).vector(SectionId.data, readDataSegment);
  const ranges = segments.flatMap(({ address, content }) =>
    address === null || address.constant === null ? [] : rangesOf(address.constant >>> 0, content),
  );
  return ranges.sort((one, other) => one.from - other.from);
}

/** The parts of a segment that are not zero, with the zeros between them but for long runs of those. */
function rangesOf(address: number, content: Uint8Array): Range[] {
  const ranges: Range[] = [];
  let range: Range | undefined;
  for (let i = 0; i < content.length; i++) {
    if (content[i] === 0) continue;
    if (!range || address + i - range.to >= ROOM) {
      range = { from: address + i, to: address + i };
      ranges.push(range);
    }
    range.to = address + i + 1;
  }
  return ranges;
}
