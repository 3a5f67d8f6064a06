/** How the bytes that a store writes, and those it overwrites, are looked at in one type of word. */
import { Op } from "../wasm/opcodes.js";
import { F32, F64, I32, I64, V128 } from "../wasm/types.js";

export interface StoreForm {
  /** Loads as many bytes as are stored, extended by zeroes. */
  load: number;
  /** What they are loaded as. */
  word: number;
  or: number;
  /** Instructions that make of the value what `load` would give, and of a word whether it is 0. */
  valueToWord: readonly number[];
  isZero: readonly number[];
}

/** For a store of `bytes` bytes of a value of a type. */
export function formOf(type: number, bytes: number): StoreForm {
  if (type === V128) {
    const isZero = [Op.V128AnyTrue, Op.I32Eqz];
    return { load: Op.V128Load, word: V128, or: Op.V128Or, valueToWord: [], isZero };
  }
  // Shifted to the top, the bytes that are not stored drop out.
  if (type === I64 || type === F64) {
    const unstored = [Op.I64Const, 64 - 8 * bytes, Op.I64Shl];
    const valueToWord = type === F64 ? [Op.I64ReinterpretF64] : bytes < 8 ? unstored : [];
    const load = { 1: Op.I64Load8U, 2: Op.I64Load16U, 4: Op.I64Load32U, 8: Op.I64Load }[bytes] as number;
    return { load, word: I64, or: Op.I64Or, valueToWord, isZero: [Op.I64Eqz] };
  }
  const unstored = [Op.I32Const, 32 - 8 * bytes, Op.I32Shl];
  const valueToWord = type === F32 ? [Op.I32ReinterpretF32] : bytes < 4 ? unstored : [];
  const load = { 1: Op.I32Load8U, 2: Op.I32Load16U, 4: Op.I32Load }[bytes] as number;
  return { load, word: I32, or: Op.I32Or, valueToWord, isZero: [Op.I32Eqz] };
}
