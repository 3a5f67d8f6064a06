/** Lowers the body of a function: its addresses are narrowed where instructions take them. */
import { BodyWriter, type TypeBytes } from "../body-writer.js";
import { ACCESSES } from "../effects.js";
import type { GlobalType } from "../externs.js";
import { type Instruction, readInstruction } from "../instructions.js";
import type { Limits } from "../limits.js";
import { Op } from "../opcodes.js";
import { BinaryReader } from "../reader.js";
import type { TableType } from "../tables.js";
import { I32, I64 } from "../types.js";
import type { BinaryWriter } from "../writer.js";

/** The last number of 32 bits. */
export const LAST = 2 ** 32 - 1;

/** Writes what makes of the i64 on the stack, which a local holds as well, an i32: the last one if it exceeds that. */
export function writeNarrowing(code: BinaryWriter, local: number): void {
  const last = () => code.byte(Op.I64Const).s64(BigInt(LAST));
  last().byte(Op.LocalGet).unsigned(local);
  last().byte(Op.I64LtU, Op.Select, Op.I32WrapI64);
}

/** What the lowering of all parts of a module shares. */
export interface Lowering {
  /** The number of a function that narrows, for code that has no locals. */
  narrow: number;
  memories: readonly Limits[];
  tables: readonly TableType[];
  /** Those that are imported. */
  globals: readonly GlobalType[];
}

/** Among the types of operands: an address of 64 bits. */
const WIDE = "wide";
type Operand = TypeBytes | typeof WIDE;

/** Lowers a body, which `reader` holds from the locals on, of a function of `parameters` parameters. */
export function lowerFunction(reader: BinaryReader, parameters: number, lowering: Lowering): Uint8Array {
  return new FunctionLowerer(reader.fork(), parameters, lowering).run();
}

class FunctionLowerer {
  readonly #body: BodyWriter;
  readonly #isMemoryWide: boolean;

  constructor(
    private readonly reader: BinaryReader,
    parameters: number,
    private readonly lowering: Lowering,
  ) {
    this.#body = new BodyWriter(parameters);
    this.#isMemoryWide = lowering.memories[0]?.wide ?? false;
  }

  run(): Uint8Array {
    this.#body.readLocals(this.reader);
    while (!this.reader.done) this.#lower(readInstruction(this.reader));
    return this.#body.bytes;
  }

  #lower(instruction: Instruction): void {
    const { opcode, start, end } = instruction;
    if (this.#isMemoryWide && ACCESSES.has(opcode)) {
      this.#access(instruction);
      return;
    }
    const operands = this.#operandsOf(instruction);
    if (operands.includes(WIDE)) this.#narrow(operands);
    this.#body.code.copy(this.reader.bytes, start, end);
    this.#widen(instruction);
  }

  #access({ opcode, start, immediates, operand, offset, afterOffset, end }: Instruction): void {
    const { bytes } = this.reader;
    this.#narrow([WIDE, ...(ACCESSES.get(opcode)?.operands ?? [])], offset >= 2 ** 32);
    this.#body.code.copy(bytes, start, immediates).unsigned(operand);
    this.#body.code.unsigned(offset >= 2 ** 32 ? 0 : offset).copy(bytes, afterOffset, end);
  }

  /** Of an instruction that takes addresses and is no access: what it takes, from the bottom up, or of that the top. */
  #operandsOf(instruction: Instruction): Operand[] {
    const { opcode } = instruction;
    const address = this.#isMemoryWide ? WIDE : I32;
    if (opcode === Op.MemoryGrow) return [address];
    if (opcode === Op.MemoryFill) return [address, I32, address];
    if (opcode === Op.MemoryCopy) return [address, address, address];
    if (opcode === Op.MemoryInit) return [address, I32, I32];
    if (opcode === Op.TableGet || opcode === Op.TableGrow) return [this.#index(instruction, 0)];
    if (opcode === Op.CallIndirect || opcode === Op.ReturnCallIndirect) return [this.#index(instruction, 1)];
    if (opcode === Op.TableInit) return [this.#index(instruction, 1), I32, I32];
    if (opcode === Op.TableSet || opcode === Op.TableFill) {
      const index = this.#index(instruction, 0);
      const element = [...(this.#table(instruction, 0)?.element ?? [])];
      return opcode === Op.TableSet ? [index, element] : [index, element, index];
    }
    if (opcode !== Op.TableCopy) return [];
    const [to, from] = [this.#index(instruction, 0), this.#index(instruction, 1)];
    return [to, from, to === from ? to : I32]; // of both kinds, the length is of the smaller
  }

  /** Whether a table, which an instruction names by its first or second immediate, has 64-bit indices. */
  #index(instruction: Instruction, immediate: 0 | 1): Operand {
    return this.#table(instruction, immediate)?.limits.wide ? WIDE : I32;
  }

  #table({ immediates }: Instruction, immediate: 0 | 1): TableType | undefined {
    const reader = new BinaryReader(this.reader.bytes, immediates);
    const indices = [reader.u32(), immediate === 1 ? reader.u32() : 0];
    return this.lowering.tables[indices[immediate] as number];
  }

  /** Narrows what is wide of the operands on the stack. `isBeyond`: the lowest comes to an address that is never there. */
  #narrow(operands: readonly Operand[], isBeyond = false): void {
    const lowest = operands.indexOf(WIDE);
    const above = operands.slice(lowest + 1).map((operand, i) => {
      const local = this.#body.temporary(`operand ${i}`, operand === WIDE ? I32 : operand);
      return { local, isWide: operand === WIDE };
    });
    for (const { local, isWide } of [...above].reverse()) {
      if (isWide) this.#narrowTop();
      this.#body.set(local);
    }
    this.#narrowTop();
    if (isBeyond) this.#body.code.byte(Op.Drop, Op.I32Const).s32(-1);
    for (const { local } of above) this.#body.get(local);
  }

  #narrowTop(): void {
    const address = this.#body.temporary("wide", I64);
    writeNarrowing(this.#body.code.byte(Op.LocalTee).unsigned(address), address);
  }

  /** Widens a size that an instruction gives; to −1 where it refused to grow. */
  #widen(instruction: Instruction): void {
    const { opcode } = instruction;
    const { code } = this.#body;
    if (opcode === Op.MemorySize && this.#isMemoryWide) code.byte(Op.I64ExtendI32U);
    if (opcode === Op.MemoryGrow && this.#isMemoryWide) code.byte(Op.I64ExtendI32S);
    if (opcode !== Op.TableSize && opcode !== Op.TableGrow) return;
    if (this.#index(instruction, 0) !== WIDE) return;
    code.byte(opcode === Op.TableSize ? Op.I64ExtendI32U : Op.I64ExtendI32S);
  }
}
