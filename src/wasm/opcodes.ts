/** The numbers of instructions: core specification 2.0, 5.4, and the proposals that engines have besides. */
import type { BinaryReader } from "./reader.js";
import type { BinaryWriter } from "./writer.js";

/** Opcodes behind a prefix byte are numbered prefix · 2^16 + opcode. */
export const BULK = 0xfc_0000;
export const SIMD = 0xfd_0000;
export const ATOMIC = 0xfe_0000;

/** Opcodes that are known by name. */
export const Op = {
  Unreachable: 0x00,
  Block: 0x02,
  Loop: 0x03,
  If: 0x04,
  Else: 0x05,
  Try: 0x06,
  Catch: 0x07,
  Throw: 0x08,
  Rethrow: 0x09,
  ThrowRef: 0x0a,
  End: 0x0b,
  Br: 0x0c,
  BrIf: 0x0d,
  BrTable: 0x0e,
  Return: 0x0f,
  Call: 0x10,
  CallIndirect: 0x11,
  ReturnCall: 0x12,
  ReturnCallIndirect: 0x13,
  CallRef: 0x14,
  ReturnCallRef: 0x15,
  Delegate: 0x18,
  CatchAll: 0x19,
  Drop: 0x1a,
  Select: 0x1b,
  TryTable: 0x1f,
  LocalGet: 0x20,
  LocalSet: 0x21,
  LocalTee: 0x22,
  GlobalGet: 0x23,
  GlobalSet: 0x24,
  TableGet: 0x25,
  TableSet: 0x26,
  I32Load: 0x28,
  I64Load: 0x29,
  I32Load8U: 0x2d,
  I32Load16U: 0x2f,
  I64Load8U: 0x31,
  I64Load16U: 0x33,
  I64Load32U: 0x35,
  I32Store: 0x36,
  I64Store: 0x37,
  I32Store8: 0x3a,
  MemorySize: 0x3f,
  MemoryGrow: 0x40,
  I32Const: 0x41,
  I64Const: 0x42,
  I32Eqz: 0x45,
  I32GtU: 0x4b,
  I64Eqz: 0x50,
  I64LtU: 0x54,
  I32Add: 0x6a,
  I32Sub: 0x6b,
  I32Mul: 0x6c,
  I32And: 0x71,
  I32Or: 0x72,
  I32Shl: 0x74,
  I32ShrU: 0x76,
  I64Add: 0x7c,
  I64Sub: 0x7d,
  I64Mul: 0x7e,
  I64Or: 0x84,
  I64Shl: 0x86,
  I32WrapI64: 0xa7,
  I64ExtendI32S: 0xac,
  I64ExtendI32U: 0xad,
  I32ReinterpretF32: 0xbc,
  I64ReinterpretF64: 0xbd,
  RefFunc: 0xd2,
  BrOnNull: 0xd5,
  BrOnNonNull: 0xd6,
  MemoryInit: BULK + 8,
  DataDrop: BULK + 9,
  MemoryCopy: BULK + 10,
  MemoryFill: BULK + 11,
  TableInit: BULK + 12,
  ElemDrop: BULK + 13,
  TableCopy: BULK + 14,
  TableGrow: BULK + 15,
  TableSize: BULK + 16,
  TableFill: BULK + 17,
  V128Load: SIMD,
  I64x2ExtractLane: SIMD + 29,
  V128Or: SIMD + 80,
  V128AnyTrue: SIMD + 83,
} as const;

const FIRST_PREFIX = 0xfb;
const LAST_PREFIX = 0xfe;

export function readOpcode(reader: BinaryReader): number {
  const first = reader.byte();
  return first >= FIRST_PREFIX && first <= LAST_PREFIX ? first * 2 ** 16 + reader.u32() : first;
}

export function writeOpcode(writer: BinaryWriter, opcode: number): BinaryWriter {
  return opcode < 2 ** 16 ? writer.byte(opcode) : writer.byte(opcode >> 16).unsigned(opcode & 0xffff);
}

/** Whether it loads or stores one lane of a vector, which it names last. */
export function accessesLane(opcode: number): boolean {
  return loadsLane(opcode) || storesLane(opcode);
}

/** v128.load8_lane to v128.load64_lane */
function loadsLane(opcode: number): boolean {
  return opcode >= SIMD + 84 && opcode <= SIMD + 87;
}

/** v128.store8_lane to v128.store64_lane */
export function storesLane(opcode: number): boolean {
  return opcode >= SIMD + 88 && opcode <= SIMD + 91;
}
