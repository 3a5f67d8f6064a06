/**
 * Stores that may be of zero, told apart from others. Before each the bytes it will overwrite are loaded; after a
 * run of them one test says what they were all together:
 *
 *      value | old | old | …     0: all of it cleared what was zero: a needless touch, unless another follows
 *                                else, and value is 0: assembly/meter.ts looks at every store by itself
 *                                else: written, like what other stores touch
 *
 * A run is straight-line code that stores one local at known distances from another, as a loop that clears memory
 * does. It stays within the bytes of one page, so its pages are those of its ends.
 */
import type { BinaryWriter } from "./binary.js";
import type { Layout } from "./hooks.js";
import { type Access, F32, F64, I32, I64, type Instruction, Op, SIMD, V128 } from "./instructions.js";
import { CONSTANT, type Origin, type Origins } from "./origins.js";
import { notePage, PAGE_BYTES } from "./touches.js";

const VOID = 0x40; // of a block that gives nothing
const MOST_STORES = 8; // of a run: each keeps a local

/** The instructions for the bytes of one type. */
interface Kind {
  /** Loads as many bytes as are stored, extended by zeroes. */
  load: number;
  /** What they are loaded as. */
  word: number;
  or: number;
  /** Instructions that make of the value what `load` would give, and of a word whether it is 0. */
  valueToWord: readonly number[];
  isZero: readonly number[];
}

/** Where the value and the address of a store are. */
interface Place {
  address: number;
  /** From what `address` holds: to be added with wrapping, and by the access. */
  delta: number;
  offset: number;
  /** null for a constant zero. */
  value: number | null;
  /** Whether it uses locals that the next store may use too. */
  isTemporary: boolean;
}

interface Run {
  opcode: number;
  kind: Kind;
  bytes: number;
  address: number;
  value: number | null;
  low: number;
  high: number;
  /** Distance from what `address` holds, and the local with what was overwritten. */
  stores: { distance: number; old: number }[];
}

/** What a function's rewriting offers. */
export interface Rewritten {
  code: BinaryWriter;
  layout: Layout;
  origins: Origins;
  /** Index of the hook for what has to be looked at by itself. */
  zeroedByStore: number;
  temporary(purpose: string, type: number): number;
}

/** The stores of one function that may be of zero. */
export class ZeroStores {
  #run: Run | null = null;

  constructor(private readonly rewritten: Rewritten) {}

  /** True for plain and atomic stores, not of lanes, of a value that may be 0. */
  isOne({ opcode }: Instruction, { reads, writes }: Access): boolean {
    if (reads > 0 || writes === 0) return false;
    const value = this.rewritten.origins.at(0);
    const isKnown = value?.value === CONSTANT;
    const isOther = isKnown && (value.delta & (writes < 4 ? 256 ** writes - 1 : -1)) !== 0;
    return !isOther && (opcode < SIMD + 88 || opcode > SIMD + 91);
  }

  /** Writes a store, whose address and value are on the stack, by way of `write`. */
  store({ opcode, offset }: Instruction, { writes, operands }: Access, write: () => void): void {
    const type = operands[0] as number;
    const { code, layout, temporary } = this.rewritten;
    const place = this.#place(offset, type);
    const run = this.#runWith(place, opcode, kindOf(type, writes), writes);
    const old = temporary(`old ${run.stores.length}`, run.kind.word);
    this.#address(place.address, place.delta);
    writeOpcode(code, run.kind.load)
      .byte(0)
      .u32(offset + layout.BASE);
    code.byte(Op.LocalSet).u32(old);
    write();
    run.stores.push({ distance: place.delta + offset, old });
    if (place.isTemporary) this.flush();
  }

  /** Notes the run that is pending if it uses a local. To be done before that is set. */
  flushLocal(local: number): void {
    if (this.#run?.address === local || this.#run?.value === local) this.flush();
  }

  /** Notes what is pending. To be done before control goes elsewhere. */
  flush(): void {
    const run = this.#run;
    if (!run) return;
    this.#run = null;
    const { code, layout } = this.rewritten;
    this.#writeIsNeedless(run);
    code.byte(Op.If, VOID);
    this.#count(run.stores.length * run.bytes);
    this.#note(run, layout.CLEARED);
    code.byte(Op.Else);
    if (run.value !== null) {
      this.#writeValue(run);
      code.byte(...run.kind.isZero, Op.If, VOID);
    }
    for (const { distance, old } of run.stores) this.#lookAt(run, distance, old);
    if (run.value !== null) {
      code.byte(Op.Else);
      this.#note(run, layout.WRITTEN);
      code.byte(Op.End);
    }
    code.byte(Op.End);
  }

  /** Finds locals with the address and the value; where there are none, it writes code that makes them. */
  #place(offset: number, type: number): Place {
    const { origins, code, temporary } = this.rewritten;
    const [value, address] = [origins.at(0), origins.at(1)];
    const known = address && address.value !== CONSTANT ? origins.holder(address.value) : undefined;
    const held = value && (value.value === CONSTANT ? null : origins.copy(value));
    if (known !== undefined && held !== undefined) {
      const delta = (address as Origin).delta - origins.of(known).delta;
      return { address: known, delta, offset, value: held, isTemporary: false };
    }
    const [atLocal, valueLocal] = [temporary("address", I32), temporary("operand 0", type)];
    code.byte(Op.LocalSet).u32(valueLocal).byte(Op.LocalTee).u32(atLocal).byte(Op.LocalGet).u32(valueLocal);
    return { address: atLocal, delta: 0, offset, value: valueLocal, isTemporary: true };
  }

