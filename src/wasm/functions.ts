/**
 * The functions a module defines. They are spread over three sections: the types there are, which of them each
 * function has, and the bodies. Core specification 2.0, 5.5.4, 5.5.6 and 5.5.13.
 */
import { ModuleError } from "../base/errors.js";
import { Op } from "./opcodes.js";
import type { BinaryReader } from "./reader.js";
import { SectionId, type Sections } from "./sections.js";
import { type FunctionType, functionTypeBytes, readFunctionType, readValueType } from "./types.js";
import { BinaryWriter } from "./writer.js";

/** A function type, and the bytes that write it. */
export interface TypeEntry extends FunctionType {
  bytes: Uint8Array;
}

/** The functions of a module; a `Body` is what the bodies are held as. */
export interface Functions<Body> {
  types: TypeEntry[];
  /** For every function the index of its type. */
  typeIndices: number[];
  /** For every function its locals and its code. */
  bodies: Body[];
}

/** @throws ModuleError where there are more functions than bodies, or fewer. */
export function readFunctions(sections: Sections): Functions<BinaryReader> {
  const types = sections.vector(SectionId.type, readTypeEntry);
  const typeIndices = sections.vector(SectionId.function, (reader) => reader.u32());
  const bodies = sections.vector(SectionId.code, readBody);
  if (bodies.length !== typeIndices.length) {
    throw new ModuleError(`the module has ${typeIndices.length} functions, but ${bodies.length} bodies`);
  }
  return { types, typeIndices, bodies };
}

export function writeFunctions(
  sections: Sections,
  { types, typeIndices, bodies }: Functions<Uint8Array>,
): void {
  const writeAll = <T>(id: number, items: readonly T[], write: (writer: BinaryWriter, item: T) => void) =>
    sections.set(id, new BinaryWriter().vector(items, write).bytes);
  writeAll(SectionId.type, types, (writer, { bytes }) => writer.append(bytes));
  writeAll(SectionId.function, typeIndices, (writer, index) => writer.unsigned(index));
  writeAll(SectionId.code, bodies, (writer, body) => writer.sized(body));
}

function readTypeEntry(reader: BinaryReader): TypeEntry {
  const start = reader.offset;
  const type = readFunctionType(reader);
  return { ...type, bytes: reader.since(start) };
}

/** Adds a function behind all others, of which `imported` are not the module's own. Returns its number. */
export function addFunction(
  { types, typeIndices, bodies }: Functions<Uint8Array>,
  imported: number,
  type: FunctionType,
  body: Uint8Array,
): number {
  typeIndices.push(types.push({ ...type, bytes: functionTypeBytes(type) }) - 1);
  return imported + bodies.push(body) - 1;
}

/** Makes `code` what runs first when the module is instantiated, before its own start function. */
export function startWith(
  code: Uint8Array,
  sections: Sections,
  functions: Functions<Uint8Array>,
  imported: number,
): void {
  const start = sections.get(SectionId.start);
  const body = new BinaryWriter().unsigned(0).append(code);
  if (start) body.byte(Op.Call).unsigned(start.u32());
  const index = addFunction(functions, imported, { params: [], results: [] }, body.byte(Op.End).bytes);
  sections.set(SectionId.start, new BinaryWriter().unsigned(index).bytes);
}

/** The next body, from its locals on, to be read on its own. */
export function readBody(reader: BinaryReader): BinaryReader {
  return reader.part(reader.u32());
}

/** What a body begins with: its locals, in groups of one type. */
export interface Locals {
  groups: number;
  /** Locals of all groups, without the parameters. */
  count: number;
  /** The groups as the binary writes them, without their number. */
  bytes: Uint8Array;
}

export function readLocals(reader: BinaryReader): Locals {
  const groups = reader.u32();
  const start = reader.offset;
  let count = 0;
  for (let i = 0; i < groups; i++) {
    count += reader.u32();
    readValueType(reader);
  }
  return { groups, count, bytes: reader.since(start) };
}
