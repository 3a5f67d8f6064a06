/**
 * What a wasm module has, read from its bytes. WebAssembly.Module tells names and kinds only; limits
 * of memories, types of functions and the sizes a position independent module asks for are read here.
 */
import { ModuleError } from "../base/errors.js";
import { BinaryReader } from "./binary.js";

export type ValueType = "i32" | "i64" | "f32" | "f64" | "v128" | "funcref" | "externref" | "other";

export interface FunctionType {
  params: ValueType[];
  results: ValueType[];
}

/** Pages of 64 KiB, or elements of a table. */
export interface Limits {
  initial: number;
  maximum?: number;
  shared: boolean;
  /** 64-bit addresses. */
  wide: boolean;
}

export type ExternKind = "function" | "table" | "memory" | "global" | "tag";
const KINDS: readonly ExternKind[] = ["function", "table", "memory", "global", "tag"];

export interface Extern {
  name: string;
  kind: ExternKind;
  /** Of a function. */
  type?: FunctionType;
  /** Of a memory or table. */
  limits?: Limits;
  /** Of a global. */
  global?: { type: ValueType; mutable: boolean };
}

export interface ModuleShape {
  imports: (Extern & { module: string })[];
  exports: Extern[];
  /** Whether instantiating it runs a function of its own. */
  hasStart: boolean;
  /**
   * Whether every function it exports first calls one and the same function that takes and gives nothing. So
   * wasm-ld links a program that nothing starts: each export runs the constructors.
   */
  isRestarting: boolean;
  customSections: string[];
  /** Bytes of data and elements of the table that a position independent module wants room for. */
  relocatable?: { memoryBytes: number; memoryAlign: number; tableElements: number };
}

/** Larger files are refused: no allocator is, and compiling one would take all the memory there is. */
export const MOST_MODULE_BYTES = 256 * 2 ** 20;

const MAGIC = 0x6d736100; // "\0asm"
const VERSION = 1;
const SECTIONS = { custom: 0, type: 1, import: 2, function: 3, memory: 5, export: 7, start: 8, code: 10 };
const CALL = 0x10;
const LAST_SECTION = 13;
const FUNCTION_TYPE = 0x60;
const VALUE_TYPES: Record<number, ValueType> = {
  127: "i32",
  126: "i64",
  125: "f32",
  124: "f64",
  123: "v128",
  112: "funcref",
  111: "externref",
};

/** @throws ModuleError, with the offset, for bytes that are no module of WebAssembly 2.0. */
export function inspectModule(wasm: Uint8Array): ModuleShape {
  if (wasm.length > MOST_MODULE_BYTES) {
    throw new ModuleError(`the module has ${wasm.length} bytes: at most ${MOST_MODULE_BYTES} are read`);
  }
  const reader = new BinaryReader(wasm);
  checkHeader(reader);
  const sections = new SectionReader();
  while (!reader.done) sections.read(reader);
  return sections.shape();
}

function checkHeader(reader: BinaryReader): void {
  if (reader.left < 8 || reader.fixed32() !== MAGIC) {
    throw new ModuleError("not a wasm module: it does not begin with \\0asm; is it a page or an archive?", 0);
  }
  const version = reader.fixed32();
  if (version !== VERSION) {
    throw new ModuleError(`version ${version} is not a core module's: take it out of its component`, 4);
  }
}

