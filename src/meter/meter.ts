/**
 * Rewrites a module so that it counts what it touches in its own linear memory, and does everything else as before:
 * the same addresses, sizes and contents. Its memory moves up by `base` bytes, below which the counts are kept
 * (assembly/shared/meter.ts draws it); rewrite.ts says what becomes of the code.
 */
import * as layout from "#shared/meter";
import { ModuleError } from "../base/errors.js";
import {
  BinaryReader,
  BinaryWriter,
  MOST_WASM_PAGES,
  Section,
  Sections,
  WASM_PAGE_BYTES,
} from "../wasm/binary.js";
import { Op, readInstruction, skipLocals, skipType } from "../wasm/instructions.js";
import {
  FUNCTION_TYPE,
  type HookModule,
  placeBodies,
  placeHooks,
  readFunctionType,
  readHooks,
  readVector,
} from "./hooks.js";
import { moveData } from "./move-data.js";
import { type Rewriting, rewriteFunction } from "./rewrite.js";

export interface MeterOptions {
  /**
   * Whether stores of zero count as zeroing too, byte for byte, which takes longer. "auto", the default, says yes for
   * a module without `memory.fill`: it has no other way to clear memory. Where a module has it, most stores of zero
   * are fields of headers, and no clearing.
   */
  zeroStores?: boolean | "auto";
}

export interface MeteredModule {
  wasm: Uint8Array<ArrayBuffer>;
  /** Where the module's memory now starts, for the host and for other modules that share it. In bytes. */
  base: number;
  /** Whether stores of zero count as zeroing. */
  zeroStores: boolean;
}

/**
 * Meters a module. An imported memory then has to have `base` bytes more than before.
 *
 * - Of 4 GiB of memory the module has `base` bytes less.
 * - A shared memory's counters are exact while one thread runs; its pages always.
 *
 * Throws ModuleError for what is no module, and for one with no memory, with several, with 64-bit addresses or with
 * instructions the meter does not know (garbage collection).
 */
export async function meterModule(wasm: Uint8Array, options: MeterOptions = {}): Promise<MeteredModule> {
  const hooks = await readHooks();
  const sections = new Sections(wasm);
  const imported = rewriteImports(sections);
  rewriteMemory(sections, imported.memories);
  const functions = readVector(sections, Section.Function, (reader) => reader.u32());
  const rewriting: Rewriting = {
    hooks: placeHooks(hooks, imported.functions.length + functions.length),
    zeroStores: zeroStoresOf(sections, options.zeroStores ?? "auto"),
  };
  const code = new CodeRewriter(sections, hooks, rewriting, imported.functions.length, functions);
  code.rewrite();
  const start = moveData(sections, rewriting);
  if (start) code.setStart(start);
  code.write();
  // Its offsets into the code no longer hold, and unlike those for debuggers it is read by engines.
  sections.filterCustom((name) => name !== "metadata.code.branch_hint");
  return { wasm: sections.toBytes(), base: layout.BASE, zeroStores: rewriting.zeroStores };
}

interface Imported {
  /** Types of the functions. */
  functions: number[];
  memories: number;
}

/** Reads the imports, and asks for a larger memory. */
function rewriteImports(sections: Sections): Imported {
  const imported: Imported = { functions: [], memories: 0 };
  const reader = sections.get(Section.Import);
  if (!reader) return imported;
  const count = reader.u32();
  const writer = new BinaryWriter().u32(count);
  for (let i = 0; i < count; i++) {
    const start = reader.offset;
    reader.skipBytes();
    reader.skipBytes();
    const kind = reader.byte();
    if (kind === 2) {
      imported.memories++;
      writer.append(reader.bytes.subarray(start, reader.offset));
      writeLimits(reader, writer);
    } else {
      if (kind === 0) imported.functions.push(reader.u32());
      else skipImport(reader, kind);
      writer.append(reader.bytes.subarray(start, reader.offset));
    }
  }
  sections.set(Section.Import, writer.bytes);
  return imported;
}

function skipImport(reader: BinaryReader, kind: number): void {
  if (kind === 1) {
    skipType(reader);
    for (let numbers = 1 + (reader.byte() & 1); numbers > 0; numbers--) reader.u32();
  } else if (kind === 3) {
    skipType(reader);
    reader.byte();
  } else if (kind === 4) {
    reader.byte();
    reader.u32();
  } else {
    throw new ModuleError(`an import of the unknown kind ${kind}`, reader.offset - 1);
  }
}

