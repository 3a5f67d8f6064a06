import binaryen from "assemblyscript/binaryen";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ModuleError } from "../../src/index.js";
import { inspectModule, MOST_MODULE_BYTES } from "../../src/wasm/inspect.js";
import { assemble } from "./assemble.js";
import { built, bytesOf } from "./built.js";

const HEADER = [0, 0x61, 0x73, 0x6d, 1, 0, 0, 0];
const names = <T extends { name: string; kind: string }>(list: readonly T[]) =>
  list.map(({ name, kind }) => ({ name, kind }));

describe("a module that is sound", () => {
  it.each(built)("$name: shows what the engine says it has", ({ bytes }) => {
    const compiled = new WebAssembly.Module(bytes as BufferSource);
    const shape = inspectModule(bytes);
    expect(names(shape.exports)).toEqual(names(WebAssembly.Module.exports(compiled)));
    expect(shape.imports.map(({ module, name, kind }) => ({ module, name, kind }))).toEqual(
      WebAssembly.Module.imports(compiled),
    );
    for (const { type, kind } of shape.exports) if (kind === "function") expect(type).toBeDefined();
  });

  it("tells types of functions, limits of memory, and what position independent code wants", () => {
    const types = Object.fromEntries(
      inspectModule(bytesOf("oxipng")).exports.map(({ name, type }) => [name, type]),
    );
    expect(types.__wbindgen_free).toEqual({ params: ["i32", "i32", "i32"], results: [] });
    const tree = inspectModule(bytesOf("web-tree-sitter"));
    expect(tree.imports.find(({ kind }) => kind === "memory")?.limits).toMatchObject({
      initial: 512,
      shared: false,
    });
    expect(tree.relocatable?.memoryBytes).toBeGreaterThan(1000);
    expect(tree.customSections).toContain("dylink.0");
    expect(inspectModule(bytesOf("starting")).hasStart).toBe(true);
  });

  it("tells a type apart from what stands behind it, also where it is a reference of two numbers", () => {
    const text = `(module (import "env" "f" (func (param (ref extern) i32) (result i64)))
      (import "env" "t" (table 3 9 (ref null $type))) (type $type (func))
      (import "env" "g" (global (mut f64))))`;
    const { imports } = inspectModule(
      assemble(text, binaryen.Features.ReferenceTypes | binaryen.Features.GC),
    );
    const [f, t, g] = ["f", "t", "g"].map((name) => imports.find((one) => one.name === name));
    expect(f?.type).toEqual({ params: ["other", "i32"], results: ["i64"] });
    expect(t?.limits).toEqual({ initial: 3, maximum: 9, shared: false, wide: false });
    expect(g?.global).toEqual({ type: "f64", mutable: true });
  });
});

it.each([
  ["every export", "(call $begin)", "(call $begin)", true],
  ["malloc and free only", "(call $begin)", "", false],
  ["every export, later on", "(nop) (call $begin)", "(nop) (call $begin)", false],
  ["every export another", "(call $begin)", "(call $other)", false],
  ["every export one that gives something", "(drop (call $get))", "(drop (call $get))", false],
])(
  "constructors run on each call where a function is called first by %s: %s, %s",
  (_, first, last, expected) => {
    const shape = inspectModule(
      assemble(`(module (memory (export "memory") 1)
      (func $begin (i32.store (i32.const 0) (i32.const 1)))
      (func $other (i32.store (i32.const 0) (i32.const 2)))
      (func $get (result i32) (i32.const 0))
      (func (export "malloc") (param i32) (result i32) (local i64 f32) ${first} (i32.const 64))
      (func (export "free") (param i32) ${first})
      (func (export "version") (result i32) ${last} (i32.const 7)))`),
    );
    expect(shape.isRestarting).toBe(expected);
  },
);

describe("a module that is not", () => {
  it.each<[string, number[], string, number]>([
    ["a page", [...new TextEncoder().encode("<!doctype html>")], "does not begin with \\0asm", 0],
    ["nothing", [], "does not begin with", 0],
    ["a component", [...HEADER.slice(0, 4), 13, 0, 1, 0], "take it out of its component", 4],
    ["a section that is none", [...HEADER, 99, 0], "no section 99", 8],
    ["a section cut short", [...HEADER, 1, 5, 0], "4 bytes too soon", 10],
    ["a number without end", [...HEADER, 1, ...Array(12).fill(0x80)], "exceeds 32 bits", 9],
    ["a number too large", [...HEADER, 1, 0xff, 0xff, 0xff, 0xff, 0x7f], "exceeds 32 bits", 9],
    ["a list longer than the file", [...HEADER, 1, 3, 0xff, 0xff, 0x3], "too soon", 13],
    [
      "a list longer than an engine takes",
      [...HEADER, 1, 5, 0xff, 0xff, 0xff, 0xff, 0xf],
      "types: engines take 1000000",
      10,
    ],
    ["types of garbage collected objects", [...HEADER, 1, 3, 1, 0x5f, 0], "not a plain function type", 11],
    ["a function of no type", [...HEADER, 3, 2, 1, 7], "a type that is not there", 11],
    ["an export of nothing", [...HEADER, 7, 5, 1, 1, 0x61, 0, 3], 'export "a" names a function', 11],
    ["an import of no kind", [...HEADER, 2, 4, 1, 0, 0, 9], "of no known kind", 13],
  ])("%s is refused at its place", (_, bytes, message, offset) => {
    const inspect = () => inspectModule(new Uint8Array(bytes));
    expect(inspect).toThrow(ModuleError);
    expect(inspect).toThrow(message);
    expect(inspect).toThrow(expect.objectContaining({ offset }));
  });

  it("one that is enormous is refused before it is read", () => {
    expect(() => inspectModule(new Uint8Array(MOST_MODULE_BYTES + 1))).toThrow("at most 268435456 are read");
  });

  it("one that is cut anywhere, or changed anywhere, gives a shape or a ModuleError, soon", () => {
    const whole = bytesOf("as-incremental");
    const cut = fc.nat(whole.length - 1).map((length) => whole.subarray(0, length));
    const changed = fc
      .array(fc.tuple(fc.nat(whole.length - 1), fc.nat(255)), { minLength: 1, maxLength: 8 })
      .map((changes) => {
        const copy = whole.slice();
        for (const [at, value] of changes) copy[at] = value;
        return copy;
      });
    const property = fc.property(fc.oneof(cut, changed), (bytes) => {
      try {
        inspectModule(bytes);
      } catch (error) {
        expect(error).toBeInstanceOf(ModuleError);
      }
    });
    fc.assert(property, { numRuns: 2000, seed: 0x5eed });
  });
});
