import asc from "assemblyscript/asc";
import { expect, it } from "vitest";
import { assemble } from "./assemble.js";

it.each([
  { runtime: "stub", optimizeLevel: 3 },
  { runtime: "stub", optimizeLevel: 3, debug: true },
])("makes the same of a text before and after the compiler ran in the process, with %o", async (options) => {
  const text = `(module (func $named (export "f") (result i32) (nop) (nop) (i32.const 1)))`;
  const before = assemble(text);
  await asc.compileString("export function f(): i32 { return 1; }", options as asc.CompilerOptions);
  expect(assemble(text)).toEqual(before);
});
