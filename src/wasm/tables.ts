/** The tables of a module: core specification 2.0, 5.3.9 and 5.5.7, and the initial values of 3.0. */
import { readExpression } from "./expressions.js";
import { type Limits, readLimits, writeLimits } from "./limits.js";
import type { BinaryReader } from "./reader.js";
import { readValueType } from "./types.js";
import type { BinaryWriter } from "./writer.js";

export interface TableType {
  /** The type of its elements, as the binary writes it. */
  element: Uint8Array;
  limits: Limits;
}

export interface Table extends TableType {
  /** The code that gives each element at first, with its end; null where they are null. */
  initially: Uint8Array | null;
}

const HAS_EXPRESSION = 0x40; // and a zero

export function readTableType(reader: BinaryReader): TableType {
  const start = reader.offset;
  readValueType(reader);
  return { element: reader.since(start), limits: readLimits(reader) };
}

export function writeTableType(writer: BinaryWriter, { element, limits }: TableType): void {
  writeLimits(writer.append(element), limits);
}

export function readTable(reader: BinaryReader): Table {
  const isInitialized = reader.fork().byte() === HAS_EXPRESSION;
  if (isInitialized) reader.skip(2);
  const type = readTableType(reader);
  return { ...type, initially: isInitialized ? readExpression(reader) : null };
}

export function writeTable(writer: BinaryWriter, table: Table): void {
  if (table.initially) writer.byte(HAS_EXPRESSION, 0);
  writeTableType(writer, table);
  if (table.initially) writer.append(table.initially);
}
