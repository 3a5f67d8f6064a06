import { formatBytes } from "../base/bytes.js";
import { ModuleError } from "../base/errors.js";
import { type BinaryReader, BinaryWriter, Section, Sections, WASM_PAGE_BYTES } from "./binary.js";

const HAS_MAXIMUM = 1;

/**
 * The module with a maximum for its own memory, in pages of 64 KiB, where it has none or a higher one; the first `base`
 * bytes of it are a meter's. A module that imports its memory is given back as it is.
 * @throws ModuleError if it begins with more.
 */
export function limitMemory(wasm: Uint8Array, pages: number, base = 0): Uint8Array {
  const sections = new Sections(wasm);
  const memories = sections.get(Section.Memory);
  if (!memories) return wasm;
  sections.set(Section.Memory, limitedMemories(memories, pages, base));
  return sections.toBytes();
}

function limitedMemories(section: BinaryReader, pages: number, base: number): Uint8Array {
  const count = section.u32();
  const writer = new BinaryWriter().u32(count);
  for (let i = 0; i < count; i++) {
    const at = section.offset;
    const flags = section.byte();
    const initial = section.u64();
    const maximum = flags & HAS_MAXIMUM ? section.u64() : Number.POSITIVE_INFINITY;
    checkInitial(initial, pages, base, at);
    writer
      .byte(flags | HAS_MAXIMUM)
      .u32(initial)
      .u32(Math.min(maximum, pages));
  }
  return writer.bytes;
}

/** @throws ModuleError if a memory of so many pages exceeds the limit. Both are told without what a meter takes. */
export function checkInitial(initial: number, pages: number, base: number, at?: number): void {
  if (initial <= pages) return;
  const size = (count: number) => formatBytes(count * WASM_PAGE_BYTES - base);
  throw new ModuleError(`its memory begins with ${size(initial)}: allow more than ${size(pages)}`, at);
}
