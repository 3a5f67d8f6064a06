/**
 * Rewrites one function of a module: every access moves up by the meter's base and is noted and counted, every other
 * memory instruction becomes a call of what assembly/meter.ts does in its place. Notes are written after the accesses,
 * where straight-line code ends; so a trap loses those of the straight-line code it interrupts.
 */

import * as layout from "#shared/meter";
import { BodyWriter } from "../wasm/body-writer.js";
import { ACCESSES, type Access } from "../wasm/effects.js";
import { readLocals } from "../wasm/functions.js";
import { type Instruction, readInstruction } from "../wasm/instructions.js";
import { Op, writeOpcode } from "../wasm/opcodes.js";
import { WASM_PAGE_BYTES } from "../wasm/pages.js";
import type { BinaryReader } from "../wasm/reader.js";
import { I32 } from "../wasm/types.js";
import { AccessCounts } from "./access-counts.js";
import { BORDERS, BRANCHES, CALLS, CLOSINGS, EXITS, JUMPS, OPENINGS } from "./control.js";
import type { Hooks } from "./hooks.js";
import { CONSTANT, Origins } from "./origins.js";
import { notePage, Touches } from "./touches.js";
import { ZeroStores } from "./zero-stores.js";

/** What the rewriting of all functions of a module shares. */
export interface Rewriting {
  /** Function indices of the hooks in the rewritten module. */
  hooks: Hooks;
  /** Whether scalar stores of zero are told from others. */
  zeroStores: boolean;
  /** Whether stores of zero are zeroing only while it is noted that a function clears. */
  isClearingNoted: boolean;
  /** Whether accesses only move, and are not noted. */
  isUnnoted?: boolean;
}

/** Rewrites a body, which `reader` holds from the locals on, of a function of `parameters` parameters. */
export function rewriteFunction(reader: BinaryReader, parameters: number, rewriting: Rewriting): Uint8Array {
  return new FunctionRewriter(reader, parameters, rewriting).run();
}

class FunctionRewriter {
  readonly #body: BodyWriter;
  readonly #origins = new Origins();
  readonly #reads: Touches;
  readonly #writes: Touches;
  readonly #zeroes: ZeroStores | null;
  readonly #counts: AccessCounts;
  /** Blocks that are open. */
  #depth = 0;

  constructor(
    private readonly reader: BinaryReader,
    parameters: number,
    private readonly rewriting: Rewriting,
  ) {
    this.#body = new BodyWriter(parameters);
    this.#reads = new Touches(layout.READ, this.#origins);
    this.#writes = new Touches(layout.WRITTEN, this.#origins);
    const { hooks, zeroStores, isClearingNoted } = rewriting;
    const temporary = (purpose: string, type: number) => this.#body.temporary(purpose, type);
    const shared = { code: this.#body.code, origins: this.#origins, temporary, isClearingNoted };
    this.#zeroes = zeroStores ? new ZeroStores({ ...shared, zeroedByStore: hooks.zeroedByStore }) : null;
    this.#counts = new AccessCounts(this.#body.code, temporary, hasAccessesAndLoops(reader));
  }

  run(): Uint8Array {
    this.#body.readLocals(this.reader);
    while (!this.reader.done) this.#rewrite(readInstruction(this.reader));
    return this.#body.bytes;
  }

  #rewrite(instruction: Instruction): void {
    const { opcode } = instruction;
    const access = ACCESSES.get(opcode);
    if (access) {
      this.#access(instruction, access);
      this.#origins.access(access);
      return;
    }
    if (BRANCHES.has(opcode) || CALLS.has(opcode) || BORDERS.has(opcode)) this.#flush(instruction);
    if (opcode === Op.LocalSet || opcode === Op.LocalTee) this.#flushLocal(instruction.operand);
    if (!this.#replace(instruction)) this.#copy(instruction);
    this.#origins.follow(instruction);
    if (CALLS.has(opcode) || BORDERS.has(opcode)) this.#forgetNotes();
    if (BORDERS.has(opcode)) {
      this.#origins.forget();
      this.#counts.forget();
    }
    if (OPENINGS.has(opcode)) this.#depth++;
    if (CLOSINGS.has(opcode)) this.#depth--;
  }

  #copy({ start, end }: Instruction): void {
    this.#body.code.copy(this.reader.bytes, start, end);
  }

