/**
 * Object files, which linkers of C, C++, Rust and Zig take: github.com/WebAssembly/tool-conventions, Linking. One is a
 * module in which every number that linking may change has five bytes, and which has sections more:
 *
 *     linking           the symbols: functions, globals, the statics, and what others define
 *     reloc.CODE        for each such number its place in the code, and the symbol that it stands for
 *     target_features   what an engine must know
 *
 * A compiler that does not link leaves no trace of which numbers are addresses. So the module is compiled twice, with
 * its statics at two places: a number that differs by the distance is the address of a static. If anything else
 * differs, an address went into a calculation while compiling, and the module is refused.
 */
import { ModuleError } from "../base/errors.js";
import { readDataSegment } from "../wasm/data.js";
import { type ImportEntry, readImport } from "../wasm/externs.js";
import { readFunctions } from "../wasm/functions.js";
import { readInstruction } from "../wasm/instructions.js";
import { writeLimits } from "../wasm/limits.js";
import { ATOMIC, BULK, Op, SIMD } from "../wasm/opcodes.js";
import type { BinaryReader } from "../wasm/reader.js";
import { SectionId, Sections } from "../wasm/sections.js";
import { readValueType } from "../wasm/types.js";
import { BinaryWriter } from "../wasm/writer.js";
import { isAddress, isSame, type Numbering, type Relocation, relocateBody } from "./relocate.js";
import {
  allSymbols,
  type LinkSymbol,
  listSymbols,
  SymbolKind,
  type SymbolList,
  writeSymbol,
} from "./symbols.js";

/** A module compiled twice. */
export interface Compiled {
  wasm: Uint8Array;
  /** The same, with its statics `distance` bytes farther up. */
  moved: Uint8Array;
  distance: number;
  /** Where the statics begin in `wasm`, a multiple of 16; and their size. In bytes. */
  base: number;
  staticBytes: number;
}

export interface ObjectOptions {
  /** More names for what is exported under one. */
  aliases?: Readonly<Record<string, readonly string[]>>;
  /** Imported globals that may be missing, which makes them 0. */
  weak?: readonly string[];
}

export interface ObjectFile {
  bytes: Uint8Array<ArrayBuffer>;
  /** The symbols that others may refer to. */
  symbols: string[];
}

/**
 * Makes an object file of a module. The functions it exports become symbols. A global that it imports is the address of
 * a symbol of that name, such as `__heap_base`, where the linker says that free memory begins.
 * @throws ModuleError for a module that has a start function, a table, passive data, or an address in data or a global,
 *   and where the module and the moved one differ by more than addresses
 */
export function makeObjectFile(compiled: Compiled, options: ObjectOptions = {}): ObjectFile {
  const [module, moved] = [new Sections(compiled.wasm), new Sections(compiled.moved)];
  refuseWhatCannotMove(module, moved);
  const list = listSymbols(module, compiled.staticBytes, options.aliases ?? {}, options.weak ?? []);
  const symbols = allSymbols(list);
  const code = relocateAll(module, moved, numberingOf(list, compiled));
  const image = imageOf(module, compiled);

  const object = new Sections();
  const { type, function: functions, global } = SectionId;
  for (const id of [type, functions, global]) object.set(id, bytesOf(module, id));
  object.set(SectionId.import, writeImports(module.vector(SectionId.import, readImport)));
  object.set(SectionId.code, code.bytes);
  if (image.length > 0) object.set(SectionId.data, writeStatics(image));
  object.addCustom("linking", writeLinking(symbols, image));
  object.addCustom("reloc.CODE", writeRelocations(object.numberOf(SectionId.code), code.relocations));
  object.addCustom("target_features", writeFeatures(code.opcodes));
  const exported = symbols.filter(({ state }) => state === "global").map(({ name }) => name);
  return { bytes: object.toBytes(), symbols: exported };
}

/** What a section holds; of one that is missing, no entries. */
function bytesOf(sections: Sections, id: number): Uint8Array {
  const section = sections.get(id);
  return section?.take(section.left) ?? new Uint8Array(1);
}

function refuseWhatCannotMove(module: Sections, moved: Sections): void {
  const refuse = (what: string): never => {
    throw new ModuleError(`an object file cannot be made of ${what}`);
  };
  const has = (id: number) => module.get(id) !== null;
  if (has(SectionId.start)) refuse("a module with a start function: set up on the first call");
  if (has(SectionId.element)) refuse("a module with a table: call functions by their names");
  const [data, movedData] = [module, moved].map((all) =>
    all.vector(SectionId.data, readDataSegment).flatMap(({ content }) => [...content]),
  );
  if (!isSame(data ?? [], movedData ?? [])) refuse("data with an address in it: write it on the first call");
  const [globals, movedGlobals] = [bytesOf(module, SectionId.global), bytesOf(moved, SectionId.global)];
  const isConstant = module.vector(SectionId.global, beginsAsConstant).every(Boolean);
  if (!isConstant || !isSame(globals, movedGlobals)) {
    refuse("a global that begins as an address: set it on the first call");
  }
}

