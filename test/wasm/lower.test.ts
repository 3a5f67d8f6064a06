/** Modules with 64-bit addresses, lowered, do what they do with them: against twins with 32 bits, and case by case. */
import binaryen from "assemblyscript/binaryen";
import { describe, expect, it } from "vitest";
import { meterModule } from "../../src/meter/meter.js";
import { Meter } from "../../src/meter/reading.js";
import { readExport } from "../../src/wasm/externs.js";
import { isWide, lower } from "../../src/wasm/lower/lower.js";
import { BinaryReader } from "../../src/wasm/reader.js";
import { SectionId, Sections } from "../../src/wasm/sections.js";
import { BinaryWriter } from "../../src/wasm/writer.js";
import { RandomProgram } from "../meter/random-program.js";
import { Random } from "../random.js";
import { assemble } from "./assemble.js";

const text = (source: string) => assemble(source, binaryen.Features.All);
const instantiate = (wasm: Uint8Array<ArrayBuffer>, imports?: WebAssembly.Imports) =>
  new WebAssembly.Instance(new WebAssembly.Module(wasm), imports).exports as Exports;
const lowered = (source: string, imports?: WebAssembly.Imports) => instantiate(lower(text(source)), imports);

type Exports = Record<string, (...values: (number | bigint)[]) => number | bigint> & {
  memory: WebAssembly.Memory;
};

const PROGRAMS = 40;

it("random programs compute, touch and clear the same as with 32 bits", async () => {
  for (let seed = 1; seed <= PROGRAMS; seed++) {
    const [narrow, wide] = [false, true].map((isWide) =>
      text(new RandomProgram(new Random(seed), isWide).module()),
    ) as [Uint8Array<ArrayBuffer>, Uint8Array<ArrayBuffer>];
    expect([isWide(narrow), isWide(wide)]).toEqual([false, true]);
    const outcomes = [narrow, lower(wide)].map(async (wasm) => {
      const metered = await meterModule(wasm, { zeroStores: true });
      const { run, memory } = instantiate(metered.wasm);
      const meter = new Meter(metered, memory);
      const results = [0, 1, 2].map((i) => (run as Exports[string])(i, seed));
      return { results, reading: meter.reading(), memory: Buffer.from(memory.buffer, metered.base) };
    });
    const [one, other] = await Promise.all(outcomes);
    expect(other?.results, `seed ${seed}`).toEqual(one?.results);
    expect(other?.reading, `seed ${seed}`).toEqual(one?.reading);
    expect(Buffer.compare(other?.memory as Buffer, one?.memory as Buffer), `seed ${seed}`).toBe(0);
  }
});