  /** Writes what stands in the place of an instruction that sees memory as a whole. Returns false for all others. */
  #replace({ opcode, operand }: Instruction): boolean {
    const { hooks } = this.rewriting;
    if (opcode === Op.MemorySize) {
      const pages = layout.BASE / WASM_PAGE_BYTES;
      this.#body.code.byte(Op.MemorySize, 0, Op.I32Const).s32(pages).byte(Op.I32Sub);
    } else if (opcode === Op.MemoryGrow) this.#body.call(hooks.grow);
    else if (opcode === Op.MemoryFill) this.#body.call(hooks.fill);
    else if (opcode === Op.MemoryCopy) this.#body.call(hooks.copy);
    else if (opcode === Op.MemoryInit) this.#initialize(operand);
    else return false;
    return true;
  }

  #initialize(segment: number): void {
    const { hooks } = this.rewriting;
    const [to, from, bytes] = ["to", "from", "bytes"].map((name) =>
      this.#body.temporary(name, I32),
    ) as Triple;
    this.#body.set(bytes).set(from).set(to).get(to).get(bytes).call(hooks.translate);
    this.#body.get(from).get(bytes);
    writeOpcode(this.#body.code, Op.MemoryInit).unsigned(segment).byte(0);
    this.#body.get(to).get(bytes).call(hooks.initialized);
  }

  #access(instruction: Instruction, access: Access): void {
    if (instruction.offset + layout.BASE >= 2 ** 32) {
      this.#trapOutOfBounds();
      return;
    }
    if (this.rewriting.isUnnoted) {
      this.#moved(instruction);
      return;
    }
    this.#counts.add(access);
    if (this.#zeroes?.isOne(instruction, access)) {
      this.#zeroes.store(instruction, access, () => this.#moved(instruction));
    } else if (!this.#accessKnown(instruction, access)) {
      this.#accessUnknown(instruction, access);
    }
  }

  /** Writes an access whose address a local holds or is constant: its notes can wait. Returns false for others. */
  #accessKnown(instruction: Instruction, { reads, writes, operands }: Access): boolean {
    const origin = this.#origins.at(operands.length);
    if (!origin) return false;
    if (origin.value !== CONSTANT && this.#origins.holder(origin.value) === undefined) return false;
    this.#moved(instruction);
    if (reads) this.#reads.add(origin, instruction.offset, reads, this.#body.code);
    if (writes) this.#writes.add(origin, instruction.offset, writes, this.#body.code);
    return true;
  }

  #accessUnknown(instruction: Instruction, { reads, writes, operands }: Access): void {
    const address = this.#body.keepAddress(operands);
    this.#moved(instruction);
    this.#note(layout.READ, address, instruction.offset, reads);
    this.#note(layout.WRITTEN, address, instruction.offset, writes);
  }

  #note(map: number, address: number, offset: number, bytes: number): void {
    if (bytes > 0) notePage(this.#body.code, map, address, offset);
    if (bytes > 1) notePage(this.#body.code, map, address, offset + bytes - 1);
  }

  /** In place of an access that even with address 0 is past the end of any memory that the module can see. */
  #trapOutOfBounds(): void {
    const end = 2 ** 32 - 1;
    this.#body.code.byte(Op.I32Const).s32(-1).byte(Op.I32Load, 0).unsigned(end).byte(Op.Drop, Op.Unreachable);
  }

  /** Writes the access itself, where the module's memory now is. */
  #moved({ start, immediates, operand, offset, afterOffset, end }: Instruction): void {
    const { bytes } = this.reader;
    this.#body.code.copy(bytes, start, immediates).unsigned(operand);
    this.#body.code.unsigned(offset + layout.BASE).copy(bytes, afterOffset, end);
  }

  #flushLocal(local: number): void {
    this.#zeroes?.flushLocal(local);
    const { value } = this.#origins.of(local);
    if (value === CONSTANT) return;
    this.#reads.flush(value, this.#body.code);
    this.#writes.flush(value, this.#body.code);
  }

  /** Before control goes elsewhere. */
  #flush(instruction: Instruction): void {
    this.#reads.flushAll(this.#body.code);
    this.#writes.flushAll(this.#body.code);
    this.#zeroes?.flush();
    if (CALLS.has(instruction.opcode) || this.#mayLeave(instruction)) this.#counts.settle();
    else this.#counts.flush();
  }

  #mayLeave({ opcode, operand }: Instruction): boolean {
    if (EXITS.has(opcode)) return true;
    return JUMPS.has(opcode) ? operand === this.#depth : opcode === Op.End && this.#depth === 0;
  }

  #forgetNotes(): void {
    this.#reads.forget();
    this.#writes.forget();
  }
}

/** Whether what is done later in a body may have been done earlier. `body` holds it from the locals on, and stays. */
function hasAccessesAndLoops(body: BinaryReader): boolean {
  const reader = body.fork();
  readLocals(reader);
  let [accesses, loops] = [false, false];
  while (!reader.done && !(accesses && loops)) {
    const { opcode } = readInstruction(reader);
    if (opcode === Op.Loop) loops = true;
    if (ACCESSES.has(opcode)) accesses = true;
  }
  return accesses && loops;
}

type Triple = [number, number, number];
