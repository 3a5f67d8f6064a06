import { formatBytes } from "../base/bytes.js";
import { ModuleError } from "../base/errors.js";
import { limitTogether } from "./limit-together.js";
import { type Limits, readLimits, writeLimits } from "./limits.js";
import { WASM_PAGE_BYTES } from "./pages.js";
import type { BinaryReader } from "./reader.js";
import { SectionId, Sections } from "./sections.js";
import { requireValid } from "./validate.js";
import { BinaryWriter } from "./writer.js";

/**
 * The module with a maximum for its own memory, in pages of 64 KiB, where it has none or a higher one; the first `base`
 * bytes of it are a meter's. A module that imports its memory is given back as it is.
 * @throws ModuleError if it begins with more, or is not valid.
 */
export function limitMemory(wasm: Uint8Array, pages: number, base = 0): Uint8Array {
  const sections = new Sections(wasm);
  const memories = sections.get(SectionId.memory);
  if (!memories) return wasm;
  const limited = memories.vector((reader) => readChecked(reader, pages, base));
  const together = limitTogether(limited, pages);
  if (!together)
    throw new ModuleError(`its ${limited.length} memories begin with more than is allowed together`);
  requireValid(wasm);
  sections.set(SectionId.memory, new BinaryWriter().vector(together, writeLimits).bytes);
  return sections.toBytes();
}

function readChecked(reader: BinaryReader, pages: number, base: number): Limits {
  const at = reader.offset;
  const limits = readLimits(reader);
  checkInitial(limits.initial, pages, base, at);
  return limits;
}

/** @throws ModuleError if a memory of so many pages exceeds the limit. Both are told without what a meter takes. */
export function checkInitial(initial: number, pages: number, base: number, at?: number): void {
  if (initial <= pages) return;
  const size = (count: number) => formatBytes(count * WASM_PAGE_BYTES - base);
  throw new ModuleError(`its memory begins with ${size(initial)}: allow more than ${size(pages)}`, at);
}