function beginsAsConstant(reader: BinaryReader): boolean {
  readValueType(reader);
  reader.byte(); // whether it is mutable
  const opcodes = [];
  do opcodes.push(readInstruction(reader).opcode);
  while (opcodes.at(-1) !== Op.End);
  return opcodes[0] !== Op.GlobalGet;
}

/** Global numbers in the code follow those of functions, in the list of symbols; the statics come next. */
function numberingOf({ functions, globals }: SymbolList, { base, distance }: Compiled): Numbering {
  return {
    firstGlobal: functions.length,
    importedGlobals: globals.filter(({ kind }) => kind === SymbolKind.Data).length,
    statics: functions.length + globals.length,
    base,
    distance,
  };
}

interface Code {
  /** The code section. */
  bytes: Uint8Array;
  relocations: Relocation[];
  opcodes: Set<number>;
}

function relocateAll(module: Sections, moved: Sections, numbering: Numbering): Code {
  const [one, other] = [readFunctions(module).bodies, readFunctions(moved).bodies];
  const section = new BinaryWriter().unsigned(one.length);
  const relocations: Relocation[] = [];
  const opcodes = new Set<number>();
  one.forEach((body, i) => {
    const movedBody = other[i];
    if (!movedBody) throw new ModuleError("the module has a function that the moved one has not");
    const relocated = relocateBody(body, movedBody, numbering);
    const { length } = relocated.bytes;
    const start = section.sized(relocated.bytes).length - length;
    for (const each of relocated.relocations) relocations.push({ ...each, offset: start + each.offset });
    for (const opcode of relocated.opcodes) opcodes.add(opcode);
  });
  return { bytes: section.bytes, relocations, opcodes };
}

/** What linkers call the memory of an object file. */
const MEMORY_NAME = "__linear_memory";

function writeImports(imports: readonly ImportEntry[]): Uint8Array {
  const functions = imports.filter(({ kind }) => kind === "function");
  const writer = new BinaryWriter().unsigned(1 + functions.length);
  writer.name("env").name(MEMORY_NAME).byte(2);
  writeLimits(writer, { initial: 0, shared: false, wide: false });
  for (const { name, typeIndex = 0 } of functions) writer.name("env").name(name).byte(0).unsigned(typeIndex);
  return writer.bytes;
}

/** The statics are one segment, since code may reach one from another. */
function writeStatics(image: Uint8Array): Uint8Array {
  return new BinaryWriter().unsigned(1).byte(0, Op.I32Const, 0, Op.End).sized(image).bytes;
}

/** The statics as they begin. */
function imageOf(module: Sections, { base, staticBytes }: Compiled): Uint8Array {
  const image = new Uint8Array(staticBytes);
  for (const { address, content } of module.vector(SectionId.data, readDataSegment)) {
    // Passive data has no place, and the instructions that give it one are refused.
    if (address?.constant != null) image.set(content, address.constant - base);
  }
  return image;
}

const LINKING_VERSION = 2;
const SEGMENTS = 5;
const SYMBOLS = 8;
const ALIGNMENT_POWER = 4;

function writeLinking(symbols: readonly LinkSymbol[], image: Uint8Array): Uint8Array {
  const writer = new BinaryWriter().unsigned(LINKING_VERSION);
  if (image.length > 0) {
    // A linker leaves out of the module what begins as zero, if its segment is called .bss.
    const name = image.some((byte) => byte !== 0) ? ".data.zeropage" : ".bss.zeropage";
    const segments = new BinaryWriter().unsigned(1).name(name).unsigned(ALIGNMENT_POWER).unsigned(0);
    writer.byte(SEGMENTS).sized(segments.bytes);
  }
  return writer.byte(SYMBOLS).sized(new BinaryWriter().vector(symbols, writeSymbol).bytes).bytes;
}

function writeRelocations(section: number, relocations: readonly Relocation[]): Uint8Array {
  const writer = new BinaryWriter().unsigned(section);
  return writer.vector(relocations, (each, { kind, offset, symbol, addend }) => {
    each.byte(kind).unsigned(offset).unsigned(symbol);
    if (isAddress(kind)) each.s32(addend);
  }).bytes;
}

/** What engines did not always have, by the opcodes that need it. */
const FEATURES: readonly [string, (opcode: number) => boolean][] = [
  ["bulk-memory", (opcode) => opcode >= BULK + 8 && opcode <= BULK + 17],
  ["nontrapping-fptoint", (opcode) => opcode >= BULK && opcode < BULK + 8],
  ["sign-ext", (opcode) => opcode >= 0xc0 && opcode <= 0xc4],
  ["simd128", (opcode) => opcode >= SIMD && opcode < ATOMIC],
];

const USED = "+";
const REFUSED = "-";

/** The features that the code uses; and that it must not be linked for threads, which it does not know of. */
function writeFeatures(opcodes: ReadonlySet<number>): Uint8Array {
  const used = FEATURES.filter(([, needs]) => [...opcodes].some(needs)).map(
    ([name]) => [USED, name] as const,
  );
  return new BinaryWriter().vector([...used, [REFUSED, "shared-mem"] as const], (writer, [prefix, name]) => {
    writer.byte(prefix.charCodeAt(0)).name(name);
  }).bytes;
}
