import { ModuleError } from "../errors.js";
import { type BinaryReader, BinaryWriter, Section, Sections } from "./binary.js";

const HAS_MAXIMUM = 1;

/**
 * The module with a maximum for its own memory, in pages of 64 KiB, where it has none or a higher one.
 * A module that imports its memory is given back as it is.
 * @throws ModuleError if it begins with more.
 */
export function limitMemory(wasm: Uint8Array, pages: number): Uint8Array {
  const sections = new Sections(wasm);
  const memories = sections.get(Section.Memory);
  if (!memories) return wasm;
  sections.set(Section.Memory, limitedMemories(memories, pages));
  return sections.toBytes();
}

function limitedMemories(section: BinaryReader, pages: number): Uint8Array {
  const count = section.u32();
  const writer = new BinaryWriter().u32(count);
  for (let i = 0; i < count; i++) {
    const at = section.offset;
    const flags = section.byte();
    const initial = section.u64();
    const maximum = flags & HAS_MAXIMUM ? section.u64() : Number.POSITIVE_INFINITY;
    checkInitial(initial, pages, at);
    writer
      .byte(flags | HAS_MAXIMUM)
      .u32(initial)
      .u32(Math.min(maximum, pages));
  }
  return writer.bytes;
}

/** @throws ModuleError if a memory of so many pages exceeds the limit. */
export function checkInitial(initial: number, pages: number, at?: number): void {
  if (initial <= pages) return;
  throw new ModuleError(`its memory begins with ${initial} pages of 64 KiB: allow more than ${pages}`, at);
}
