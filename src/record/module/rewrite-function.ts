/**
 * Rewrites one function of a module: after every access a call tells where it was. Accesses of straight-line code wait
 * until its end, so a trap loses those of the straight-line code it interrupts. The instructions stay as they are, but
 * that functions have other numbers.
 */
import { BORDERS, BRANCHES, CALLS } from "../../meter/control.js";
import { Origins } from "../../meter/origins.js";
import { BodyWriter } from "../../wasm/body-writer.js";
import { ACCESSES, type Access } from "../../wasm/effects.js";
import { type Instruction, readInstruction } from "../../wasm/instructions.js";
import { Op, writeOpcode } from "../../wasm/opcodes.js";
import type { BinaryReader } from "../../wasm/reader.js";
import type { Renumber } from "../../wasm/renumber.js";
import { I32 } from "../../wasm/types.js";
import { isStatic, Ranges, tell } from "./ranges.js";

/** What the rewriting of all functions of a module shares. */
export interface Rewriting {
  /** The functions that are told of reads and writes: of an address and a number of bytes. */
  read: number;
  write: number;
  /** What stands before these (gate.ts), for ranges that are never empty. */
  gates: Record<"read" | "write", number>;
  /** What is told of a range that is about to be cleared, and how much of it is zero. */
  clear: number;
  /** What counts that: a function of assembly/clearing.ts. */
  zeroes: number;
  renumber: Renumber;
}

const VOID = 0x40; // of a block that gives nothing
const NAMES_FUNCTION = new Set<number>([Op.Call, Op.ReturnCall, Op.RefFunc]);

/**
 * Rewrites a body, which `reader` holds from the locals on, of a function of `parameters` parameters. Of one that only the
 * allocator calls nothing but clearing is told.
 */
export function rewriteFunction(
  reader: BinaryReader,
  parameters: number,
  isAllocator: boolean,
  rewriting: Rewriting,
): Uint8Array {
  return new FunctionRewriter(reader, parameters, isAllocator, rewriting).run();
}

class FunctionRewriter {
  readonly #body: BodyWriter;
  readonly #origins = new Origins();
  readonly #reads: Ranges;
  readonly #writes: Ranges;

  constructor(
    private readonly reader: BinaryReader,
    parameters: number,
    private readonly isAllocator: boolean,
    private readonly rewriting: Rewriting,
  ) {
    this.#body = new BodyWriter(parameters);
    this.#reads = new Ranges(rewriting.gates.read, this.#origins);
    this.#writes = new Ranges(rewriting.gates.write, this.#origins);
  }

  run(): Uint8Array {
    this.#body.readLocals(this.reader);
    while (!this.reader.done) this.#rewrite(readInstruction(this.reader));
    return this.#body.bytes;
  }

  #rewrite(instruction: Instruction): void {
    const { opcode, operand } = instruction;
    const access = ACCESSES.get(opcode);
    if (access && !this.isAllocator) {
      this.#access(instruction, access);
      this.#origins.access(access);
      return;
    }
    if (BRANCHES.has(opcode) || CALLS.has(opcode) || BORDERS.has(opcode)) this.#flushAll();
    if (opcode === Op.LocalSet || opcode === Op.LocalTee) this.#flushLocal(operand);
    if (opcode === Op.MemoryFill) this.#fill(instruction);
    else if (opcode === Op.MemoryCopy || opcode === Op.MemoryInit) this.#move(instruction);
    else this.#copy(instruction);
    if (this.isAllocator) return;
    this.#origins.follow(instruction);
    if (CALLS.has(opcode) || BORDERS.has(opcode)) this.#forgetTold();
    if (BORDERS.has(opcode)) this.#origins.forget();
  }

  #copy({ opcode, operand, start, end }: Instruction): void {
    if (NAMES_FUNCTION.has(opcode)) {
      writeOpcode(this.#body.code, opcode).unsigned(this.rewriting.renumber(operand));
    } else this.#body.code.append(this.reader.bytes.subarray(start, end));
  }

  #access(instruction: Instruction, { reads, writes, operands }: Access): void {
    const origin = this.#origins.at(operands.length);
    const { offset } = instruction;
    if (origin && isStatic(origin)) {
      this.#copy(instruction);
    } else if (origin && this.#origins.holder(origin.value) !== undefined) {
      this.#copy(instruction);
      if (reads) this.#reads.add(origin, offset, reads);
      if (writes) this.#writes.add(origin, offset, writes);
    } else {
      const address = this.#body.keepAddress(operands);
      this.#copy(instruction);
      const { read, write } = this.rewriting.gates;
      if (reads) tell(this.#body.code, read, address, offset, reads);
      if (writes) tell(this.#body.code, write, address, offset, writes);
    }
  }

  /** Writes memory.fill, and before it what tells whether it clears what is zero. */
  #fill(instruction: Instruction): void {
    const [to, value, bytes] = ["to", "from", "bytes"].map((name) =>
      this.#body.temporary(name, I32),
    ) as Triple;
    const { write, clear, zeroes } = this.rewriting;
    this.#body.set(bytes).set(value).set(to);
    this.#body.get(value).code.byte(Op.I32Const).s32(255).byte(Op.I32And, Op.If, VOID);
    this.#body.get(to).get(bytes).call(write);
    this.#body.code.byte(Op.Else);
    this.#body.get(to).get(bytes).get(to).get(bytes).call(zeroes).call(clear);
    this.#body.code.byte(Op.End);
    this.#body.get(to).get(value).get(bytes);
    this.#copy(instruction);
  }

  /** Writes memory.copy or memory.init, and what tells of it. */
  #move(instruction: Instruction): void {
    if (this.isAllocator) {
      this.#copy(instruction);
      return;
    }
    const [to, from, bytes] = ["to", "from", "bytes"].map((name) =>
      this.#body.temporary(name, I32),
    ) as Triple;
    this.#body.set(bytes).set(from).set(to).get(to).get(from).get(bytes);
    this.#copy(instruction);
    if (instruction.opcode === Op.MemoryCopy) this.#body.get(from).get(bytes).call(this.rewriting.read);
    this.#body.get(to).get(bytes).call(this.rewriting.write);
  }

  #flushLocal(local: number): void {
    const { value } = this.#origins.of(local);
    this.#reads.flush(value, this.#body.code);
    this.#writes.flush(value, this.#body.code);
  }

  #flushAll(): void {
    this.#reads.flushAll(this.#body.code);
    this.#writes.flushAll(this.#body.code);
  }

  #forgetTold(): void {
    this.#reads.forget();
    this.#writes.forget();
  }
}

type Triple = [number, number, number];