/** Reads sections one by one, and puts together what they say. */
class SectionReader {
  readonly #types: FunctionType[] = [];
  readonly #imports: ModuleShape["imports"] = [];
  readonly #exports: { name: string; kind: ExternKind; index: number; offset: number }[] = [];
  /** By kind, what the module has, imports first: an export names its place here. */
  readonly #spaces: Record<ExternKind, Omit<Extern, "name">[]> = {
    function: [],
    table: [],
    memory: [],
    global: [],
    tag: [],
  };
  readonly #custom: string[] = [];
  /** Of each function with a body, the one it calls first of all, if it begins with a call. */
  #firstCalls: (number | undefined)[] = [];
  #hasStart = false;
  #relocatable: ModuleShape["relocatable"];

  read(reader: BinaryReader): void {
    const at = reader.offset;
    const id = reader.byte();
    if (id > LAST_SECTION)
      throw new ModuleError(`there is no section ${id}: the file is damaged, or newer than this reads`, at);
    const section = reader.part(reader.u32());
    if (id === SECTIONS.custom) this.#readCustom(section);
    if (id === SECTIONS.type) section.times(() => this.#types.push(readFunctionType(section)));
    if (id === SECTIONS.import) section.times(() => this.#readImport(section));
    if (id === SECTIONS.function) section.times(() => this.#add("function", this.#functionOf(section)));
    if (id === SECTIONS.memory) section.times(() => this.#add("memory", { limits: readLimits(section) }));
    if (id === SECTIONS.export) section.times(() => this.#readExport(section));
    if (id === SECTIONS.start) this.#hasStart = true;
    if (id === SECTIONS.code) this.#firstCalls = section.times(() => readFirstCall(section));
  }

  shape(): ModuleShape {
    return {
      imports: this.#imports,
      exports: this.#exports.map((entry) => this.#exported(entry)),
      hasStart: this.#hasStart,
      isRestarting: this.#isRestarting(),
      customSections: this.#custom,
      ...(this.#relocatable && { relocatable: this.#relocatable }),
    };
  }

  #isRestarting(): boolean {
    const imported = this.#imports.filter(({ kind }) => kind === "function").length;
    const functions = this.#exports.filter(({ kind }) => kind === "function");
    const called = new Set(functions.map(({ index }) => this.#firstCalls[index - imported]));
    const [only] = called;
    if (called.size !== 1 || only === undefined) return false;
    const { params = [0], results = [] } = this.#spaces.function[only]?.type ?? {};
    return params.length === 0 && results.length === 0;
  }

  #add(kind: ExternKind, what: Omit<Extern, "name" | "kind">): void {
    this.#spaces[kind].push({ kind, ...what });
  }

  #functionOf(section: BinaryReader): { type: FunctionType } {
    const at = section.offset;
    const type = this.#types[section.u32()];
    if (!type) throw new ModuleError("a function has a type that is not there: the file is damaged", at);
    return { type };
  }

  #readImport(section: BinaryReader): void {
    const [module, name] = [section.name(), section.name()];
    const kind = readKind(section);
    const what = this.#readExtern(kind, section);
    this.#add(kind, what);
    this.#imports.push({ module, name, kind, ...what });
  }

  #readExtern(kind: ExternKind, section: BinaryReader): Omit<Extern, "name" | "kind"> {
    if (kind === "function") return this.#functionOf(section);
    if (kind === "memory") return { limits: readLimits(section) };
    if (kind === "global") return { global: { type: valueType(section), mutable: section.byte() === 1 } };
    if (kind === "table") {
      section.byte(); // what it holds
      return { limits: readLimits(section) };
    }
    section.byte(); // a tag's attribute
    section.u32();
    return {};
  }

  #readExport(section: BinaryReader): void {
    const offset = section.offset;
    const name = section.name();
    this.#exports.push({ name, kind: readKind(section), index: section.u32(), offset });
  }

  #exported({
    name,
    kind,
    index,
    offset,
  }: {
    name: string;
    kind: ExternKind;
    index: number;
    offset: number;
  }) {
    const known = this.#spaces[kind][index];
    const isCounted = kind === "function" || kind === "memory";
    if (!known && isCounted) {
      throw new ModuleError(
        `export "${name}" names a ${kind} that is not there: the file is damaged`,
        offset,
      );
    }
    return { ...known, name, kind };
  }

  #readCustom(section: BinaryReader): void {
    const name = section.name();
    this.#custom.push(name);
    if (name === "dylink.0") this.#relocatable = readDylink(section);
  }
}

/** A body: its size, its locals in runs of one type, and instructions. */
function readFirstCall(section: BinaryReader): number | undefined {
  const body = section.part(section.u32());
  body.times(() => [body.u32(), body.byte()]);
  return body.byte() === CALL ? body.u32() : undefined;
}

function readKind(section: BinaryReader): ExternKind {
  const at = section.offset;
  const kind = KINDS[section.byte()];
  if (!kind)
    throw new ModuleError(
      "an import or export is of no known kind: the file is damaged, or newer than this reads",
      at,
    );
  return kind;
}

function valueType(section: BinaryReader): ValueType {
  return VALUE_TYPES[section.byte()] ?? "other";
}

function readFunctionType(section: BinaryReader): FunctionType {
  const at = section.offset;
  if (section.byte() !== FUNCTION_TYPE) {
    throw new ModuleError("a type is no plain function's: compile without garbage collected types", at);
  }
  const types = () => section.times(() => valueType(section));
  return { params: types(), results: types() };
}

/** Flags: 1 maximum given, 2 shared, 4 64-bit. */
function readLimits(section: BinaryReader): Limits {
  const at = section.offset;
  const flags = section.byte();
  if (flags > 7)
    throw new ModuleError(`limits of kind ${flags} are not known: compile for WebAssembly 2.0`, at);
  const read = () => (flags & 4 ? section.u64() : section.u32());
  const initial = read();
  const shape = { initial, shared: (flags & 2) !== 0, wide: (flags & 4) !== 0 };
  return flags & 1 ? { ...shape, maximum: read() } : shape;
}

/** github.com/WebAssembly/tool-conventions, DynamicLinking.md: subsection 1 holds sizes and log2 of alignments. */
function readDylink(section: BinaryReader): NonNullable<ModuleShape["relocatable"]> {
  while (!section.done) {
    const kind = section.byte();
    const part = section.part(section.u32());
    if (kind !== 1) continue;
    const [memoryBytes, memoryPower, tableElements] = [part.u32(), part.u32(), part.u32()];
    return { memoryBytes, memoryAlign: 2 ** memoryPower, tableElements };
  }
  return { memoryBytes: 0, memoryAlign: 1, tableElements: 0 };
}
