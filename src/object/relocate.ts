/**
 * Rewrites code so that a linker can: every number that linking changes gets five bytes, and is noted with the symbol
 * that it stands for. See object-file.ts.
 */
import { ModuleError } from "../base/errors.js";
import { ACCESSES } from "../wasm/effects.js";
import { readLocals } from "../wasm/functions.js";
import { type Instruction, readInstruction } from "../wasm/instructions.js";
import { BULK, Op, writeOpcode } from "../wasm/opcodes.js";
import type { BinaryReader } from "../wasm/reader.js";
import { BinaryWriter } from "../wasm/writer.js";

/** What a number in the code is, as the conventions number it. */
export const RelocationKind = { Function: 0, Offset: 3, Address: 4, Global: 7 } as const;

/** The address of a symbol's data: these have an addend. */
export const isAddress = (kind: number) => kind === RelocationKind.Address || kind === RelocationKind.Offset;

export interface Relocation {
  kind: (typeof RelocationKind)[keyof typeof RelocationKind];
  /** Where the number is: in its body, or once the bodies are put together, in the code section. */
  offset: number;
  /** The symbol, by its number in the list. */
  symbol: number;
  /** Bytes from the symbol's address on. */
  addend: number;
}

/** What the numbers in the code stand for. */
export interface Numbering {
  /** Symbols of functions have the functions' own numbers; those of globals come behind, from here on. */
  firstGlobal: number;
  /** Globals that are imported. They are no globals to a linker, but addresses that it knows. */
  importedGlobals: number;
  /** The symbol of the statics. */
  statics: number;
  /** Where the statics are in the module, and how much farther up in the other one. In bytes. */
  base: number;
  distance: number;
}

export interface RelocatedBody {
  bytes: Uint8Array;
  relocations: Relocation[];
  /** The instructions it has. */
  opcodes: Set<number>;
}

/** Instructions with the number of a table, a type, a segment, or a function that they do not call: not done here. */
const REFUSED = new Set<number>([
  ...[Op.CallIndirect, Op.ReturnCall, Op.ReturnCallIndirect, Op.CallRef, Op.ReturnCallRef],
  ...[Op.RefFunc, 0x25, 0x26], // table.get, table.set
  ...[Op.MemoryInit, Op.DataDrop],
  ...[BULK + 12, BULK + 13, BULK + 14, BULK + 15, BULK + 16, BULK + 17], // of tables
]);

/**
 * @param body A function's locals and code.
 * @param moved The same, compiled with the statics `distance` bytes farther up.
 * @throws ModuleError, with the place, where they differ by anything else, and for an instruction that is not handled
 */
export function relocateBody(body: BinaryReader, moved: BinaryReader, numbering: Numbering): RelocatedBody {
  const start = body.offset;
  readLocals(body);
  readLocals(moved);
  const code = new Relocator(numbering, body.bytes, moved.bytes);
  code.writer.append(body.since(start));
  while (!body.done) code.rewrite(readInstruction(body), readInstruction(moved));
  return { bytes: code.writer.bytes, relocations: code.relocations, opcodes: code.opcodes };
}

class Relocator {
  readonly writer = new BinaryWriter();
  readonly relocations: Relocation[] = [];
  readonly opcodes = new Set<number>();

  constructor(
    private readonly numbering: Numbering,
    private readonly bytes: Uint8Array,
    private readonly moved: Uint8Array,
  ) {}

  rewrite(one: Instruction, other: Instruction): void {
    const { firstGlobal } = this.numbering;
    const { opcode } = one;
    this.opcodes.add(opcode);
    if (opcode !== other.opcode) differs(one);
    if (REFUSED.has(opcode) || this.#hasTypeIndex(one)) {
      throw new ModuleError(
        "an object file is made only of code without tables and types of blocks",
        one.start,
      );
    }
    if (opcode === Op.Call) this.#number(opcode, RelocationKind.Function, one.operand);
    else if (opcode === Op.GlobalGet && one.operand < this.numbering.importedGlobals) {
      this.#number(Op.I32Const, RelocationKind.Address, firstGlobal + one.operand);
    } else if (opcode === Op.GlobalGet || opcode === Op.GlobalSet) {
      this.#number(opcode, RelocationKind.Global, firstGlobal + one.operand);
    } else if (opcode === Op.I32Const && one.operand !== other.operand) {
      const addend = this.#addend(one, one.operand, other.operand);
      this.#number(opcode, RelocationKind.Address, this.numbering.statics, addend);
    } else if (ACCESSES.has(opcode) && one.offset !== other.offset) this.#access(one, other);
    else this.#copy(one, other);
  }

  /** Writes an opcode and the number behind it. */
  #number(opcode: number, kind: Relocation["kind"], symbol: number, addend = 0): void {
    writeOpcode(this.writer, opcode);
    this.#note(kind, symbol, addend);
  }

  /** Five bytes for the number of a symbol. An address the linker writes whatever stands there. */
  #note(kind: Relocation["kind"], symbol: number, addend: number): void {
    this.relocations.push({ kind, offset: this.writer.length, symbol, addend });
    const { firstGlobal, importedGlobals } = this.numbering;
    const number = kind === RelocationKind.Global ? symbol - firstGlobal - importedGlobals : symbol;
    this.writer.padded(isAddress(kind) ? 0 : number);
  }

  /** An access whose offset is the address of a static. */
  #access(one: Instruction, other: Instruction): void {
    const alignmentEnd = one.immediates + 1;
    this.writer.append(this.bytes.subarray(one.start, alignmentEnd));
    this.#note(RelocationKind.Offset, this.numbering.statics, this.#addend(one, one.offset, other.offset));
    this.writer.append(this.bytes.subarray(one.afterOffset, one.end));
  }

  #addend(at: Instruction, one: number, other: number): number {
    const { base, distance } = this.numbering;
    return other - one === distance ? one - base : differs(at);
  }

  #copy(one: Instruction, other: Instruction): void {
    const bytes = this.bytes.subarray(one.start, one.end);
    if (!isSame(bytes, this.moved.subarray(other.start, other.end))) differs(one);
    this.writer.append(bytes);
  }

  /** A block that takes values, or gives several. */
  #hasTypeIndex({ opcode, immediates }: Instruction): boolean {
    const isBlock = opcode === Op.Block || opcode === Op.Loop || opcode === Op.If;
    return isBlock && (this.bytes[immediates] as number) < 0x40;
  }
}

export function isSame(one: ArrayLike<number>, other: ArrayLike<number>): boolean {
  return one.length === other.length && Array.from(one).every((byte, i) => byte === other[i]);
}

function differs({ start }: Instruction): never {
  throw new ModuleError(
    "the code depends on where its statics are, but not as an address: an address went into a calculation",
    start,
  );
}
