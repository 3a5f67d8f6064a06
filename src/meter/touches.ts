/**
 * Touches of straight-line code that are still to be noted. What is touched at known distances from one value grows
 * into a hull, of which only both ends are noted: a hull of at most a page's bytes lies in the pages of its ends.
 *
 *           low           p              high
 *            ├────────────┼───────────────┤        p->size, p->next and p[-1] in two notes instead of three
 *            └ noted                      └ noted
 */

import { PAGE_BYTES, PAGE_SHIFT } from "#shared/meter";
import { Op } from "../wasm/opcodes.js";
import type { BinaryWriter } from "../wasm/writer.js";
import { CONSTANT, type Origin, type Origins } from "./origins.js";

/** Distances from a value: bytes from `low` to below `high` are touched, and what `noted` holds of them is noted. */
interface Hull {
  low: number;
  high: number;
  noted: { low: number; high: number } | null;
}

/** The touches of one kind, noted in the byte map at `map`. */
export class Touches {
  readonly #hulls = new Map<number, Hull>();
  /** Values of which something is still to be noted, so that what is done at a branch is not done for all hulls again. */
  readonly #pending = new Set<number>();

  constructor(
    private readonly map: number,
    private readonly origins: Origins,
  ) {}

  /** Adds a touch of `bytes` at `offset` from an address that is a constant or held by a local. */
  add({ value, delta }: Origin, offset: number, bytes: number, writer: BinaryWriter): void {
    const low = delta + offset;
    const high = low + bytes;
    const hull = this.#hulls.get(value);
    const union = hull && { low: Math.min(low, hull.low), high: Math.max(high, hull.high) };
    if (union && union.high - union.low <= PAGE_BYTES) {
      Object.assign(hull, union);
    } else {
      this.flush(value, writer);
      this.#hulls.set(value, { low, high, noted: null });
    }
    this.#pending.add(value);
  }

  /** Notes what is pending of `value`. To be done before a local that holds it is set. */
  flush(value: number, writer: BinaryWriter): void {
    const hull = this.#hulls.get(value);
    if (!hull || !this.#pending.delete(value)) return;
    const { low, high, noted } = hull;
    if (!noted || low < noted.low) this.#note(value, low, writer);
    if (noted ? high > noted.high : high - low > 1) this.#note(value, high - 1, writer);
    hull.noted = { low, high };
  }

  /** Notes all that is pending. To be done before control goes elsewhere. */
  flushAll(writer: BinaryWriter): void {
    for (const value of this.#pending) this.flush(value, writer);
  }

  /** For where it is not known what was noted. */
  forget(): void {
    this.#hulls.clear();
    this.#pending.clear();
  }

  #note(value: number, delta: number, writer: BinaryWriter): void {
    if (value === CONSTANT) {
      writer.byte(Op.I32Const).s32((delta >>> 0) >>> PAGE_SHIFT);
      writeNote(writer, this.map);
    } else {
      const local = this.origins.holder(value) as number;
      notePage(writer, this.map, local, delta - this.origins.of(local).delta);
    }
  }
}

/** Writes code that notes the page of the address in `local` plus `distance`. */
export function notePage(writer: BinaryWriter, map: number, local: number, distance: number): void {
  writer.byte(Op.LocalGet).unsigned(local);
  if (distance !== 0) writer.byte(Op.I32Const).s32(distance).byte(Op.I32Add);
  writer.byte(Op.I32Const).s32(PAGE_SHIFT).byte(Op.I32ShrU);
  writeNote(writer, map);
}

/** Writes code that notes the page whose number is on the stack. */
function writeNote(writer: BinaryWriter, map: number): void {
  writer.byte(Op.I32Const, 1, Op.I32Store8, 0).unsigned(map);
}
