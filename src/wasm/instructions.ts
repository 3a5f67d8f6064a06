/** What an instruction is: its immediates, and for those that access memory, how. Core specification 2.0, 5.4. */
import { ModuleError } from "../base/errors.js";
import type { BinaryReader } from "./binary.js";

/** Types of values, as the binary writes them. */
export const I32 = 0x7f;
export const I64 = 0x7e;
export const F32 = 0x7d;
export const F64 = 0x7c;
export const V128 = 0x7b;

/** Opcodes behind a prefix byte are numbered prefix · 2^16 + opcode. */
export const BULK = 0xfc_0000;
export const SIMD = 0xfd_0000;
export const ATOMIC = 0xfe_0000;

/** Opcodes the meter knows by name. */
export const Op = {
  Unreachable: 0x00,
  Block: 0x02,
  Loop: 0x03,
  If: 0x04,
  Else: 0x05,
  Try: 0x06,
  Catch: 0x07,
  Throw: 0x08,
  End: 0x0b,
  Br: 0x0c,
  BrIf: 0x0d,
  BrTable: 0x0e,
  Return: 0x0f,
  Call: 0x10,
  CallIndirect: 0x11,
  CallRef: 0x14,
  Delegate: 0x18,
  Drop: 0x1a,
  Select: 0x1b,
  TryTable: 0x1f,
  LocalGet: 0x20,
  LocalSet: 0x21,
  LocalTee: 0x22,
  GlobalGet: 0x23,
  GlobalSet: 0x24,
  I32Load: 0x28,
  I64Load: 0x29,
  I64Store: 0x37,
  I32Store8: 0x3a,
  MemorySize: 0x3f,
  MemoryGrow: 0x40,
  I32Const: 0x41,
  I64Const: 0x42,
  I32Eqz: 0x45,
  I64Eqz: 0x50,
  I32GtU: 0x4b,
  I32Add: 0x6a,
  I32Sub: 0x6b,
  I32Or: 0x72,
  I32Shl: 0x74,
  I32ShrU: 0x76,
  I64Add: 0x7c,
  I64Or: 0x84,
  I64Shl: 0x86,
  I64ExtendI32U: 0xad,
  I32ReinterpretF32: 0xbc,
  I64ReinterpretF64: 0xbd,
  MemoryInit: BULK + 8,
  DataDrop: BULK + 9,
  MemoryCopy: BULK + 10,
  MemoryFill: BULK + 11,
  I64x2ExtractLane: SIMD + 29,
  V128Or: SIMD + 80,
  V128AnyTrue: SIMD + 83,
} as const;

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

/** How an instruction accesses memory at the address it is given. */
export interface Access {
  /** Bytes read, bytes written. */
  reads: number;
  writes: number;
  /** Types of the operands after the address. */
  operands: number[];
  /** Type of the result, if any. */
  result: number | null;
}

export const ACCESSES: ReadonlyMap<number, Access> = new Map([...scalars(), ...vectors(), ...atomics()]);

function loads(first: number, widths: number[], result: number, operands: number[] = []) {
  return widths.map((reads, i): [number, Access] => [first + i, { reads, writes: 0, operands, result }]);
}

function stores(first: number, widths: number[], type: number) {
  return widths.map((writes, i): [number, Access] => [
    first + i,
    { reads: 0, writes, operands: [type], result: null },
  ]);
}

function scalars(): [number, Access][] {
  return [
    ...[...loads(0x28, [4], I32), ...loads(0x29, [8], I64), ...loads(0x2a, [4], F32)],
    ...[...loads(0x2b, [8], F64), ...loads(0x2c, [1, 1, 2, 2], I32), ...loads(0x30, [1, 1, 2, 2, 4, 4], I64)],
    ...[...stores(0x36, [4], I32), ...stores(0x37, [8], I64), ...stores(0x38, [4], F32)],
    ...[...stores(0x39, [8], F64), ...stores(0x3a, [1, 2], I32), ...stores(0x3c, [1, 2, 4], I64)],
  ];
}

