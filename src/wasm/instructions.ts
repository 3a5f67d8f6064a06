/** What an instruction is made of: core specification 2.0, 5.4, and the proposals that engines have besides. */
import { ModuleError } from "../base/errors.js";
import { ACCESSES } from "./effects.js";
import { ATOMIC, accessesLane, BULK, Op, readOpcode, SIMD } from "./opcodes.js";
import { proposalOf } from "./proposals.js";
import type { BinaryReader } from "./reader.js";
import { readValueType, skipBlockType } from "./types.js";

export interface Instruction {
  opcode: number;
  /** Where its opcode starts, its immediates start, and it ends, in the module. */
  start: number;
  immediates: number;
  end: number;
  /** The first immediate: an index, or the value of i32.const. */
  operand: number;
  /** Of an access: what is added to its address, and where in the module the bytes after it start. */
  offset: number;
  afterOffset: number;
}

/** Reads one instruction. Throws ModuleError on what is unknown or not supported. */
export function readInstruction(reader: BinaryReader): Instruction {
  const start = reader.offset;
  const opcode = readOpcode(reader);
  const immediates = reader.offset;
  const instruction = { opcode, start, immediates, end: 0, operand: 0, offset: 0, afterOffset: 0 };
  if (ACCESSES.has(opcode)) readAccess(reader, instruction);
  else readImmediates(reader, instruction);
  instruction.end = reader.offset;
  return instruction;
}

/** In the alignment of an access: another memory than the first is named. */
const NAMES_MEMORY = 64;

function readAccess(reader: BinaryReader, instruction: Instruction): void {
  const alignment = reader.u32();
  if (alignment & NAMES_MEMORY) throw new ModuleError("an access to a second memory", instruction.start);
  instruction.operand = alignment;
  instruction.offset = reader.u64();
  instruction.afterOffset = reader.offset;
  if (accessesLane(instruction.opcode)) reader.byte();
}

function readImmediates(reader: BinaryReader, instruction: Instruction): void {
  const { opcode, start } = instruction;
  const immediates = IMMEDIATES.get(opcode);
  if (immediates === undefined) {
    const known = proposalOf(opcode);
    const why = `instruction 0x${opcode.toString(16)} is not one the meter knows`;
    throw new ModuleError(known ? `${why}; ${known}` : why, start);
  }
  immediates.forEach((read, i) => {
    const operand = read(reader);
    if (i === 0) instruction.operand = operand;
  });
}

/** Reads one immediate. Returns its value if that is of interest, else 0. */
type Immediate = (reader: BinaryReader) => number;

const skipping = (skip: (reader: BinaryReader) => void) => (reader: BinaryReader) => {
  skip(reader);
  return 0;
};

const index: Immediate = (reader) => reader.u32();
const constant: Immediate = (reader) => reader.s33() | 0;
const number = skipping((reader) => reader.skipNumber());
const blockType = skipping(skipBlockType);
const types = skipping((reader) => reader.vector(readValueType));
/** A default label behind the vector of labels. */
const labels = skipping((reader) => [reader.vector(index), reader.u32()]);
const catches = skipping((reader) => reader.vector(skipCatch));
const bytes = (count: number) => skipping((reader) => reader.skip(count));

/** catch and catch_ref name a tag and a label, the catch_alls a label. */
function skipCatch(reader: BinaryReader): void {
  const isCatchAll = reader.byte() >= 2;
  reader.u32();
  if (!isCatchAll) reader.u32();
}

/** The immediates of every instruction that accesses no memory. */
const IMMEDIATES: ReadonlyMap<number, readonly Immediate[]> = new Map([
  ...having([], [Op.Unreachable, 0x01, Op.Else, Op.ThrowRef, Op.End, Op.Return, Op.CatchAll, Op.Drop]),
  ...having([], [Op.Select, 0xd1, 0xd3, 0xd4]), // ref.is_null, ref.eq, ref.as_non_null
  ...having([], [...range(0x45, 0xc4), ...range(BULK, BULK + 7), ...range(SIMD + 14, SIMD + 0x113)]),
  ...having([blockType], [Op.Block, Op.Loop, Op.If, Op.Try]),
  ...having([blockType, catches], [Op.TryTable]),
  ...having([index], [Op.Catch, Op.Throw, Op.Rethrow, Op.Delegate, Op.Br, Op.BrIf]),
  ...having([index], [Op.BrOnNull, Op.BrOnNonNull]),
  ...having([index], [Op.Call, Op.ReturnCall, Op.CallRef, Op.ReturnCallRef, Op.RefFunc]),
  ...having([index], [...range(Op.LocalGet, Op.GlobalSet), Op.TableGet, Op.TableSet]),
  ...having([index], [Op.MemorySize, Op.MemoryGrow, Op.DataDrop, Op.MemoryFill]),
  ...having([index], [Op.ElemDrop, Op.TableGrow, Op.TableSize, Op.TableFill]),
  ...having([index, index], [Op.CallIndirect, Op.ReturnCallIndirect, Op.MemoryInit, Op.MemoryCopy]),
  ...having([index, index], [Op.TableInit, Op.TableCopy]),
  ...having([labels], [Op.BrTable]),
  ...having([types], [0x1c]), // select with types
  ...having([constant], [Op.I32Const]),
  ...having([number], [Op.I64Const, 0xd0]), // ref.null
  ...having([bytes(4)], [0x43]), // f32.const
  ...having([bytes(8)], [0x44]), // f64.const
  ...having([bytes(16)], [SIMD + 12, SIMD + 13]), // v128.const, i8x16.shuffle
  ...having([bytes(1)], [...range(SIMD + 21, SIMD + 34), ATOMIC + 3]), // lanes; the fence
]);

function having(immediates: readonly Immediate[], opcodes: number[]): [number, readonly Immediate[]][] {
  return opcodes.map((opcode) => [opcode, immediates]);
}

function range(first: number, last: number): number[] {
  return Array.from({ length: last - first + 1 }, (_, i) => first + i);
}