describe("a memory of 64-bit addresses", () => {
  const MODULE = `(module (memory (export "memory") i64 1 3) (data $d "zero") (data (i64.const 16) "page")
    (func (export "load") (param i64) (result i32) (i32.load (local.get 0)))
    (func (export "far") (param i64) (result i32) (i32.load offset=0xfffffffc (local.get 0)))
    (func (export "farther") (param i64) (result i32) (i32.load offset=0x100000000 (local.get 0)))
    (func (export "store") (param i64 i64) (i64.store offset=8 (local.get 0) (local.get 1)))
    (func (export "vector") (param i64) (result i64)
      (v128.store64_lane 1 (local.get 0) (v128.const i64x2 5 6)) (i64.load (local.get 0)))
    (func (export "swap") (param i64) (result i64)
      (i64.atomic.rmw.cmpxchg (local.get 0) (i64.const 0) (i64.const 9)))
    (func (export "fill") (param i64 i64) (memory.fill (local.get 0) (i32.const 7) (local.get 1)))
    (func (export "copy") (param i64 i64 i64) (memory.copy (local.get 0) (local.get 1) (local.get 2)))
    (func (export "init") (param i64) (memory.init $d (local.get 0) (i32.const 0) (i32.const 4)))
    (func (export "size") (result i64) (memory.size))
    (func (export "grow") (param i64) (result i64) (memory.grow (local.get 0))))`;
  const END = 65_536n;
  const BEYOND = [END - 3n, 2n ** 32n, 2n ** 32n + 16n, 2n ** 63n, -1n, -4n];

  it("is accessed where it is there", () => {
    const { load, store, vector, swap, fill, copy, init } = lowered(MODULE) as Exports;
    expect(load?.(16n)).toBe(0x65676170);
    store?.(64n, -2n);
    expect(load?.(76n)).toBe(-1);
    expect(vector?.(256n)).toBe(6n);
    expect(swap?.(128n)).toBe(0n);
    expect(swap?.(128n)).toBe(9n);
    copy?.(100n, 16n, 4n);
    expect(load?.(100n)).toBe(0x65676170);
    fill?.(100n, 3n);
    expect(load?.(100n)).toBe(0x65070707);
    init?.(END - 4n);
    expect(load?.(END - 4n)).toBe(0x6f72657a);
  });

  it.each(["load", "far", "farther", "vector", "swap", "init"])("%s traps where it is not", (name) => {
    const access = lowered(MODULE)[name] as Exports[string];
    for (const address of BEYOND) expect(() => access(address), String(address)).toThrow(/bounds|unaligned/);
  });

  it("traps where an offset or a length goes beyond it", () => {
    const { far, farther, store, fill, copy } = lowered(MODULE) as Exports;
    for (const address of [0n, 4n]) {
      expect(() => far?.(address)).toThrow(/bounds/);
      expect(() => farther?.(address)).toThrow(/bounds/);
    }
    expect(() => store?.(END - 15n, 0n)).toThrow(/bounds/);
    expect(() => store?.(-8n, 0n)).toThrow(/bounds/);
    for (const bytes of BEYOND) {
      expect(() => fill?.(8n, bytes)).toThrow(/bounds/);
      expect(() => copy?.(8n, 0n, bytes)).toThrow(/bounds/);
      expect(() => copy?.(0n, bytes, 4n)).toThrow(/bounds/);
    }
    fill?.(END, 0n);
    expect(() => fill?.(END + 1n, 0n)).toThrow(/bounds/);
    expect(() => fill?.(2n ** 32n, 0n)).toThrow(/bounds/);
  });

  it("tells its size, and grows to its limit", () => {
    const { size, grow } = lowered(MODULE) as Exports;
    expect([size?.(), grow?.(1n), size?.()]).toEqual([1n, 1n, 2n]);
    for (const pages of [2n, 2n ** 32n, 2n ** 32n + 1n, -1n]) expect(grow?.(pages)).toBe(-1n);
    expect(grow?.(1n)).toBe(2n);
  });

  it("has no last page, and is refused where it begins with it", () => {
    const { memory } = lowered('(module (memory (export "memory") i64 0))') as Exports;
    expect(() => memory.grow(65_536)).toThrow(RangeError);
    expect(() => lower(text("(module (memory i64 65536))"))).toThrow("begins with 4 GiB or more");
    expect(() => lower(text('(module (memory i64 1) (data (i64.const 0x100000000) "a"))'))).toThrow(
      "a segment begins at 4294967296",
    );
    expect(() => lower(text("(module (memory i64 1) (memory i64 1))"))).toThrow("several memories");
  });
});

