/**
 * Stores that may be of zero, told apart from others. Before each the bytes it will overwrite are loaded; after a
 * run of them two tests say what they were together:
 *
 *      no value is 0                 written, like what other stores touch
 *      value | old | … is 0          all of it cleared what was zero: a needless touch, unless another follows
 *      neither                       every store is looked at by itself
 *
 * Where it is noted which functions clear, the first holds for all that is stored elsewhere: most of that are fields of headers.
 *
 * A run is straight-line code that stores at known distances from one local, as a loop that clears memory does. It
 * stays within the bytes of one page, so its pages are those of its ends.
 */

import * as layout from "#shared/meter";
import type { Access } from "../wasm/effects.js";
import type { Instruction } from "../wasm/instructions.js";
import { Op, storesLane, writeOpcode } from "../wasm/opcodes.js";
import { I32, V128 } from "../wasm/types.js";
import type { BinaryWriter } from "../wasm/writer.js";
import { addToCounter } from "./access-counts.js";
import { CONSTANT, type Origin, type Origins } from "./origins.js";
import { formOf, type StoreForm } from "./store-forms.js";
import { notePage } from "./touches.js";

const VOID = 0x40; // of a block that gives nothing
const MOST_STORES = 8; // pending at once: each keeps a local or two

/** Where the address of a store is: in a local, to which `delta` is to be added with wrapping. */
interface Place {
  address: number;
  delta: number;
  /** The local with the value; null for a constant zero. */
  value: number | null;
  /** Whether the next store may use the same local for its address. */
  isTemporary: boolean;
}

interface Store {
  /** From what the run's local holds. */
  distance: number;
  bytes: number;
  form: StoreForm;
  /** The locals with the value, null for a constant zero, and with what was overwritten. */
  value: number | null;
  old: number;
}

interface Run {
  /** The local all its addresses are reckoned from. */
  address: number;
  low: number;
  high: number;
  stores: [Store, ...Store[]];
}

/** What a function's rewriting offers. */
export interface Rewritten {
  code: BinaryWriter;
  origins: Origins;
  /** Index of the hook for what has to be looked at by itself. */
  zeroedByStore: number;
  isClearingNoted: boolean;
  temporary(purpose: string, type: number): number;
}

/** The stores of one function that may be of zero. */
export class ZeroStores {
  /** Pending ones, by the local with their address. */
  readonly #runs = new Map<number, Run>();
  /** Stores since all runs ended. */
  #pending = 0;

  constructor(private readonly rewritten: Rewritten) {}

  /** True for plain and atomic stores, not of lanes, of a value that may be 0. */
  isOne({ opcode }: Instruction, { reads, writes }: Access): boolean {
    if (reads > 0 || writes === 0) return false;
    const value = this.rewritten.origins.at(0);
    const isKnown = value?.value === CONSTANT;
    const isOther = isKnown && (value.delta & (writes < 4 ? 256 ** writes - 1 : -1)) !== 0;
    return !isOther && !storesLane(opcode);
  }

  /** Writes a store, whose address and value are on the stack, by way of `write`. */
  store({ offset }: Instruction, { writes: bytes, operands }: Access, write: () => void): void {
    if (this.#pending === MOST_STORES) this.flush();
    const type = operands[0] as number;
    const form = formOf(type, bytes);
    const { address, delta, value, isTemporary } = this.#place(type);
    const { code, temporary } = this.rewritten;
    const old = temporary(`old ${this.#pending++}`, form.word);
    this.#address(address, delta);
    writeOpcode(code, form.load)
      .byte(0)
      .unsigned(offset + layout.BASE);
    code.byte(Op.LocalSet).unsigned(old);
    write();
    this.#add(address, { distance: delta + offset, bytes, form, value, old });
    if (isTemporary) this.#flushRun(address);
  }

  /** Ends the runs that use a local. To be done before it is set. */
  flushLocal(local: number): void {
    for (const { address, stores } of this.#runs.values()) {
      if (address === local || stores.some(({ value }) => value === local)) this.#flushRun(address);
    }
  }

  /** Ends all runs. To be done before control goes elsewhere. */
  flush(): void {
    for (const address of this.#runs.keys()) this.#flushRun(address);
    this.#pending = 0;
  }

  /** Finds locals with the address and the value; where there are none, it writes code that makes them. */
  #place(type: number): Place {
    const { origins, code, temporary } = this.rewritten;
    const [value, address] = [origins.at(0), origins.at(1)];
    let held = value && (value.value === CONSTANT ? null : origins.copy(value));
    if (held === undefined) {
      held = temporary(`value ${this.#pending}`, type);
      code.byte(Op.LocalTee).unsigned(held);
    }
    const known = address && address.value !== CONSTANT ? origins.holder(address.value) : undefined;
    if (known !== undefined) {
      const delta = (address as Origin).delta - origins.of(known).delta;
      return { address: known, delta, value: held, isTemporary: false };
    }
    const [atLocal, valueLocal] = [temporary("address", I32), temporary("operand 0", type)];
    code
      .byte(Op.LocalSet)
      .unsigned(valueLocal)
      .byte(Op.LocalTee)
      .unsigned(atLocal)
      .byte(Op.LocalGet)
      .unsigned(valueLocal);
    return { address: atLocal, delta: 0, value: held, isTemporary: true };
  }

  #add(address: number, store: Store): void {
    const { distance: low, bytes, form } = store;
    const high = low + bytes;
    const run = this.#runs.get(address);
    const hull = run && { low: Math.min(run.low, low), high: Math.max(run.high, high) };
    if (run?.stores[0].form.word === form.word && hull && hull.high - hull.low <= layout.PAGE_BYTES) {
      Object.assign(run, hull);
      run.stores.push(store);
    } else {
      if (run) this.#flushRun(address);
      this.#runs.set(address, { address, low, high, stores: [store] });
    }
  }

