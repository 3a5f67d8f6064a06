/**
 * What a wasm module has, read from its bytes. WebAssembly.Module tells names and kinds only; limits
 * of memories, types of functions and the sizes a position independent module asks for are read here.
 */
import { ModuleError } from "../base/errors.js";
import { findRelocatable, type Relocatable } from "./dylink.js";
import {
  type ExportEntry,
  type ExternKind,
  type GlobalType,
  type ImportEntry,
  readExport,
  readImport,
} from "./externs.js";
import { type Limits, readLimits } from "./limits.js";
import type { BinaryReader } from "./reader.js";
import { isRestarting } from "./restarting.js";
import { SectionId, Sections } from "./sections.js";
import { type FunctionType, readFunctionType } from "./types.js";

/** An import or export of a module. */
export interface Extern {
  name: string;
  kind: ExternKind;
  /** Of a function; of a tag, whose parameters are what it carries. */
  type?: FunctionType;
  /** Of a memory or table. */
  limits?: Limits;
  /** Of a global. */
  global?: GlobalType;
}

/** What a module takes from outside, gives, and does when it is instantiated. */
export interface ModuleShape {
  /** `alias` is what a host knows it as, where its name says nothing. */
  imports: (Extern & { module: string; alias?: string })[];
  exports: Extern[];
  /** Whether instantiating it runs a function of its own. */
  hasStart: boolean;
  /** Whether every function it exports first runs its constructors, as far as that shows (restarting.ts). */
  isRestarting: boolean;
  customSections: string[];
  /** Bytes of data and elements of the table that a position independent module wants room for. */
  relocatable?: Relocatable;
}

/** Larger files are refused: no allocator is, and compiling one would take all the memory there is. */
export const MOST_MODULE_BYTES = 256 * 2 ** 20;

/** @throws ModuleError, with the offset, for bytes that are no module of WebAssembly 2.0. */
export function inspectModule(wasm: Uint8Array): ModuleShape {
  if (wasm.length > MOST_MODULE_BYTES) {
    throw new ModuleError(`the module has ${wasm.length} bytes: at most ${MOST_MODULE_BYTES} are read`);
  }
  const sections = new Sections(wasm);
  const types = sections.vector(SectionId.type, readFunctionType);
  const imports = sections.vector(SectionId.import, (reader) => importOf(readImport(reader), types));
  const spaces = spacesOf(sections, imports, types);
  const entries = sections.vector(SectionId.export, readExport);
  const relocatable = findRelocatable(sections);
  return {
    imports,
    exports: entries.map((entry) => exportOf(entry, spaces)),
    hasStart: sections.get(SectionId.start) !== null,
    isRestarting: isRestarting(
      sections,
      entries,
      spaces.function.map(({ type }) => type),
    ),
    customSections: sections.custom().map(({ name }) => name),
    ...(relocatable && { relocatable }),
  };
}

type Import = ModuleShape["imports"][number];

/** What an export or import is, whatever it is called. */
type Known = Omit<Extern, "name" | "kind">;

/** By kind, what the module has, imports first: an export names its place here. */
type Spaces = Record<ExternKind, readonly Known[]>;

function importOf({ module, name, kind, ...entry }: ImportEntry, types: readonly FunctionType[]): Import {
  const { description, typeIndex, limits, global } = entry;
  return {
    ...{ module, name, kind },
    ...(typeIndex !== undefined && { type: typeAt(types, typeIndex, description) }),
    ...(limits && { limits }),
    ...(global && { global }),
  };
}

function typeAt(types: readonly FunctionType[], index: number, offset: number): FunctionType {
  const type = types[index];
  if (type) return type;
  throw new ModuleError("a function has a type that is not there: the file is damaged", offset);
}

/** Of tables, globals and tags, those of the module's own are not read. */
function spacesOf(sections: Sections, imports: readonly Import[], types: readonly FunctionType[]): Spaces {
  const readDefined = (reader: BinaryReader): Known => {
    const at = reader.offset;
    return { type: typeAt(types, reader.u32(), at) };
  };
  const imported = (kind: ExternKind): Known[] =>
    imports.filter((one) => one.kind === kind).map(({ module, name, kind, ...known }) => known);
  return {
    function: [...imported("function"), ...sections.vector(SectionId.function, readDefined)],
    memory: [
      ...imported("memory"),
      ...sections.vector(SectionId.memory, (reader) => ({ limits: readLimits(reader) })),
    ],
    table: imported("table"),
    global: imported("global"),
    tag: imported("tag"),
  };
}

function exportOf({ name, kind, index, offset }: ExportEntry, spaces: Spaces): Extern {
  const known = spaces[kind][index];
  if (!known && (kind === "function" || kind === "memory")) {
    throw new ModuleError(`export "${name}" names a ${kind} that is not there: the file is damaged`, offset);
  }
  return { name, kind, ...known };
}
