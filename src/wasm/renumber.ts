/**
 * Gives the functions of a module other numbers, wherever one is named but in the bodies: exports, the start function,
 * elements of tables, globals. Core specification 2.0, 5.5.9 to 5.5.12.
 */
import { ModuleError } from "../base/errors.js";
import { readElementSegment, writeElementSegment } from "./elements.js";
import { readExport } from "./externs.js";
import { readInstruction } from "./instructions.js";
import { Op, writeOpcode } from "./opcodes.js";
import { BinaryReader } from "./reader.js";
import { SectionId, type Sections } from "./sections.js";
import { readTable } from "./tables.js";
import { readValueType } from "./types.js";
import { BinaryWriter } from "./writer.js";

/** The new number of a function. */
export type Renumber = (index: number) => number;

/** @throws ModuleError for what would not be renumbered. */
export function renumberFunctions(sections: Sections, renumber: Renumber): void {
  refuseTablesThatBegin(sections);
  sections.rewrite(SectionId.export, (reader) => renumberExport(reader, renumber));
  sections.rewrite(SectionId.element, (reader) => renumberElements(reader, renumber));
  sections.rewrite(SectionId.global, (reader) => renumberGlobal(reader, renumber));
  const start = sections.get(SectionId.start);
  if (start) sections.set(SectionId.start, new BinaryWriter().unsigned(renumber(start.u32())).bytes);
}

const FUNCTION = 0;

function renumberExport(reader: BinaryReader, renumber: Renumber): Uint8Array {
  const { name, kind, index, offset } = readExport(reader);
  if (kind !== "function") return reader.since(offset);
  return new BinaryWriter().name(name).byte(FUNCTION).unsigned(renumber(index)).bytes;
}

function renumberElements(reader: BinaryReader, renumber: Renumber): Uint8Array {
  const segment = readElementSegment(reader);
  const { place, areExpressions } = segment;
  const renumberElement = (bytes: Uint8Array) => {
    const element = new BinaryReader(bytes);
    return areExpressions
      ? renumberExpression(element, renumber)
      : new BinaryWriter().unsigned(renumber(element.u32())).bytes;
  };
  const writer = new BinaryWriter();
  writeElementSegment(writer, {
    ...segment,
    place: place && { ...place, code: renumberExpression(new BinaryReader(place.code), renumber) },
    elements: segment.elements.map(renumberElement),
  });
  return writer.bytes;
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

function refuseTablesThatBegin(sections: Sections): void {
  sections.vector(SectionId.table, (reader) => {
    const at = reader.offset;
    if (!readTable(reader).initially) return;
    throw new ModuleError("a table begins with functions: compile without typed function references", at);
  });
}