/** v128.load and its extending, splatting, zero-padding and lane forms; v128.store and its lane forms. */
function vectors(): [number, Access][] {
  return [
    ...[...loads(SIMD, [16, 8, 8, 8, 8, 8, 8, 1, 2, 4, 8], V128), ...stores(SIMD + 11, [16], V128)],
    ...[...loads(SIMD + 84, [1, 2, 4, 8], V128, [V128]), ...stores(SIMD + 88, [1, 2, 4, 8], V128)],
    ...loads(SIMD + 92, [4, 8], V128),
  ];
}

/** A read-modify-write is a read and a write, also where a cmpxchg leaves memory as it was: so it is to a page table. */
function atomics(): [number, Access][] {
  const widths = [4, 8, 1, 2, 1, 2, 4];
  const types = [I32, I64, I32, I32, I64, I64, I64];
  const each = (first: number, access: (bytes: number, type: number) => Access) =>
    widths.map((bytes, i): [number, Access] => [first + i, access(bytes, types[i] as number)]);
  const modify = (operands: number) => (bytes: number, type: number) => ({
    ...{ reads: bytes, writes: bytes, result: type },
    operands: Array<number>(operands).fill(type),
  });
  return [
    [ATOMIC + 0, { reads: 0, writes: 0, operands: [I32], result: I32 }], // notify looks at no byte
    [ATOMIC + 1, { reads: 4, writes: 0, operands: [I32, I64], result: I32 }],
    [ATOMIC + 2, { reads: 8, writes: 0, operands: [I64, I64], result: I32 }],
    ...each(ATOMIC + 0x10, (reads, result) => ({ reads, writes: 0, operands: [], result })),
    ...each(ATOMIC + 0x17, (writes, type) => ({ reads: 0, writes, operands: [type], result: null })),
    // add, sub, and, or, xor, xchg
    ...[0x1e, 0x25, 0x2c, 0x33, 0x3a, 0x41].flatMap((first) => each(ATOMIC + first, modify(1))),
    ...each(ATOMIC + 0x48, modify(2)),
  ];
}

/** How many values a plain instruction takes; it gives one. Null for all that are not plain. */
export function plainOperands(opcode: number): number | null {
  const within = (first: number, last: number) => opcode >= first && opcode <= last;
  if (within(0x45, 0x45) || within(0x50, 0x50)) return 1;
  if (within(0x67, 0x69) || within(0x79, 0x7b) || within(0x8b, 0x91) || within(0x99, 0x9f)) return 1;
  if (within(0xa7, 0xc4) || within(BULK, BULK + 7)) return 1;
  if (within(0x46, 0xa6)) return 2;
  if (within(0x41, 0x44) || opcode === Op.GlobalGet || opcode === Op.MemorySize) return 0;
  return opcode === Op.Select ? 3 : null;
}

/** Reads one instruction. Throws ModuleError on what is unknown or not supported. */
export function readInstruction(reader: BinaryReader): Instruction {
  const start = reader.offset;
  const first = reader.byte();
  const opcode = first >= 0xfb && first <= 0xfe ? first * 0x10000 + reader.u32() : first;
  const instruction: Instruction = {
    ...{ opcode, start, immediates: reader.offset, end: 0, operand: 0, offset: 0, afterOffset: 0 },
  };
  if (ACCESSES.has(opcode)) readAccess(reader, instruction);
  else readImmediates(reader, instruction);
  instruction.end = reader.offset;
  return instruction;
}

function readAccess(reader: BinaryReader, instruction: Instruction): void {
  const alignment = reader.u32();
  if (alignment & 64) throw new ModuleError("an access to a second memory", instruction.start);
  instruction.operand = alignment;
  instruction.offset = reader.u32();
  instruction.afterOffset = reader.offset;
  const { opcode } = instruction;
  if (opcode >= SIMD + 84 && opcode <= SIMD + 91) reader.byte(); // the lane
}

