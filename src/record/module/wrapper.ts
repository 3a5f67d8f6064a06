/** The function that stands in the place of an allocator's own: it calls that, and tells what it was asked and gave. */
import { Op } from "../../wasm/opcodes.js";
import { type FunctionType, I32 } from "../../wasm/types.js";
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

export function wrapperBody(form: Form, { params, results }: FunctionType, called: Called): Uint8Array {
  const result = params.length;
  const block = result + 1;
  const code = new BinaryWriter().unsigned(1).unsigned(2).byte(I32);
  code.byte(Op.Call).unsigned(called.enter);
  params.forEach((_, parameter) => {
    code.byte(Op.LocalGet).unsigned(parameter);
  });
  code.byte(Op.Call).unsigned(called.original);
  if (results.length > 0) code.byte(Op.LocalSet).unsigned(result);
  writeBlock(code, form, result, block);
  code.byte(Op.I32Const).s32(form.kind);
  for (const value of [form.pointer, form.first, form.second]) writeValue(code, value);
  code.byte(Op.LocalGet).unsigned(block).byte(Op.Call).unsigned(called.leave);
  writeAfterCall(code, block, called.globals);
  if (results.length > 0) code.byte(Op.LocalGet).unsigned(result);
  return code.byte(Op.End).bytes;
}

/** The function that stands in the place of memset(address, value, bytes): it tells what is cleared before it is. */
export function memsetBody(
  original: number,
  { zeroes, clear }: Record<"zeroes" | "clear", number>,
): Uint8Array {
  const [address, value, bytes] = [0, 1, 2];
  const code = new BinaryWriter().unsigned(0);
  const get = (...locals: number[]) => {
    for (const local of locals) code.byte(Op.LocalGet).unsigned(local);
    return code;
  };
  get(value).byte(Op.I32Const).s32(255).byte(Op.I32And, Op.I32Eqz, Op.If, VOID);
  get(address, bytes, address, bytes).byte(Op.Call).unsigned(zeroes).byte(Op.Call).unsigned(clear);
  code.byte(Op.End);
  return get(address, value, bytes).byte(Op.Call).unsigned(original).byte(Op.End).bytes;
}

/** Puts into a local the block that the function gave: its result, or what it wrote where it was told to. */
function writeBlock(code: BinaryWriter, { resultAt }: Form, result: number, block: number): void {
  if (resultAt === undefined) {
    code.byte(Op.LocalGet).unsigned(result).byte(Op.LocalSet).unsigned(block);
    return;
  }
  code.byte(Op.LocalGet).unsigned(result).byte(Op.I32Eqz, Op.If, VOID);
  code.byte(Op.LocalGet).unsigned(resultAt).byte(Op.I32Load, 2, 0, Op.LocalSet).unsigned(block);
  code.byte(Op.End);
}

function writeValue(code: BinaryWriter, value: number | typeof ONE | undefined): void {
  if (value === undefined) code.byte(Op.I32Const, 0);
  else if (value === ONE) code.byte(Op.I32Const, 1);
  else code.byte(Op.LocalGet).unsigned(value);
}
