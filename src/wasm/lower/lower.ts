/**
 * Lowers a module with 64-bit addresses to 32 bits, so that it runs on every engine, and is metered, recorded and
 * driven as any other. It computes the same: types of functions, of globals and of values stay, and so does every number
 * that the module sees.
 *
 * Each address, length and index of a table is narrowed where an instruction takes it: what exceeds 32 bits becomes
 * 2^32 − 1. A lowered memory has 4 GiB less 64 KiB at most, and no table 2^32 − 1 elements: so
 * nothing is there, and the instruction traps, or refuses to grow, as it would have. Sizes are widened where they are
 * given (lower-function.ts). What fills memory and tables at addresses that are not constant does so in a start function
 * (lower-segments.ts).
 *
 * What is valid stays so, and what is not does not become it: narrowing takes an i64 and nothing else, and whatever else
 * an instruction takes and gives is as before. So an engine without 64-bit addresses finds in the lowered module what
 * is wrong in the original.
 */
import { ModuleError } from "../../base/errors.js";
import { readExport, readImport } from "../externs.js";
import { addFunction, type Functions, readFunctions, startWith, writeFunctions } from "../functions.js";
import { type Limits, readLimits, writeLimits } from "../limits.js";
import { Op } from "../opcodes.js";
import { MOST_WASM_PAGES } from "../pages.js";
import { BinaryReader } from "../reader.js";
import { SectionId, Sections } from "../sections.js";
import { readTable, readTableType, type TableType, writeTable, writeTableType } from "../tables.js";
import { type FunctionType, narrowType } from "../types.js";
import { BinaryWriter } from "../writer.js";
import { LAST, type Lowering, lowerFunction, writeNarrowing } from "./lower-function.js";
import { lowerSegments } from "./lower-segments.js";

/** Pages that a lowered memory may have: the last byte that 32 bits reach is never there. */
const MOST_PAGES = MOST_WASM_PAGES - 1;

/** Whether a memory or a table of the module has 64-bit addresses. */
export function isWide(wasm: Uint8Array): boolean {
  const { memories, tables } = readSpaces(new Sections(wasm));
  return [...memories, ...tables.map(({ limits }) => limits)].some(({ wide }) => wide);
}

/**
 * The lowered module. The functions that it exports by these names take and give i32 where they took and gave i64.
 * @throws ModuleError for what is no module, has several memories, or wants more memory than 32 bits reach.
 */
export function lower(wasm: Uint8Array, narrowed: readonly string[] = []): Uint8Array<ArrayBuffer> {
  const sections = new Sections(wasm);
  const { imports, memories, tables, globals } = readSpaces(sections);
  if (memories.length > 1) {
    throw new ModuleError("the module has several memories: build it without multi-memory");
  }
  const original = readFunctions(sections);
  const imported = imports.filter(({ kind }) => kind === "function");
  const lowering: Lowering = { narrow: imported.length + original.bodies.length, tables, memories, globals };
  const functions = lowerBodies(original, lowering);
  addFunction(functions, imported.length, { params: ["i64"], results: ["i32"] }, narrowing());
  const placing = lowerSegments(sections, lowering);
  if (placing) startWith(placing, sections, functions, imported.length);
  sections.rewrite(SectionId.import, lowerImport);
  sections.rewrite(SectionId.table, lowerTable);
  sections.rewrite(SectionId.memory, lowerMemory);
  const indices = imported.map(({ typeIndex }) => typeIndex as number);
  if (narrowed.length > 0) narrowExports(sections, functions, indices, narrowed, lowering.narrow);
  writeFunctions(sections, functions);
  // Its offsets into the code no longer hold, and unlike those for debuggers it is read by engines.
  sections.removeCustom("metadata.code.branch_hint");
  return sections.toBytes();
}

/** What instructions name, in the order of its numbers. */
function readSpaces(sections: Sections) {
  const imports = sections.vector(SectionId.import, readImport);
  const given = <T>(one: T | undefined) => (one === undefined ? [] : [one]);
  const memories = imports.flatMap(({ kind, limits }) => (kind === "memory" ? given(limits) : []));
  const tables = imports.flatMap(({ element, limits }) => (element && limits ? [{ element, limits }] : []));
  const globals = imports.flatMap(({ global }) => given(global));
  return {
    imports,
    memories: [...memories, ...sections.vector(SectionId.memory, readLimits)],
    tables: [...tables, ...sections.vector(SectionId.table, readTable)],
    globals,
  };
}

