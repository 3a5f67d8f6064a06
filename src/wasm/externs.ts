/** What a module takes from outside and gives: core specification 2.0, 5.5.5 and 5.5.10. */
import { ModuleError } from "../base/errors.js";
import { type Limits, readLimits } from "./limits.js";
import type { BinaryReader } from "./reader.js";
import { readTableType } from "./tables.js";
import { readValueType, type ValueType } from "./types.js";

/** What an import or export is. */
export type ExternKind = "function" | "table" | "memory" | "global" | "tag";

/** By the byte that stands for each. */
const KINDS: readonly ExternKind[] = ["function", "table", "memory", "global", "tag"];

/** The type of a global. */
export interface GlobalType {
  type: ValueType;
  mutable: boolean;
}

/** An import as the binary has it: the type of a function is an index. */
export interface ImportEntry {
  module: string;
  name: string;
  kind: ExternKind;
  /** Where in the module the bytes begin that say what it is, those of its kind not among them. */
  description: number;
  /** Of a function or tag. */
  typeIndex?: number;
  /** Of a memory or table. */
  limits?: Limits;
  /** Of a table: the type of its elements, as the binary writes it. */
  element?: Uint8Array;
  global?: GlobalType;
}

export interface ExportEntry {
  name: string;
  kind: ExternKind;
  /** Among all of its kind that the module has, imports first. */
  index: number;
  /** Where in the module it stands. */
  offset: number;
}

export function readImport(reader: BinaryReader): ImportEntry {
  const [module, name] = [reader.name(), reader.name()];
  const kind = readKind(reader);
  const description = reader.offset;
  return { module, name, kind, description, ...readDescription(kind, reader) };
}

function readDescription(
  kind: ExternKind,
  reader: BinaryReader,
): Pick<ImportEntry, "typeIndex" | "limits" | "element" | "global"> {
  if (kind === "function") return { typeIndex: reader.u32() };
  if (kind === "memory") return { limits: readLimits(reader) };
  if (kind === "global") return { global: { type: readValueType(reader), mutable: reader.byte() === 1 } };
  if (kind === "table") return readTableType(reader);
  reader.byte(); // a tag's attribute
  return { typeIndex: reader.u32() };
}

export function readExport(reader: BinaryReader): ExportEntry {
  const offset = reader.offset;
  return { name: reader.name(), kind: readKind(reader), index: reader.u32(), offset };
}

function readKind(reader: BinaryReader): ExternKind {
  const at = reader.offset;
  const kind = KINDS[reader.byte()];
  if (kind) return kind;
  throw new ModuleError(
    "an import or export is of no known kind: the file is damaged, or newer than this reads",
    at,
  );
}
