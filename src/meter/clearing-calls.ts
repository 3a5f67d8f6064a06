/**
 * Tells when functions run that clear memory, such as calloc: in the place of each among the exports stands one that calls it,
 * and notes in memory when it is entered and left. What the module calls itself stays as it is.
 */
import { CLEARING } from "#shared/meter";
import { ModuleError } from "../base/errors.js";
import { type ExportEntry, type ImportEntry, readExport } from "../wasm/externs.js";
import type { Functions } from "../wasm/functions.js";
import { Op } from "../wasm/opcodes.js";
import { SectionId, type Sections } from "../wasm/sections.js";
import { BinaryWriter } from "../wasm/writer.js";

const FUNCTION = 0; // of an export's kinds

/** Adds them behind all functions. @throws ModuleError for a name that no function is exported by. */
export function noteClearingCalls(
  sections: Sections,
  functions: Functions<Uint8Array>,
  imports: readonly ImportEntry[],
  names: readonly string[],
): void {
  const imported = imports.filter(({ kind }) => kind === "function");
  const noted = new Map(
    names.map((name) => [name, addNoting(functions, imported, exportedAs(sections, name))] as const),
  );
  if (noted.size === 0) return;
  sections.rewrite(SectionId.export, (reader) => {
    const { name, offset } = readExport(reader);
    const index = noted.get(name);
    if (index === undefined) return reader.since(offset);
    return new BinaryWriter().name(name).byte(FUNCTION).unsigned(index).bytes;
  });
}

function exportedAs(sections: Sections, name: string): ExportEntry {
  const exports = sections.vector(SectionId.export, readExport);
  const found = exports.find((one) => one.name === name && one.kind === "function");
  if (!found) throw new ModuleError(`no function is exported as "${name}"`);
  return found;
}

/** Adds a function of the same type, which calls that of `index`. Returns its own index. */
function addNoting(
  { types, typeIndices, bodies }: Functions<Uint8Array>,
  imported: readonly ImportEntry[],
  { index }: ExportEntry,
): number {
  const typeIndex = imported[index]?.typeIndex ?? (typeIndices[index - imported.length] as number);
  const body = new BinaryWriter().unsigned(0).append(note(1));
  types[typeIndex]?.params.forEach((_, i) => {
    body.byte(Op.LocalGet).unsigned(i);
  });
  body.byte(Op.Call).unsigned(index).append(note(0)).byte(Op.End);
  typeIndices.push(typeIndex);
  return imported.length + bodies.push(body.bytes) - 1;
}

const note = (isClearing: 0 | 1): Uint8Array =>
  new BinaryWriter().byte(Op.I32Const).s32(CLEARING).byte(Op.I32Const, isClearing, Op.I32Store, 2, 0).bytes;