describe("a table of 64-bit indices", () => {
  const MODULE = `(module (memory (export "memory") 1) (table $t i64 2 9 funcref) (table $u 2 funcref)
    (type $give (func (result i32)))
    (elem (table $t) (i64.const 1) func $one)
    (elem $e func $one $two)
    (func $one (result i32) (i32.const 1)) (func $two (result i32) (i32.const 2))
    (func (export "call") (param i64) (result i32) (call_indirect $t (type $give) (local.get 0)))
    (func (export "tail") (param i64) (result i32) (return_call_indirect $t (type $give) (local.get 0)))
    (func (export "isNull") (param i64) (result i32) (ref.is_null (table.get $t (local.get 0))))
    (func (export "set") (param i64) (table.set $t (local.get 0) (ref.func $two)))
    (func (export "size") (result i64) (table.size $t))
    (func (export "grow") (param i64) (result i64) (table.grow $t (ref.func $two) (local.get 0)))
    (func (export "fill") (param i64 i64) (table.fill $t (local.get 0) (ref.func $two) (local.get 1)))
    (func (export "copy") (param i64 i64 i64) (table.copy $t $t (local.get 0) (local.get 1) (local.get 2)))
    (func (export "from") (param i64 i32 i32) (table.copy $t $u (local.get 0) (local.get 1) (local.get 2)))
    (func (export "to") (param i32 i64 i32) (table.copy $u $t (local.get 0) (local.get 1) (local.get 2)))
    (func (export "init") (param i64) (table.init $t $e (local.get 0) (i32.const 0) (i32.const 2)))
    (func (export "callOther") (param i32) (result i32) (call_indirect $u (type $give) (local.get 0))))`;

  it("does what one of 32-bit indices does", () => {
    const { call, tail, isNull, set, size, grow, fill, copy, from, to, init, callOther } = lowered(MODULE);
    expect([call?.(1n), tail?.(1n), isNull?.(0n), isNull?.(1n)]).toEqual([1, 1, 1, 0]);
    set?.(0n);
    expect(call?.(0n)).toBe(2);
    expect([size?.(), grow?.(4n), size?.(), call?.(5n)]).toEqual([2n, 2n, 6n, 2]);
    init?.(4n);
    expect([call?.(4n), call?.(5n)]).toEqual([1, 2]);
    copy?.(0n, 4n, 1n);
    to?.(1, 4n, 1);
    expect([call?.(0n), callOther?.(1)]).toEqual([1, 1]);
    fill?.(0n, 3n);
    from?.(2n, 1, 1);
    expect([call?.(0n), call?.(2n)]).toEqual([2, 1]);
  });

  it("traps beyond its end, and does not grow beyond its limit", () => {
    const { call, isNull, set, grow, fill, copy, init } = lowered(MODULE);
    for (const index of [2n, 2n ** 32n, 2n ** 32n + 1n, -1n]) {
      for (const access of [call, isNull, set, init]) expect(() => access?.(index)).toThrow(/bounds/);
      expect(() => fill?.(index, 1n)).toThrow(/bounds/);
      expect(() => fill?.(1n, index)).toThrow(/bounds/);
      expect(() => copy?.(0n, 1n, index)).toThrow(/bounds/);
    }
    for (const count of [8n, 2n ** 32n, -1n]) expect(grow?.(count)).toBe(-1n);
  });
});

describe("segments whose places are not constant", () => {
  const MODULE = `(module (import "env" "base" (global $base i64))
    (memory (export "memory") i64 1) (table $t i64 4 funcref)
    (data (i64.const 8) "before") (data (offset (i64.add (global.get $base) (i64.const 2))) "bytes") (data "passive")
    (elem (table $t) (i64.const 0) func $one) (elem (table $t) (global.get $base) func $two)
    (func $one (result i32) (i32.const 1)) (func $two (result i32) (i32.const 2))
    (global $seen (export "seen") (mut i32) (i32.const 0))
    (start $begin) (func $begin (global.set $seen (i32.load8_u (i64.const 5))))
    (func (export "at") (param i64) (result i32) (i32.load8_u (local.get 0)))
    (func (export "call") (param i64) (result i32) (call_indirect $t (result i32) (local.get 0))))`;
  const open = (base: bigint) =>
    lowered(MODULE, { env: { base: new WebAssembly.Global({ value: "i64" }, base) } });

  it("are placed before the start function runs", () => {
    const { at, call, seen } = open(3n) as Exports & { seen: WebAssembly.Global };
    expect(seen.value).toBe("b".charCodeAt(0));
    expect([at?.(8n), at?.(9n), at?.(10n)].map((code) => String.fromCharCode(Number(code))).join("")).toBe(
      "esf",
    );
    expect([call?.(0n), call?.(3n)]).toEqual([1, 2]);
  });

  it("trap where they would be outside", () => {
    expect(() => open(2n ** 32n)).toThrow(WebAssembly.RuntimeError);
    expect(() => open(4n)).toThrow(WebAssembly.RuntimeError);
  });
});

