/**
 * Counts loads and stores. What straight-line code does is known when it is rewritten; a function adds it up in two
 * locals, and these to the meter's counters before it calls or leaves. So what a trap loses is what its function did
 * since then.
 */
import * as layout from "#shared/meter";
import type { Access } from "../wasm/effects.js";
import { Op } from "../wasm/opcodes.js";
import { I64 } from "../wasm/types.js";
import type { BinaryWriter } from "../wasm/writer.js";

/** What of an access is counted, and where. */
const COUNTED = [
  ["reads", layout.MeterCounter.Loads],
  ["writes", layout.MeterCounter.Stores],
] as const;

export class AccessCounts {
  /** By straight-line code so far. */
  readonly #amounts = [0, 0];
  /** Whether the locals may hold something here, or could when control comes from elsewhere. */
  #isOpen = false;
  #wasOpen: boolean;

  /** @param loops Whether the function has accesses and loops, so that what comes later may have been before. */
  constructor(
    private readonly code: BinaryWriter,
    private readonly temporary: (purpose: string, type: number) => number,
    loops: boolean,
  ) {
    this.#wasOpen = loops;
  }

  add(access: Access): void {
    COUNTED.forEach(([kind], i) => {
      if (access[kind] > 0) (this.#amounts[i] as number)++;
    });
  }

  /** Adds what was counted to the locals. To be done before control goes elsewhere. */
  flush(): void {
    this.#amounts.forEach((amount, i) => {
      if (amount === 0) return;
      const local = this.#local(i);
      this.code.byte(Op.LocalGet).unsigned(local).byte(Op.I64Const).s32(amount);
      this.code.byte(Op.I64Add, Op.LocalSet).unsigned(local);
      this.#isOpen = this.#wasOpen = true;
      this.#amounts[i] = 0;
    });
  }

  /** Adds all to the counters in memory. To be done before the function calls, or is left. */
  settle(): void {
    COUNTED.forEach(([, counter], i) => {
      const amount = this.#amounts[i] as number;
      if (amount === 0 && !this.#isOpen) return;
      const local = this.#isOpen ? this.#local(i) : undefined;
      addToCounter(this.code, layout.COUNTERS + layout.COUNTER_BYTES * counter, amount, local);
      if (local !== undefined) this.code.byte(Op.I64Const, 0, Op.LocalSet).unsigned(local);
      this.#amounts[i] = 0;
    });
    this.#isOpen = false;
  }

  /** For where control may come from elsewhere. */
  forget(): void {
    this.#isOpen = this.#wasOpen;
  }

  #local(i: number): number {
    return this.temporary(`count ${i}`, I64);
  }
}

/** Writes code that adds an amount, and what a local holds if it is given, to the counter at an address. */
export function addToCounter(code: BinaryWriter, address: number, amount: number, local?: number): void {
  code.byte(Op.I32Const, 0, Op.I32Const, 0, Op.I64Load, 3).unsigned(address);
  if (amount > 0) code.byte(Op.I64Const).s32(amount).byte(Op.I64Add);
  if (local !== undefined) code.byte(Op.LocalGet).unsigned(local).byte(Op.I64Add);
  code.byte(Op.I64Store, 3).unsigned(address);
}