/**
 * The immediates of every other instruction, one letter each: `i` index, `b` block type, `t` types, `l` labels,
 * `c` catches, `k` the value of i32.const, `n` another number, and a digit for that many bytes.
 */
const IMMEDIATES: ReadonlyMap<number, string> = new Map([
  ...same("", [0x00, 0x01, 0x05, 0x0a, 0x0b, 0x0f, 0x19, 0x1a, 0x1b, 0xd1, 0xd3, 0xd4]),
  ...same("", [...range(0x45, 0xc4), ...range(BULK, BULK + 7), ...range(SIMD + 14, SIMD + 0x113)]),
  ...same("b", [0x02, 0x03, 0x04, 0x06]),
  ...same("i", [
    0x07,
    0x08,
    0x09,
    0x0c,
    0x0d,
    0x10,
    0x12,
    0x14,
    0x15,
    0x18,
    ...range(0x20, 0x26),
    0x3f,
    0x40,
  ]),
  ...same("i", [0xd2, 0xd5, 0xd6, ...[9, 11, 13, 15, 16, 17].map((op) => BULK + op)]),
  ...same("ii", [0x11, 0x13, ...[8, 10, 12, 14].map((op) => BULK + op)]),
  ...[...same("l", [0x0e]), ...same("t", [0x1c]), ...same("bc", [0x1f]), ...same("k", [0x41])],
  ...[...same("n", [0x42, 0xd0]), ...same("4", [0x43]), ...same("8", [0x44])],
  ...same("88", [SIMD + 12, SIMD + 13]), // v128.const, i8x16.shuffle
  ...same("1", [...range(SIMD + 21, SIMD + 34), ATOMIC + 3]), // lanes to extract or replace; the fence
]);

function same(immediates: string, opcodes: number[]): [number, string][] {
  return opcodes.map((opcode) => [opcode, immediates]);
}

function range(first: number, last: number): number[] {
  return Array.from({ length: last - first + 1 }, (_, i) => first + i);
}

function readImmediates(reader: BinaryReader, instruction: Instruction): void {
  const { opcode, start } = instruction;
  const immediates = IMMEDIATES.get(opcode);
  if (immediates === undefined) {
    throw new ModuleError(`instruction 0x${opcode.toString(16)} is not one the meter knows`, start);
  }
  for (const [i, kind] of [...immediates].entries()) {
    const operand = readImmediate(reader, kind);
    if (i === 0) instruction.operand = operand;
  }
}

function readImmediate(reader: BinaryReader, kind: string): number {
  if (kind === "i") return reader.u32();
  if (kind === "k") return reader.s33() | 0;
  if (kind === "n") reader.skipNumber();
  else if (kind === "b") skipType(reader);
  else if (kind === "l") skipMany(reader, reader.u32() + 1);
  else if (kind === "t") for (let count = reader.u32(); count > 0; count--) skipType(reader);
  else if (kind === "c") skipCatches(reader);
  else reader.skip(Number(kind));
  return 0;
}

function skipMany(reader: BinaryReader, count: number): void {
  for (let i = 0; i < count; i++) reader.u32();
}

/** Skips the type of a value, or what a block gives. References with a heap type take another number. */
export function skipType(reader: BinaryReader): void {
  const type = reader.s33();
  if (type === -0x1d || type === -0x1c) reader.s33(); // (ref null ht), (ref ht)
}

/** Skips the groups of locals at the start of a body. Returns how many groups and how many locals. */
export function skipLocals(reader: BinaryReader): { groups: number; locals: number } {
  const groups = reader.u32();
  let locals = 0;
  for (let i = 0; i < groups; i++) {
    locals += reader.u32();
    skipType(reader);
  }
  return { groups, locals };
}

/** catch and catch_ref name a tag and a label, the catch_alls a label. */
function skipCatches(reader: BinaryReader): void {
  for (let count = reader.u32(); count > 0; count--) skipMany(reader, reader.byte() < 2 ? 2 : 1);
}
