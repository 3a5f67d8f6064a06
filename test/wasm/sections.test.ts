import { describe, expect, it } from "vitest";
import { readFunctions, writeFunctions } from "../../src/wasm/functions.js";
import { SectionId, Sections } from "../../src/wasm/sections.js";
import { BinaryWriter } from "../../src/wasm/writer.js";
import { assemble } from "./assemble.js";
import { built, bytesOf } from "./built.js";

/** Numbers of sections in a module's order, read without the toolkit: none here is larger than 127 bytes. */
function order(wasm: Uint8Array): number[] {
  const found = [];
  for (let at = 8; at < wasm.length; at += 2 + (wasm[at + 1] as number)) found.push(wasm[at] as number);
  return found;
}

it.each(built)("$name, written again, is the same to the engine", ({ bytes }) => {
  const again = new Sections(bytes).toBytes();
  expect(new Sections(again).toBytes()).toEqual(again);
  const [before, after] = [bytes, again].map((wasm) => new WebAssembly.Module(wasm as BufferSource));
  for (const list of [WebAssembly.Module.exports, WebAssembly.Module.imports]) {
    expect(list(after as WebAssembly.Module)).toEqual(list(before as WebAssembly.Module));
  }
});

it.each(built)("$name has its functions written as they were read", ({ bytes }) => {
  const sections = new Sections(bytes);
  const before = sections.toBytes();
  const { types, typeIndices, bodies } = readFunctions(sections);
  writeFunctions(sections, {
    types,
    typeIndices,
    bodies: bodies.map((body) => body.bytes.subarray(body.offset, body.end)),
  });
  expect(Buffer.compare(sections.toBytes(), before)).toBe(0);
});

describe("a section", () => {
  const text = '(module (memory (export "memory") 1) (data (i32.const 8) "text") (func (export "f")))';

  it("that is new is put where it belongs", () => {
    const sections = new Sections(assemble(text));
    expect(order(sections.toBytes())).toEqual([1, 3, 5, 7, 12, 10, 11]);
    sections.set(SectionId.start, new BinaryWriter().unsigned(0).bytes);
    const wasm = sections.toBytes();
    expect(order(wasm)).toEqual([1, 3, 5, 7, 8, 12, 10, 11]);
    expect(WebAssembly.validate(wasm)).toBe(true);
  });

  it("that is there is replaced", () => {
    const sections = new Sections(assemble(text));
    sections.set(SectionId.memory, new Uint8Array([1, 1, 1, 9]));
    const { memory } = new WebAssembly.Instance(new WebAssembly.Module(sections.toBytes())).exports;
    expect((memory as WebAssembly.Memory).grow(8)).toBe(1);
    expect(() => (memory as WebAssembly.Memory).grow(1)).toThrow(RangeError);
  });

  it("that is missing has no entries", () => {
    const sections = new Sections(assemble(text));
    expect(sections.get(SectionId.import)).toBeNull();
    expect(sections.vector(SectionId.import, (reader) => reader.byte())).toEqual([]);
  });
});

it("custom sections are left out by name", () => {
  const sections = new Sections(bytesOf("web-tree-sitter"));
  const names = () => sections.custom().map(({ name }) => name);
  expect(names()).toContain("dylink.0");
  const before = names().length;
  sections.removeCustom("dylink.0");
  expect(names()).toHaveLength(before - 1);
  expect(names()).not.toContain("dylink.0");
});
