import asc from "assemblyscript/asc";
import { expect, it } from "vitest";
import { assemble } from "./assemble.js";

it("makes the same of a text before and after the compiler ran in the process", async () => {
  const text = `(module (func (export "f") (result i32) (nop) (nop) (i32.const 1)))`;
  const before = assemble(text);
  await asc.compileString("export function f(): i32 { return 1; }", { runtime: "stub", optimizeLevel: 3 });
  expect(assemble(text)).toEqual(before);
});
