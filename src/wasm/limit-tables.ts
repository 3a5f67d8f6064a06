/** Limits what a module's tables may take of its host: in V8 an element takes some 85 bytes, which no other limit counts. */
import { ModuleError } from "../base/errors.js";
import { readImport } from "./externs.js";
import { readInstruction } from "./instructions.js";
import { type Limits, readLimits, writeLimits } from "./limits.js";
import { Op } from "./opcodes.js";
import type { BinaryReader } from "./reader.js";
import { SectionId, Sections } from "./sections.js";
import { shared } from "./share.js";
import { readValueType } from "./types.js";
import { BinaryWriter } from "./writer.js";

/** Elements of all tables of a module together. The largest modules that we know have some 30,000 functions. */
export const MOST_ELEMENTS = 1_000_000;

/** A table that says with what it begins: of the proposal for typed function references. */
const HAS_EXPRESSION = 0x40;

/** A table of the module's own, as its bytes are around the limits. */
interface Table {
  before: Uint8Array;
  limits: Limits;
  after: Uint8Array;
}

/**
 * The module with maxima for its own tables, so that all of them never have more than `most` elements, imported ones
 * counted as they begin. One without tables of its own is given back as it is.
 * @throws ModuleError if they begin with more.
 */
export function limitTables(wasm: Uint8Array, most = MOST_ELEMENTS): Uint8Array {
  const sections = new Sections(wasm);
  const imported = sections.vector(SectionId.import, readImport).filter(({ kind }) => kind === "table");
  const tables = sections.vector(SectionId.table, readTable);
  const given = imported.reduce((sum, { limits }) => sum + (limits?.initial ?? 0), 0);
  const limits = shared(
    tables.map((table) => table.limits),
    most - given,
  );
  if (!limits) {
    const begins = given + tables.reduce((sum, table) => sum + table.limits.initial, 0);
    throw new ModuleError(`its tables begin with ${begins} elements: in a jail they have ${most} at most`);
  }
  if (tables.length === 0) return wasm;
  const writer = new BinaryWriter().vector(tables, (each, { before, after }, index) => {
    each.append(before);
    writeLimits(each, limits[index] as Limits);
    each.append(after);
  });
  sections.set(SectionId.table, writer.bytes);
  return sections.toBytes();
}

function readTable(reader: BinaryReader): Table {
  const start = reader.offset;
  const hasExpression = reader.bytes[start] === HAS_EXPRESSION;
  if (hasExpression) reader.skip(2);
  readValueType(reader);
  const before = reader.since(start);
  const limits = readLimits(reader);
  const behind = reader.offset;
  if (hasExpression) skipExpression(reader);
  return { before, limits, after: reader.since(behind) };
}

function skipExpression(reader: BinaryReader): void {
  while (readInstruction(reader).opcode !== Op.End);
}