  /** The run that a store belongs to, with its bytes. */
  #runWith({ address, delta, offset, value }: Place, opcode: number, kind: Kind, bytes: number): Run {
    const low = delta + offset;
    const run = this.#run;
    if (run?.opcode === opcode && run.address === address && run.value === value) {
      const hull = { low: Math.min(run.low, low), high: Math.max(run.high, low + bytes) };
      if (run.stores.length < MOST_STORES && hull.high - hull.low <= PAGE_BYTES)
        return Object.assign(run, hull);
    }
    this.flush();
    this.#run = { opcode, kind, bytes, address, value, low, high: low + bytes, stores: [] };
    return this.#run;
  }

  /** Writes a test for whether all of a run cleared what is known to have been zero. */
  #writeIsNeedless(run: Run): void {
    const { code, layout } = this.rewritten;
    const { kind, stores, value } = run;
    if (value !== null) this.#writeValue(run);
    stores.forEach(({ old }, i) => {
      code.byte(Op.LocalGet).u32(old);
      if (i > 0 || value !== null) writeOpcode(code, kind.or);
    });
    code.byte(...kind.isZero);
    // Where the program hid what it wrote, bytes of zero mean little: false, whatever was before.
    code.byte(Op.I32Const, 0, Op.I32Load, 2).u32(layout.SEEN_UNKNOWN).byte(Op.I32GtU);
  }

  #writeValue({ value, kind }: Run): void {
    this.rewritten.code
      .byte(Op.LocalGet)
      .u32(value as number)
      .byte(...kind.valueToWord);
  }

  #count(bytes: number): void {
    const { code, layout } = this.rewritten;
    code.byte(Op.I32Const, 0, Op.I32Const, 0, Op.I64Load, 3).u32(layout.NEEDLESSLY_STORED);
    code.byte(Op.I64Const).s32(bytes).byte(Op.I64Add, Op.I64Store, 3).u32(layout.NEEDLESSLY_STORED);
  }

  #note({ address, low, high }: Run, map: number): void {
    const { code } = this.rewritten;
    notePage(code, map, address, low);
    if (high - low > 1) notePage(code, map, address, high - 1);
  }

  #lookAt({ address, bytes, kind }: Run, distance: number, old: number): void {
    const { code, zeroedByStore } = this.rewritten;
    for (let lane = 0; lane < Math.max(1, bytes / 8); lane++) {
      this.#address(address, distance + 8 * lane);
      code.byte(Op.I32Const).s32(Math.min(bytes, 8)).byte(Op.LocalGet).u32(old);
      if (kind.word === V128) writeOpcode(code, Op.I64x2ExtractLane).byte(lane);
      if (kind.word === I32) code.byte(Op.I64ExtendI32U);
      code.byte(Op.Call).u32(zeroedByStore);
    }
  }

  #address(local: number, distance: number): void {
    const { code } = this.rewritten;
    code.byte(Op.LocalGet).u32(local);
    if (distance !== 0) code.byte(Op.I32Const).s32(distance).byte(Op.I32Add);
  }
}

function kindOf(type: number, bytes: number): Kind {
  if (type === V128) {
    const isZero = [0xfd, Op.V128AnyTrue - SIMD, Op.I32Eqz];
    return { load: SIMD, word: V128, or: Op.V128Or, valueToWord: [], isZero };
  }
  // Shifted to the top, the bytes that are not stored drop out.
  if (type === I64 || type === F64) {
    const unstored = [Op.I64Const, 64 - 8 * bytes, Op.I64Shl];
    const valueToWord = type === F64 ? [Op.I64ReinterpretF64] : bytes < 8 ? unstored : [];
    const load = { 1: 0x31, 2: 0x33, 4: 0x35, 8: Op.I64Load }[bytes] as number;
    return { load, word: I64, or: Op.I64Or, valueToWord, isZero: [Op.I64Eqz] };
  }
  const unstored = [Op.I32Const, 32 - 8 * bytes, Op.I32Shl];
  const valueToWord = type === F32 ? [Op.I32ReinterpretF32] : bytes < 4 ? unstored : [];
  const load = { 1: 0x2d, 2: 0x2f, 4: Op.I32Load }[bytes] as number;
  return { load, word: I32, or: Op.I32Or, valueToWord, isZero: [Op.I32Eqz] };
}

function writeOpcode(code: BinaryWriter, opcode: number): BinaryWriter {
  return opcode < SIMD ? code.byte(opcode) : code.byte(SIMD >> 16).u32(opcode - SIMD);
}
