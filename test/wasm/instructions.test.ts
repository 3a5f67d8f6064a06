import binaryen from "assemblyscript/binaryen";
import { expect, it } from "vitest";
import { ModuleError } from "../../src/index.js";
import { readFunctions, readLocals } from "../../src/wasm/functions.js";
import { type Instruction, readInstruction } from "../../src/wasm/instructions.js";
import { BULK, Op } from "../../src/wasm/opcodes.js";
import { BinaryReader } from "../../src/wasm/reader.js";
import { Sections } from "../../src/wasm/sections.js";
import { assemble } from "./assemble.js";
import { built } from "./built.js";

const OPENING: readonly number[] = [Op.Block, Op.Loop, Op.If, Op.Try, Op.TryTable];
const CLOSING: readonly number[] = [Op.End, Op.Delegate];

function instructionsOf(body: BinaryReader): Instruction[] {
  readLocals(body);
  const instructions = [];
  while (!body.done) instructions.push(readInstruction(body));
  return instructions;
}

it.each(built)("$name is instructions from end to end, in blocks that close", ({ bytes }) => {
  const { bodies } = readFunctions(new Sections(bytes));
  const wrong = bodies.filter((body) => {
    let [depth, least] = [1, 1];
    for (const { opcode } of instructionsOf(body)) {
      least = Math.min(least, depth);
      if (OPENING.includes(opcode)) depth++;
      if (CLOSING.includes(opcode)) depth--;
    }
    return body.offset !== body.end || depth !== 0 || least < 1;
  });
  expect(wrong).toEqual([]);
});

const MORE =
  binaryen.Features.ExceptionHandling | binaryen.Features.ReferenceTypes | binaryen.Features.TailCall;

/** The opcodes of a function's body, without its end. */
function opcodes(code: string): number[] {
  const wasm = assemble(
    `(module (memory (export "memory") 1) (data $d "data") (table $t 4 funcref) (tag $oops (param i32))
      (func $other (export "other") (param i32) (result i32) (local.get 0))
      (func (export "run") (param i32) (result i32) ${code}))`,
    MORE,
  );
  const run = readFunctions(new Sections(wasm)).bodies[1] as BinaryReader;
  return instructionsOf(run)
    .map(({ opcode }) => opcode)
    .slice(0, -1);
}

const get = Op.LocalGet;

it.each<[string, number[]]>([
  ["(i32.const -2147483648)", [Op.I32Const]],
  ["(drop (i64.const -9223372036854775808)) (local.get 0)", [Op.I64Const, Op.Drop, get]],
  ["(drop (f32.const 1.5)) (local.get 0)", [0x43, Op.Drop, get]],
  ["(drop (f64.const 1.5)) (local.get 0)", [0x44, Op.Drop, get]],
  ["(call $other (local.get 0))", [get, Op.Call]],
  ["(return_call $other (local.get 0))", [get, Op.ReturnCall]],
  [
    "(call_indirect $t (param i32) (result i32) (local.get 0) (i32.const 0))",
    [get, Op.I32Const, Op.CallIndirect],
  ],
  ["(memory.grow (local.get 0))", [get, Op.MemoryGrow]],
  ["(i32x4.extract_lane 3 (v128.const i32x4 1 2 3 4))", [0xfd_000c, 0xfd_001b]],
  ["(i32.load offset=4096 (local.get 0))", [get, Op.I32Load]],
  ["(data.drop $d) (local.get 0)", [Op.DataDrop, get]],
  [
    "(memory.init $d (i32.const 0) (i32.const 0) (i32.const 4)) (local.get 0)",
    [...[Op.I32Const, Op.I32Const, Op.I32Const], Op.MemoryInit, get],
  ],
  ["(table.size $t)", [BULK + 16]],
  ["(ref.is_null (ref.func $other))", [0xd2, 0xd1]],
])("%s is read as what it is", (code, expected) => {
  expect(opcodes(code)).toEqual(expected);
});

it("reads a table of labels, and a block that gives a value", () => {
  const read = opcodes(
    "(block $a (block $b (br_table $a $b $a (local.get 0)))) (block $c (result i32) (br $c (local.get 0)))",
  );
  expect(read).toEqual([Op.Block, Op.Block, get, Op.BrTable, Op.End, Op.End, Op.Block, get, Op.Br, Op.End]);
});

it.each([
  ["that is not known", [0xff], "instruction 0xff is not one the meter knows"],
  ["of garbage collection", [0xfb, 0], "instruction 0xfb0000 is not one"],
  ["that accesses a second memory", [Op.I32Load, 0x42, 1, 0], "a second memory"],
  ["that is cut short", [Op.Call], "1 bytes too soon"],
])("refuses an instruction %s", (_, bytes, message) => {
  const read = () => readInstruction(new BinaryReader(new Uint8Array(bytes)));
  expect(read).toThrow(ModuleError);
  expect(read).toThrow(message);
});
