/**
 * Gives the functions of a module other numbers, wherever one is named but in the bodies: exports, the start function,
 * elements of tables, globals. Core specification 2.0, 5.5.9 to 5.5.12.
 */
import { ModuleError } from "../base/errors.js";
import { readExport } from "./externs.js";
import { readInstruction } from "./instructions.js";
import { Op, writeOpcode } from "./opcodes.js";
import type { BinaryReader } from "./reader.js";
import { SectionId, type Sections } from "./sections.js";
import { readValueType } from "./types.js";
import { BinaryWriter } from "./writer.js";

/** The new number of a function. */
export type Renumber = (index: number) => number;

/** @throws ModuleError for what would not be renumbered. */
export function renumberFunctions(sections: Sections, renumber: Renumber): void {
  refuseTablesThatBegin(sections);
  rewrite(sections, SectionId.export, (reader) => renumberExport(reader, renumber));
  rewrite(sections, SectionId.element, (reader) => renumberElements(reader, renumber));
  rewrite(sections, SectionId.global, (reader) => renumberGlobal(reader, renumber));
  const start = sections.get(SectionId.start);
  if (start) sections.set(SectionId.start, new BinaryWriter().unsigned(renumber(start.u32())).bytes);
}

/** Writes anew a section that is a vector: each of its entries becomes the bytes that `renumbered` gives. */
function rewrite(sections: Sections, id: number, renumbered: (reader: BinaryReader) => Uint8Array): void {
  if (!sections.get(id)) return;
  const entries = sections.vector(id, renumbered);
  sections.set(id, new BinaryWriter().vector(entries, (writer, bytes) => writer.append(bytes)).bytes);
}

const FUNCTION = 0;

function renumberExport(reader: BinaryReader, renumber: Renumber): Uint8Array {
  const { name, kind, index, offset } = readExport(reader);
  if (kind !== "function") return reader.since(offset);
  return new BinaryWriter().name(name).byte(FUNCTION).unsigned(renumber(index)).bytes;
}

/** What the flags of elements say. */
const NOT_ACTIVE = 1;
/** Of active ones: a table is named. Of others: they are declared only. */
const EXPLICIT = 2;
const EXPRESSIONS = 4;

function renumberElements(reader: BinaryReader, renumber: Renumber): Uint8Array {
  const start = reader.offset;
  const flags = reader.u32();
  const isActive = (flags & NOT_ACTIVE) === 0;
  if (isActive && flags & EXPLICIT) reader.u32();
  const writer = new BinaryWriter().append(reader.since(start));
  if (isActive) writer.append(renumberExpression(reader, renumber));
  if (flags & (NOT_ACTIVE | EXPLICIT)) writer.append(kindOf(reader, flags));
  if (flags & EXPRESSIONS) {
    const items = reader.vector((each) => renumberExpression(each, renumber));
    return writer.vector(items, (each, bytes) => each.append(bytes)).bytes;
  }
  const items = reader.vector((each) => renumber(each.u32()));
  return writer.vector(items, (each, index) => each.unsigned(index)).bytes;
}

/** The bytes that say what elements are. */
function kindOf(reader: BinaryReader, flags: number): Uint8Array {
  const start = reader.offset;
  if (flags & EXPRESSIONS) readValueType(reader);
  else reader.byte();
  return reader.since(start);
}

function renumberGlobal(reader: BinaryReader, renumber: Renumber): Uint8Array {
  const start = reader.offset;
  readValueType(reader);
  reader.byte(); // whether it is mutable
  return new BinaryWriter().append(reader.since(start)).append(renumberExpression(reader, renumber)).bytes;
}

/** A constant expression up to its end. */
function renumberExpression(reader: BinaryReader, renumber: Renumber): Uint8Array {
  const writer = new BinaryWriter();
  for (;;) {
    const { opcode, operand, start } = readInstruction(reader);
    if (opcode === Op.RefFunc) writeOpcode(writer, opcode).unsigned(renumber(operand));
    else writer.append(reader.since(start));
    if (opcode === Op.End) return writer.bytes;
  }
}

const HAS_EXPRESSION = 0x40;

function refuseTablesThatBegin(sections: Sections): void {
  const tables = sections.get(SectionId.table);
  if (!tables || tables.u32() === 0) return;
  const at = tables.offset;
  if (tables.byte() === HAS_EXPRESSION) {
    throw new ModuleError("a table begins with functions: compile without typed function references", at);
  }
}