function rewriteMemory(sections: Sections, imported: number): void {
  const reader = sections.get(Section.Memory);
  const count = reader?.u32() ?? 0;
  if (count + imported === 0) throw new ModuleError("the module has no memory, so there is nothing to meter");
  if (count + imported > 1) {
    throw new ModuleError("the module has several memories; build it without multi-memory");
  }
  if (!reader || count === 0) return;
  const writer = new BinaryWriter().u32(1);
  writeLimits(reader, writer);
  sections.set(Section.Memory, writer.bytes);
}

/** Copies the limits of a memory, raised by the meter's part. */
function writeLimits(reader: BinaryReader, writer: BinaryWriter): void {
  const at = reader.offset;
  const flags = reader.byte();
  if (flags & 4) throw new ModuleError("a memory with 64-bit addresses; build the module for wasm32", at);
  if (flags & ~3) throw new ModuleError(`a memory of an unknown kind (flags ${flags})`, at);
  const own = layout.BASE / WASM_PAGE_BYTES;
  const minimum = reader.u32() + own;
  if (minimum > MOST_WASM_PAGES) {
    throw new ModuleError(
      `a memory of 4 GiB from the start leaves the meter none of the ${own} pages it needs`,
      at,
    );
  }
  writer.byte(flags).u32(minimum);
  if (flags & 1) writer.u32(Math.min(reader.u32() + own, MOST_WASM_PAGES));
}

function zeroStoresOf(sections: Sections, wanted: boolean | "auto"): boolean {
  if (wanted !== "auto") return wanted;
  return !readVector(sections, Section.Code, hasFill).includes(true);
}

function hasFill(reader: BinaryReader): boolean {
  const body = reader.part(reader.u32());
  skipLocals(body);
  while (!body.done) if (readInstruction(body).opcode === Op.MemoryFill) return true;
  return false;
}

/** The functions of a module and their types: rewritten, and with the hooks behind them. */
class CodeRewriter {
  readonly #types: Uint8Array[];
  readonly #functions: number[];
  #bodies: Uint8Array[] = [];

  constructor(
    private readonly sections: Sections,
    private readonly hooks: HookModule,
    private readonly rewriting: Rewriting,
    private readonly imported: number,
    functions: readonly number[],
  ) {
    this.#types = readVector(sections, Section.Type, readFunctionType);
    this.#functions = [...functions];
  }

  rewrite(): void {
    const bodies = readVector(this.sections, Section.Code, (reader) => reader.part(reader.u32()));
    if (bodies.length !== this.#functions.length) {
      throw new ModuleError(`${this.#functions.length} functions, but ${bodies.length} bodies`);
    }
    this.#bodies = bodies.map((body, i) => rewriteFunction(body, this.#parameters(i), this.rewriting));
    const first = this.imported + this.#functions.length;
    this.#functions.push(...this.hooks.functionTypes.map((type) => type + this.#types.length));
    this.#types.push(...this.hooks.types);
    this.#bodies.push(...placeBodies(this.hooks, first));
  }

  /** Makes `code` what runs first, before the module's own start function. */
  setStart(code: Uint8Array): void {
    const start = this.sections.get(Section.Start);
    const body = new BinaryWriter().u32(0).append(code);
    if (start) body.byte(Op.Call).u32(start.u32());
    this.#types.push(new Uint8Array([FUNCTION_TYPE, 0, 0]));
    this.#functions.push(this.#types.length - 1);
    this.#bodies.push(body.byte(Op.End).bytes);
    const index = this.imported + this.#functions.length - 1;
    this.sections.set(Section.Start, new BinaryWriter().u32(index).bytes);
  }

  write(): void {
    const types = new BinaryWriter().u32(this.#types.length);
    for (const type of this.#types) types.append(type);
    const functions = new BinaryWriter().u32(this.#functions.length);
    for (const type of this.#functions) functions.u32(type);
    const code = new BinaryWriter().u32(this.#bodies.length);
    for (const body of this.#bodies) code.sized(body);
    this.sections.set(Section.Type, types.bytes);
    this.sections.set(Section.Function, functions.bytes);
    this.sections.set(Section.Code, code.bytes);
  }

  #parameters(index: number): number {
    const type = this.#types[this.#functions[index] as number];
    if (!type) throw new ModuleError(`function ${index} has a type that there is not`);
    return new BinaryReader(type, 1).u32();
  }
}
