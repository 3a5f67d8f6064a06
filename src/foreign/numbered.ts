/**
 * Functions that are named by their number in the module, imported ones counted, since they are not exported. They get
 * exports of that name, and everything goes on as if these had been there.
 */
import { readExport, readImport } from "../wasm/externs.js";
import { SectionId, Sections } from "../wasm/sections.js";
import { BinaryWriter } from "../wasm/writer.js";
import type { FunctionNames } from "./conventions.js";

const NUMBER = /^(0|[1-9]\d{0,6})$/; // engines take a million functions
const FUNCTION = 0; // of an export's kinds

/** Whether a name is that of a function by its number. */
export const isNumbered = (name: string): boolean => NUMBER.test(name);

/** The module with such functions exported; the same where it has none of these numbers, or exports of that name. */
export function exportNumbered(wasm: Uint8Array, functions: FunctionNames = {}): Uint8Array {
  const numbers = [...new Set(Object.values(functions))].filter(isNumbered);
  if (numbers.length === 0) return wasm;
  const sections = new Sections(wasm);
  const entries = sections.vector(SectionId.export, (reader) => {
    const { name, offset } = readExport(reader);
    return { name, bytes: reader.since(offset) };
  });
  const count = countFunctions(sections);
  const added = numbers
    .filter((number) => Number(number) < count && entries.every(({ name }) => name !== number))
    .map((number) => new BinaryWriter().name(number).byte(FUNCTION).unsigned(Number(number)).bytes);
  if (added.length === 0) return wasm;
  const all = [...entries.map(({ bytes }) => bytes), ...added];
  const { bytes } = new BinaryWriter().vector(all, (writer, entry) => writer.append(entry));
  sections.set(SectionId.export, bytes);
  return sections.toBytes();
}

function countFunctions(sections: Sections): number {
  const imports = sections.vector(SectionId.import, readImport);
  return (
    imports.filter(({ kind }) => kind === "function").length + (sections.get(SectionId.function)?.u32() ?? 0)
  );
}
