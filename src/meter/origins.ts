/**
 * What is known, within straight-line code, about where addresses come from: value numbering over the locals and
 * the top of the stack. Two addresses with the same value differ by the difference of their deltas, mod 2^32.
 */
import { type Access, plainOperands } from "../wasm/effects.js";
import type { Instruction } from "../wasm/instructions.js";
import { Op } from "../wasm/opcodes.js";

export interface Origin {
  /** Number of an unknown but unchanging value, or CONSTANT. */
  value: number;
  /** What was added to it; not yet wrapped to 32 bits. */
  delta: number;
}

/** The value number of 0: a constant is its own delta. */
export const CONSTANT = 0;

/** Locals that are remembered for one value: to look through more of them at each use would take quadratic time. */
const MOST_HOLDERS = 16;

export class Origins {
  #values = CONSTANT;
  readonly #locals = new Map<number, Origin>();
  /** Locals at a known distance from each value, MOST_HOLDERS at most. */
  readonly #holders = new Map<number, Set<number>>();
  /** What is known of the stack, top last. Below it there may be more. */
  #stack: Origin[] = [];

  unknown(): Origin {
    return { value: ++this.#values, delta: 0 };
  }

  /** What is on the stack, `depth` below its top. */
  at(depth: number): Origin | undefined {
    return this.#stack[this.#stack.length - 1 - depth];
  }

  of(local: number): Origin {
    let origin = this.#locals.get(local);
    if (!origin) {
      origin = this.unknown();
      this.#set(local, origin);
    }
    return origin;
  }

  /** A local that holds a known distance from `value` now. */
  holder(value: number): number | undefined {
    const [local] = this.#holders.get(value) ?? [];
    return local;
  }

  /** A local that holds exactly this now. */
  copy({ value, delta }: Origin): number | undefined {
    for (const local of this.#holders.get(value) ?? []) if (this.of(local).delta === delta) return local;
    return undefined;
  }

  /** For where control may come from elsewhere. */
  forget(): void {
    this.#locals.clear();
    this.#holders.clear();
    this.#stack = [];
  }

  /** Follows an access. */
  access({ operands, result }: Access): void {
    this.#pop(1 + operands.length);
    if (result !== null) this.#stack.push(this.unknown());
  }

  /** Follows any other instruction that control flows through. */
  follow({ opcode, operand }: Instruction): void {
    if (opcode === Op.LocalGet) this.#stack.push(this.of(operand));
    else if (opcode === Op.LocalSet) this.#set(operand, this.#pop(1));
    else if (opcode === Op.LocalTee) this.#tee(operand);
    else if (opcode === Op.I32Const) this.#stack.push({ value: CONSTANT, delta: operand });
    else if (opcode === Op.I32Add || opcode === Op.I32Sub) this.#add(opcode === Op.I32Add ? 1 : -1);
    else if (opcode === Op.Drop || opcode === Op.GlobalSet || opcode === Op.If || opcode === Op.BrIf)
      this.#pop(1);
    else if (opcode !== Op.Block) this.#plain(opcode);
  }

  #tee(local: number): void {
    const origin = this.#pop(1);
    this.#set(local, origin);
    this.#stack.push(origin);
  }

  #set(local: number, origin: Origin): void {
    const before = this.#locals.get(local);
    if (before) this.#holders.get(before.value)?.delete(local);
    this.#locals.set(local, origin);
    const holders = this.#holders.get(origin.value) ?? new Set();
    if (holders.size < MOST_HOLDERS) this.#holders.set(origin.value, holders.add(local));
  }

  #plain(opcode: number): void {
    const operands = plainOperands(opcode);
    if (operands === null) {
      this.#stack = [];
    } else {
      this.#pop(operands);
      this.#stack.push(this.unknown());
    }
  }

  #add(sign: number): void {
    const right = this.#pop(1);
    const left = this.#pop(1);
    let sum = this.unknown();
    if (right.value === CONSTANT) sum = { value: left.value, delta: left.delta + sign * right.delta };
    else if (left.value === CONSTANT && sign > 0)
      sum = { value: right.value, delta: left.delta + right.delta };
    this.#stack.push(sum);
  }

  /** Takes `count` values. Returns the lowest. */
  #pop(count: number): Origin {
    let origin: Origin | undefined;
    for (let i = 0; i < count; i++) origin = this.#stack.pop();
    return origin ?? this.unknown();
  }
}