  #flushRun(address: number): void {
    const run = this.#runs.get(address) as Run;
    this.#runs.delete(address);
    const { code, isClearingNoted } = this.rewritten;
    const hasZero = run.stores.some(({ value }) => value === null);
    const mayBeNone = isClearingNoted || !hasZero;
    if (!hasZero) this.#writeIsAnyZero(run);
    if (isClearingNoted) code.byte(Op.I32Const, 0, Op.I32Load, 2).unsigned(layout.CLEARING);
    if (isClearingNoted && !hasZero) code.byte(Op.I32And);
    if (mayBeNone) code.byte(Op.If, VOID);
    this.#writeIsNeedless(run);
    code.byte(Op.If, VOID);
    this.#countNeedless(run);
    this.#note(run, layout.CLEARED);
    code.byte(Op.Else);
    for (const store of run.stores) this.#lookAt(run, store);
    code.byte(Op.End);
    if (mayBeNone) {
      code.byte(Op.Else);
      this.#note(run, layout.WRITTEN);
      code.byte(Op.End);
    }
  }

  /** Writes a test for whether a run stored any zero. */
  #writeIsAnyZero(run: Run): void {
    const { code } = this.rewritten;
    variablesOf(run).forEach((store, i) => {
      this.#writeValue(store);
      this.#writeIsZero(store.form);
      if (i > 0) code.byte(Op.I32Or);
    });
  }

  /** Writes a test for whether a run with a zero cleared, and cleared what is known to have been zero. */
  #writeIsNeedless(run: Run): void {
    const { code } = this.rewritten;
    const { form } = run.stores[0];
    run.stores.forEach(({ old }, i) => {
      code.byte(Op.LocalGet).unsigned(old);
      if (i > 0) writeOpcode(code, form.or);
    });
    for (const store of isUniform(run) ? [] : variablesOf(run)) {
      this.#writeValue(store);
      writeOpcode(code, form.or);
    }
    this.#writeIsZero(form);
    // Where the program hid what it wrote, bytes of zero mean little: false, whatever was before.
    code.byte(Op.I32Const, 0, Op.I32Load, 2).unsigned(layout.SEEN_UNKNOWN).byte(Op.I32GtU);
  }

  #writeValue({ value, form }: Store): void {
    const { code } = this.rewritten;
    code
      .byte(Op.LocalGet)
      .unsigned(value as number)
      .append(form.valueToWord);
  }

  #writeIsZero({ isZero }: StoreForm): void {
    for (const opcode of isZero) writeOpcode(this.rewritten.code, opcode);
  }

  #countNeedless({ stores }: Run): void {
    const { code } = this.rewritten;
    const bytes = stores.reduce((sum, store) => sum + store.bytes, 0);
    addToCounter(code, layout.STORED_OVER_ZEROES, bytes);
  }

  #note({ address, low, high }: Pick<Run, "address" | "low" | "high">, map: number): void {
    const { code } = this.rewritten;
    notePage(code, map, address, low);
    if (high - low > 1) notePage(code, map, address, high - 1);
  }

  /** Writes what is done with one store of a run that has a zero. */
  #lookAt(run: Run, store: Store): void {
    if (store.value === null || isUniform(run)) {
      this.#callHook(run, store);
      return;
    }
    const { code } = this.rewritten;
    const { distance: low, bytes } = store;
    this.#writeValue(store);
    this.#writeIsZero(store.form);
    code.byte(Op.If, VOID);
    this.#callHook(run, store);
    code.byte(Op.Else);
    this.#note({ address: run.address, low, high: low + bytes }, layout.WRITTEN);
    code.byte(Op.End);
  }

  #callHook({ address }: Run, { distance, bytes, form, old }: Store): void {
    const { code, zeroedByStore } = this.rewritten;
    for (let lane = 0; lane < Math.max(1, bytes / 8); lane++) {
      this.#address(address, distance + 8 * lane);
      code.byte(Op.I32Const).s32(Math.min(bytes, 8)).byte(Op.LocalGet).unsigned(old);
      if (form.word === V128) writeOpcode(code, Op.I64x2ExtractLane).byte(lane);
      if (form.word === I32) code.byte(Op.I64ExtendI32U);
      code.byte(Op.Call).unsigned(zeroedByStore);
    }
  }

  #address(local: number, distance: number): void {
    const { code } = this.rewritten;
    code.byte(Op.LocalGet).unsigned(local);
    if (distance !== 0) code.byte(Op.I32Const).s32(distance).byte(Op.I32Add);
  }
}

/** Of a run's values that are not constant, each once. */
function variablesOf({ stores }: Run): Store[] {
  const variables = stores.filter(({ value }) => value !== null);
  return variables.filter((store, i) => variables.findIndex((other) => storesSame(store, other)) === i);
}

/** Whether all its values are one, so that where one is zero all are. */
function isUniform({ stores }: Run): boolean {
  return stores.every((store) => storesSame(store, stores[0]));
}

function storesSame(one: Store, other: Store): boolean {
  return one.value === other.value && (one.value === null || one.bytes === other.bytes);
}
