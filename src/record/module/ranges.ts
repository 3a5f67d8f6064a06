/**
 * What straight-line code touches and is still to be told. Ranges at known distances from one value that meet become
 * one; what was told already is not told again.
 *
 *           p             p+8            p+24     p+32
 *            ├─────────────┼──────────────┤        ├────┤        p->a, p->b and p->d in two calls instead of three
 */
import { CONSTANT, type Origin, type Origins } from "../../meter/origins.js";
import { Op } from "../../wasm/opcodes.js";
import type { BinaryWriter } from "../../wasm/writer.js";

/** Distances from a value, from `low` to below `high`. */
interface Range {
  low: number;
  high: number;
}

/** The touches of one kind. */
export class Ranges {
  readonly #pending = new Map<number, Range[]>();
  readonly #told = new Map<number, Range[]>();

  constructor(
    /** The function that is told, of an address and a number of bytes. */
    private readonly hook: number,
    private readonly origins: Origins,
  ) {}

  /** Adds a touch of `bytes` at `offset` from an address that a local holds. */
  add({ value, delta }: Origin, offset: number, bytes: number): void {
    const low = delta + offset;
    const range = { low, high: low + bytes };
    if (this.#told.get(value)?.some((told) => told.low <= range.low && range.high <= told.high)) return;
    this.#pending.set(value, joined(this.#pending.get(value) ?? [], range));
  }

  /** Tells what is pending of `value`. To be done before a local that holds it is set. */
  flush(value: number, writer: BinaryWriter): void {
    const pending = this.#pending.get(value);
    if (!pending) return;
    this.#pending.delete(value);
    const local = this.origins.holder(value) as number;
    const { delta } = this.origins.of(local);
    for (const { low, high } of pending) {
      tell(writer, this.hook, local, low - delta, high - low);
      this.#told.set(value, joined(this.#told.get(value) ?? [], { low, high }));
    }
  }

  /** Tells all that is pending. To be done before control goes elsewhere. */
  flushAll(writer: BinaryWriter): void {
    for (const value of this.#pending.keys()) this.flush(value, writer);
  }

  /** For where it is not known what was told. */
  forget(): void {
    this.#told.clear();
  }
}

/** The ranges with another one, joined with those that it meets. */
function joined(ranges: readonly Range[], range: Range): Range[] {
  const meets = ({ low, high }: Range) => low <= range.high && range.low <= high;
  const met = ranges.filter(meets);
  const low = Math.min(range.low, ...met.map((one) => one.low));
  const high = Math.max(range.high, ...met.map((one) => one.high));
  return [...ranges.filter((one) => !meets(one)), { low, high }];
}

/** Writes a call that tells `bytes` at the address in `local` plus `distance`. */
export function tell(
  writer: BinaryWriter,
  hook: number,
  local: number,
  distance: number,
  bytes: number,
): void {
  writer.byte(Op.LocalGet).unsigned(local);
  if (distance !== 0) writer.byte(Op.I32Const).s32(distance).byte(Op.I32Add);
  writer.byte(Op.I32Const).s32(bytes).byte(Op.Call).unsigned(hook);
}

/** Whether code names the address itself: it is that of a static, and of no block. */
export function isStatic({ value }: Origin): boolean {
  return value === CONSTANT;
}
