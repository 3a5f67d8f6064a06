/** Asks for a larger memory, whose first pages are the meter's. */
import { ModuleError } from "../base/errors.js";
import { type ImportEntry, readImport } from "../wasm/externs.js";
import { type Limits, readLimits, writeLimits } from "../wasm/limits.js";
import { MOST_WASM_PAGES } from "../wasm/pages.js";
import { BinaryReader } from "../wasm/reader.js";
import { SectionId, type Sections } from "../wasm/sections.js";
import { BinaryWriter } from "../wasm/writer.js";

/**
 * Raises the limits of the module's memory by `pages`, where it defines one and where it imports one.
 * @throws ModuleError unless there is one memory, with 32-bit addresses and room for so many more.
 */
export function raiseMemory(sections: Sections, imports: readonly ImportEntry[], pages: number): void {
  const imported = imports.filter(({ kind }) => kind === "memory").length;
  const own = sections.vector(SectionId.memory, (reader) => readRaised(reader, pages));
  if (own.length + imported === 0)
    throw new ModuleError("the module has no memory, so there is nothing to meter");
  if (own.length + imported > 1)
    throw new ModuleError("the module has several memories: build it without multi-memory");
  if (own.length > 0) sections.set(SectionId.memory, new BinaryWriter().vector(own, writeLimits).bytes);
  sections.rewrite(SectionId.import, (reader) => readRaisedImport(reader, pages));
}

/** The bytes of an import, with other limits if it is a memory. */
function readRaisedImport(reader: BinaryReader, pages: number): Uint8Array {
  const start = reader.offset;
  const { kind, description } = readImport(reader);
  if (kind !== "memory") return reader.since(start);
  const writer = new BinaryWriter().append(reader.bytes.subarray(start, description));
  writeLimits(writer, readRaised(new BinaryReader(reader.bytes, description), pages));
  return writer.bytes;
}

function readRaised(reader: BinaryReader, pages: number): Limits {
  const at = reader.offset;
  const limits = readLimits(reader);
  if (limits.wide) {
    throw new ModuleError("a memory has 64-bit addresses: lower them first", at);
  }
  const initial = limits.initial + pages;
  if (initial > MOST_WASM_PAGES) {
    throw new ModuleError(
      `a memory of 4 GiB from the start leaves the meter none of the ${pages} pages it needs`,
      at,
    );
  }
  if (limits.maximum === undefined) return { ...limits, initial };
  return { ...limits, initial, maximum: Math.min(limits.maximum + pages, MOST_WASM_PAGES) };
}
