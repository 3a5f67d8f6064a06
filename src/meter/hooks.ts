/** The functions of assembly/meter.ts, and how they are linked into another module. */

import { readModule } from "#read-module";
import { ModuleError, SandboxError } from "../base/errors.js";
import { BinaryReader, BinaryWriter, Section, Sections } from "../wasm/binary.js";
import { Op, readInstruction, skipLocals, skipType } from "../wasm/instructions.js";

/** A function index for every hook that rewritten code calls. */
export type Hooks = Record<(typeof HOOKS)[number], number>;

/** What the type of a function starts with. */
export const FUNCTION_TYPE = 0x60;

export const HOOKS = ["translate", "zeroedByStore", "fill", "copy", "initialized", "grow"] as const;

/** build/meter.wasm, read. */
export interface HookModule {
  /** Types as the binary writes them, and the type of every function. */
  types: Uint8Array[];
  functionTypes: number[];
  /** Bodies of the functions, from the locals on. */
  bodies: Uint8Array[];
  exports: Hooks;
}

/** Reads the module of the hooks. */
export async function readHooks(): Promise<HookModule> {
  const source = await readModule(new URL("../../build/meter.wasm", import.meta.url));
  const wasm = new Uint8Array(source instanceof Response ? await source.arrayBuffer() : bytesOf(source));
  const sections = new Sections(wasm);
  return {
    types: readVector(sections, Section.Type, readFunctionType),
    functionTypes: readVector(sections, Section.Function, (reader) => reader.u32()),
    bodies: readVector(sections, Section.Code, (reader) => reader.take(reader.u32())),
    exports: readExports(sections),
  };
}

function bytesOf(source: BufferSource): ArrayBuffer {
  return source instanceof ArrayBuffer ? source : (new Uint8Array(viewOf(source)).buffer as ArrayBuffer);
}

function viewOf({ buffer, byteOffset, byteLength }: ArrayBufferView): Uint8Array {
  return new Uint8Array(buffer, byteOffset, byteLength);
}

/** Reads all entries of a section; none if it is missing. */
export function readVector<T>(sections: Sections, id: number, read: (reader: BinaryReader) => T): T[] {
  const reader = sections.get(id);
  const entries: T[] = [];
  for (let count = reader?.u32() ?? 0; count > 0; count--) entries.push(read(reader as BinaryReader));
  return entries;
}

/** Reads a type. Throws ModuleError unless it is a function's. */
export function readFunctionType(reader: BinaryReader): Uint8Array {
  const start = reader.offset;
  if (reader.byte() !== FUNCTION_TYPE) {
    throw new ModuleError("a type that is no function's; build the module without garbage collection", start);
  }
  for (let lists = 0; lists < 2; lists++) {
    for (let count = reader.u32(); count > 0; count--) skipType(reader);
  }
  return reader.bytes.subarray(start, reader.offset);
}

function readExports(sections: Sections): Hooks {
  const entries = readVector(sections, Section.Export, (reader): [string, number] => {
    const name = reader.name();
    const kind = reader.byte();
    return [kind === 0 ? name : "", reader.u32()];
  });
  const found = Object.fromEntries(entries) as Hooks;
  for (const name of HOOKS) {
    if (found[name] === undefined) throw new SandboxError(`build/meter.wasm has no ${name}: build it anew`);
  }
  return found;
}

/** The hooks' exports when their first function becomes number `first`. */
export function placeHooks({ exports }: HookModule, first: number): Hooks {
  return Object.fromEntries(HOOKS.map((name) => [name, exports[name] + first])) as Hooks;
}

/** The hooks' bodies when their first function becomes number `first`: calls among them move along. */
export function placeBodies({ bodies }: HookModule, first: number): Uint8Array[] {
  return bodies.map((body) => {
    const reader = new BinaryReader(body);
    skipLocals(reader);
    const code = new BinaryWriter().append(body.subarray(0, reader.offset));
    while (!reader.done) {
      const { opcode, operand, start, end } = readInstruction(reader);
      if (opcode === Op.Call) code.byte(Op.Call).u32(operand + first);
      else code.append(body.subarray(start, end));
    }
    return code.bytes;
  });
}
