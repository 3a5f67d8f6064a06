/** The function that stands in the place of an allocator's own: it calls that, and tells what it was asked and gave. */
import { Op } from "../../wasm/opcodes.js";
import { type FunctionType, I32, I64, type ValueType } from "../../wasm/types.js";
import { BinaryWriter } from "../../wasm/writer.js";
import { type Form, ONE } from "./forms.js";
import { type GateGlobals, writeAfterCall } from "./gate.js";

/** Numbers of functions. */
interface Called {
  original: number;
  enter: number;
  leave: number;
  globals: GateGlobals;
}

const VOID = 0x40; // of a block that gives nothing

export function wrapperBody(form: Form, type: FunctionType, called: Called): Uint8Array {
  const { params, results } = type;
  const [result] = results;
  const kept = params.length;
  const block = result ? kept + 1 : kept;
  const code = new BinaryWriter();
  if (result) code.unsigned(2).byte(1, result === "i64" ? I64 : I32);
  else code.unsigned(1);
  code.byte(1, I32, Op.Call).unsigned(called.enter);
  params.forEach((_, parameter) => {
    code.byte(Op.LocalGet).unsigned(parameter);
  });
  code.byte(Op.Call).unsigned(called.original);
  if (result) {
    code.byte(Op.LocalSet).unsigned(kept);
    writeBlock(code, form, type, block);
  }
  code.byte(Op.I32Const).s32(form.kind);
  for (const value of [form.pointer, form.first, form.second]) writeValue(code, value, params);
  code.byte(Op.LocalGet).unsigned(block).byte(Op.Call).unsigned(called.leave);
  writeAfterCall(code, block, called.globals);
  if (result) code.byte(Op.LocalGet).unsigned(kept);
  return code.byte(Op.End).bytes;
}

/** The function that stands in the place of memset(address, value, bytes): it tells what is cleared before it is. */
export function memsetBody(
  { params }: FunctionType,
  { original, zeroes, clear }: Record<"original" | "zeroes" | "clear", number>,
): Uint8Array {
  const [address, value, bytes] = [0, 1, 2];
  const code = new BinaryWriter().unsigned(0);
  const narrow = (...locals: number[]) => {
    for (const local of locals) writeNarrow(code, local, params[local]);
    return code;
  };
  narrow(value).byte(Op.I32Const).s32(255).byte(Op.I32And, Op.I32Eqz, Op.If, VOID);
  narrow(address, bytes, address, bytes).byte(Op.Call).unsigned(zeroes).byte(Op.Call).unsigned(clear);
  code.byte(Op.End);
  for (const local of [address, value, bytes]) code.byte(Op.LocalGet).unsigned(local);
  return code.byte(Op.Call).unsigned(original).byte(Op.End).bytes;
}

/** Reads a local as the 32 bits that it has, or is lowered to: of an address beyond that nobody gets anything. */
function writeNarrow(code: BinaryWriter, local: number, type: ValueType | undefined): void {
  code.byte(Op.LocalGet).unsigned(local);
  if (type === "i64") code.byte(Op.I32WrapI64);
}

/** Puts into a local the block that the function gave: its result, or what it wrote where it was told to. */
function writeBlock(
  code: BinaryWriter,
  { resultAt }: Form,
  { params, results }: FunctionType,
  block: number,
): void {
  const result = params.length;
  writeNarrow(code, result, results[0]);
  if (resultAt === undefined) {
    code.byte(Op.LocalSet).unsigned(block);
    return;
  }
  code.byte(Op.I32Eqz, Op.If, VOID);
  writeNarrow(code, resultAt, params[resultAt]);
  code.byte(Op.I32Load, 2, 0, Op.LocalSet).unsigned(block).byte(Op.End);
}

function writeValue(
  code: BinaryWriter,
  value: number | typeof ONE | undefined,
  params: readonly ValueType[],
): void {
  if (value === undefined) code.byte(Op.I32Const, 0);
  else if (value === ONE) code.byte(Op.I32Const, 1);
  else writeNarrow(code, value, params[value]);
}
