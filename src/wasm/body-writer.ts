/** Writes the body of a function that there was, with other code in it and locals added to its own. */
import { readLocals } from "./functions.js";
import { Op } from "./opcodes.js";
import type { BinaryReader } from "./reader.js";
import { I32 } from "./types.js";
import { BinaryWriter } from "./writer.js";

/** A type of values, as the binary writes it: of references some have several bytes. */
export type TypeBytes = number | readonly number[];

export class BodyWriter {
  /** Its instructions so far. */
  readonly code = new BinaryWriter();
  /** Its own locals, as they stand in the binary. */
  #own: { groups: number; bytes: Uint8Array } = { groups: 0, bytes: new Uint8Array(0) };
  /** Parameters, and its own locals. */
  #locals: number;
  /** Type of every local this adds, by number, and numbers by type and purpose. */
  readonly #added: TypeBytes[] = [];
  readonly #temporaries = new Map<string, number>();

  constructor(parameters: number) {
    this.#locals = parameters;
  }

  /** Reads its own locals, before any is added. */
  readLocals(reader: BinaryReader): void {
    const { groups, count, bytes } = readLocals(reader);
    this.#own = { groups, bytes };
    this.#locals += count;
  }

  /** All of it. */
  get bytes(): Uint8Array {
    const { groups, bytes } = this.#own;
    const body = new BinaryWriter().unsigned(groups + this.#added.length).append(bytes);
    for (const type of this.#added) body.byte(1).append([type].flat());
    return body.append(this.code.bytes).bytes;
  }

  get(local: number): this {
    this.code.byte(Op.LocalGet).unsigned(local);
    return this;
  }

  set(local: number): this {
    this.code.byte(Op.LocalSet).unsigned(local);
    return this;
  }

  call(callee: number): this {
    this.code.byte(Op.Call).unsigned(callee);
    return this;
  }

  /** An added local for a purpose, whose code may set it anew each time. */
  temporary(purpose: string, type: TypeBytes): number {
    const name = `${purpose} ${type}`;
    let local = this.#temporaries.get(name);
    if (local === undefined) {
      local = this.#locals + this.#added.push(type) - 1;
      this.#temporaries.set(name, local);
    }
    return local;
  }

  /** Puts into a local the address that lies on the stack below operands of these types. Returns the local. */
  keepAddress(operands: readonly number[]): number {
    const address = this.temporary("address", I32);
    const others = operands.map((type, i) => this.temporary(`operand ${i}`, type));
    for (const local of [...others].reverse()) this.set(local);
    this.code.byte(Op.LocalTee).unsigned(address);
    for (const local of others) this.get(local);
    return address;
  }
}
