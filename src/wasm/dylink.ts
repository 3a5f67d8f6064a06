/** What a position independent module wants room for: github.com/WebAssembly/tool-conventions, DynamicLinking. */
import type { BinaryReader } from "./reader.js";
import type { Sections } from "./sections.js";

/** Bytes of data, and elements of the table. */
export interface Relocatable {
  memoryBytes: number;
  memoryAlign: number;
  tableElements: number;
}

/** The name of the custom section that says so. */
const NAME = "dylink.0";
/** Its part that holds sizes, and alignments as powers of two. */
const MEMORY_INFO = 1;

/** Undefined for a module that is not position independent. */
export function findRelocatable(sections: Sections): Relocatable | undefined {
  const found = sections.custom().find(({ name }) => name === NAME);
  return found && readRelocatable(found.content);
}

function readRelocatable(section: BinaryReader): Relocatable {
  while (!section.done) {
    const kind = section.byte();
    const part = section.part(section.u32());
    if (kind !== MEMORY_INFO) continue;
    const [memoryBytes, memoryPower, tableElements] = [part.u32(), part.u32(), part.u32()];
    return { memoryBytes, memoryAlign: 2 ** memoryPower, tableElements };
  }
  return { memoryBytes: 0, memoryAlign: 1, tableElements: 0 };
}