function lowerBodies(
  { types, typeIndices, bodies }: Functions<BinaryReader>,
  lowering: Lowering,
): Functions<Uint8Array> {
  const lowered = bodies.map((body, i) => {
    const type = types[typeIndices[i] as number];
    if (!type) throw new ModuleError("a function has a type that is not there: the file is damaged");
    return lowerFunction(body, type.params.length, lowering);
  });
  return { types: [...types], typeIndices: [...typeIndices], bodies: lowered };
}

/** The body of the function that narrows, for code without locals. */
function narrowing(): Uint8Array {
  const writer = new BinaryWriter().unsigned(0).byte(Op.LocalGet, 0);
  writeNarrowing(writer, 0);
  return writer.byte(Op.End).bytes;
}

function lowerImport(reader: BinaryReader): Uint8Array {
  const start = reader.offset;
  const { kind, description } = readImport(reader);
  if (kind !== "memory" && kind !== "table") return reader.since(start);
  const writer = new BinaryWriter().append(reader.bytes.subarray(start, description));
  const described = new BinaryReader(reader.bytes, description);
  if (kind === "memory") return writer.append(lowerMemory(described)).bytes;
  writeTableType(writer, lowerTableType(readTableType(described)));
  return writer.bytes;
}

function lowerTable(reader: BinaryReader): Uint8Array {
  const writer = new BinaryWriter();
  writeTable(writer, lowerTableType(readTable(reader)));
  return writer.bytes;
}

function lowerTableType<T extends TableType>(table: T): T {
  const { wide, maximum } = table.limits;
  if (!wide) return table;
  // Engines let none have so many.
  return {
    ...table,
    limits: maximum === undefined ? { ...table.limits, wide: false } : lowerLimits(table.limits, LAST),
  };
}

function lowerMemory(reader: BinaryReader): Uint8Array {
  const at = reader.offset;
  const limits = readLimits(reader);
  if (limits.wide && limits.initial > MOST_PAGES) {
    throw new ModuleError("its memory begins with 4 GiB or more, which 32 bits do not reach", at);
  }
  const writer = new BinaryWriter();
  writeLimits(writer, limits.wide ? lowerLimits(limits, MOST_PAGES) : limits);
  return writer.bytes;
}

/** With a maximum of `most`, unless there is a lower one. */
function lowerLimits(limits: Limits, most: number): Limits {
  return { ...limits, wide: false, maximum: Math.min(limits.maximum ?? most, most) };
}

const FUNCTION = 0;

/** Exports by these names functions that call the module's own. */
function narrowExports(
  sections: Sections,
  functions: Functions<Uint8Array>,
  imported: readonly number[],
  names: readonly string[],
  narrow: number,
): void {
  const typeOf = (index: number) =>
    functions.types[(imported[index] ?? functions.typeIndices[index - imported.length]) as number];
  sections.rewrite(SectionId.export, (reader) => {
    const { name, kind, index, offset } = readExport(reader);
    const type = kind === "function" && names.includes(name) ? typeOf(index) : undefined;
    if (!type || !isNarrowable(type)) return reader.since(offset);
    const face = addFunction(functions, imported.length, narrowType(type), faceOf(index, type, narrow));
    return new BinaryWriter().name(name).byte(FUNCTION).unsigned(face).bytes;
  });
}

function isNarrowable({ params, results }: FunctionType): boolean {
  const types = [...params, ...results];
  return types.includes("i64") && !types.includes("other") && results.length <= 1;
}

/** The body of a function that calls one of this type, widens what that takes and narrows what it gives. */
function faceOf(index: number, { params, results }: FunctionType, narrow: number): Uint8Array {
  const writer = new BinaryWriter().unsigned(0);
  params.forEach((type, i) => {
    writer.byte(Op.LocalGet).unsigned(i);
    if (type === "i64") writer.byte(Op.I64ExtendI32U);
  });
  writer.byte(Op.Call).unsigned(index);
  if (results[0] === "i64") writer.byte(Op.Call).unsigned(narrow);
  return writer.byte(Op.End).bytes;
}
