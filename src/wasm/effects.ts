/** What instructions do to memory, and what they take from the stack: core specification 2.0, 4.4. */
import { ATOMIC, BULK, Op, SIMD } from "./opcodes.js";
import { F32, F64, I32, I64, V128 } from "./types.js";

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