describe("functions that are exported with 32-bit addresses", () => {
  it("take and give the lower numbers", () => {
    const wasm = text(`(module (memory (export "memory") i64 1)
      (func (export "twice") (param i64 i32 f64) (result i64) (i64.add (local.get 0) (local.get 0)))
      (func (export "other") (param i64) (result i64) (local.get 0)))`);
    const { twice, other } = instantiate(lower(wasm, ["twice"]));
    expect(twice?.(21, 0, 0)).toBe(42);
    // No address: -1, as 2^64 - 1 is where addresses have 64 bits.
    expect(twice?.(-1, 0, 0)).toBe(-1);
    expect(other?.(5n)).toBe(5n);
  });
});

describe("what is not valid", () => {
  const VOID = [1, 4, 1, 0x60, 0, 0];
  const module = (...code: number[]) => {
    const body = [0, ...code, 0x0b];
    const parts = [VOID, [3, 2, 1, 0], [5, 3, 1, 4, 1], [10, body.length + 2, 1, body.length, ...body]];
    return new Uint8Array([0, 0x61, 0x73, 0x6d, 1, 0, 0, 0, ...parts.flat()]);
  };

  it.each([
    ["a load at 32 bits", [0x41, 0, 0x28, 2, 0, 0x1a]],
    ["a load beyond 4 GiB at 32 bits", [0x41, 0, 0x28, 2, 0x80, 0x80, 0x80, 0x80, 0x10, 0x1a]],
    ["a store at 32 bits", [0x41, 0, 0x41, 0, 0x36, 2, 0]],
    ["a store of another type", [0x42, 0, 0x42, 0, 0x36, 2, 0]],
    ["a fill of 32 bits", [0x42, 0, 0x41, 0, 0x41, 0, 0xfc, 11, 0]],
    ["a fill at 32 bits", [0x41, 0, 0x41, 0, 0x42, 0, 0xfc, 11, 0]],
    ["a copy from 32 bits", [0x42, 0, 0x41, 0, 0x42, 0, 0xfc, 10, 0, 0]],
    ["a growth by 32 bits", [0x41, 0, 0x40, 0, 0x1a]],
    ["a size of 32 bits", [0x3f, 0, 0x41, 0, 0x6a, 0x1a]],
    ["too great an alignment", [0x42, 0, 0x28, 3, 0, 0x1a]],
  ])("does not become it: %s", (_, code) => {
    expect(WebAssembly.validate(lower(module(...(code as number[]))))).toBe(false);
  });

  it("a load at 64 bits is valid", () => {
    expect(WebAssembly.validate(lower(module(0x42, 0, 0x28, 2, 0, 0x1a)))).toBe(true);
  });

  it("an offset of more than 64 bits", () => {
    const offset = [...Array<number>(9).fill(0xff), 0x02];
    expect(() => lower(module(0x42, 0, 0x28, 2, ...offset, 0x1a))).toThrow("a number exceeds 64 bits");
  });

  it.each([
    ["a place of 32 bits", [0x41, 0]],
    ["a place that is computed", [0x3f, 0]],
  ])("%s of a segment", (_, place) => {
    const sections = new Sections(text("(module (memory i64 1))"));
    sections.set(SectionId.data, new Uint8Array([1, 0, ...(place as number[]), 0x0b, 1, 65]));
    const wasm = sections.toBytes();
    let isValid = true;
    try {
      isValid = WebAssembly.validate(lower(wasm));
    } catch (error) {
      expect(String(error)).toContain("the place of a segment is not constant");
      isValid = false;
    }
    expect(isValid).toBe(false);
  });
});

it("numbers of 64 bits are read as they were written", () => {
  for (const value of [0n, 63n, 64n, -1n, 2n ** 62n, 2n ** 63n - 1n, -(2n ** 63n), 0x1234_5678_9abc_def0n]) {
    const reader = new BinaryReader(new BinaryWriter().s64(value).bytes);
    expect(reader.s64()).toBe(BigInt.asUintN(64, value));
    expect(reader.done).toBe(true);
  }
  expect(() => new BinaryReader(new Uint8Array([...Array<number>(9).fill(0x80), 0x01])).s64()).toThrow(
    "exceeds 64",
  );
});

it("what nothing wide is in stays as it is", () => {
  const wasm = text('(module (memory (export "memory") 1) (func (export "f") (param i64)))');
  expect(isWide(wasm)).toBe(false);
  expect(new Sections(wasm).vector(SectionId.export, readExport).length).toBe(2);
});
