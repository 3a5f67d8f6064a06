import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ModuleError } from "../../src/index.js";
import { BinaryReader } from "../../src/wasm/reader.js";
import { BinaryWriter } from "../../src/wasm/writer.js";

const readerOf = (...bytes: number[]) => new BinaryReader(new Uint8Array(bytes));

describe("numbers", () => {
  it.each([
    [0, [0]],
    [127, [0x7f]],
    [128, [0x80, 1]],
    [624_485, [0xe5, 0x8e, 0x26]],
    [2 ** 32 - 1, [0xff, 0xff, 0xff, 0xff, 0x0f]],
  ])("%d is written and read as the specification has it, unsigned", (value, bytes) => {
    expect([...new BinaryWriter().unsigned(value).bytes]).toEqual(bytes);
    expect(readerOf(...bytes).u32()).toBe(value);
    expect(readerOf(...bytes).u64()).toBe(value);
  });

  it.each([
    [-1, [0x7f]],
    [-64, [0x40]],
    [64, [0xc0, 0]],
    [-123_456, [0xc0, 0xbb, 0x78]],
    [-(2 ** 31), [0x80, 0x80, 0x80, 0x80, 0x78]],
  ])("%d is written and read as the specification has it, signed", (value, bytes) => {
    expect([...new BinaryWriter().s32(value).bytes]).toEqual(bytes);
    expect(readerOf(...bytes).s33()).toBe(value);
  });

  it("are read as they were written, and skipped to the same place", () => {
    const unsigned = fc.property(fc.maxSafeNat(), (value) => {
      const { bytes } = new BinaryWriter().unsigned(value).byte(99);
      const [reader, skipping] = [new BinaryReader(bytes), new BinaryReader(bytes)];
      skipping.skipNumber();
      expect([reader.u64(), reader.byte(), skipping.byte()]).toEqual([value, 99, 99]);
    });
    const signed = fc.property(fc.integer(), (value) => {
      expect(new BinaryReader(new BinaryWriter().s32(value).bytes).s33()).toBe(value);
    });
    for (const property of [unsigned, signed])
      fc.assert(property as fc.IProperty<[number]>, { seed: 0x5eed });
  });

  it.each([
    ["of 32 bits", (reader: BinaryReader) => reader.u32(), [0xff, 0xff, 0xff, 0xff, 0x10]],
    ["of 32 bits that goes on", (reader: BinaryReader) => reader.u32(), [...Array(5).fill(0x80), 0]],
    ["of 33 bits", (reader: BinaryReader) => reader.s33(), [...Array(5).fill(0x80), 0]],
    ["of 64 bits", (reader: BinaryReader) => reader.u64(), [...Array(10).fill(0x80), 0]],
  ])("one %s is refused where it begins when it is longer", (_, read, bytes) => {
    const reader = readerOf(7, ...bytes);
    reader.skip(1);
    expect(() => read(reader)).toThrow(ModuleError);
    const again = readerOf(7, ...bytes);
    again.skip(1);
    expect(() => read(again)).toThrow(expect.objectContaining({ offset: 1 }));
  });
});

it("a name keeps a byte order mark, as the engine does", () => {
  expect(readerOf(4, 0xef, 0xbb, 0xbf, 0x61).name()).toBe("\ufeffa");
});

it("a vector is written and read item by item", () => {
  const { bytes } = new BinaryWriter().vector([5, 300, 7], (writer, item) => writer.unsigned(item));
  expect(new BinaryReader(bytes).vector((reader) => reader.u32())).toEqual([5, 300, 7]);
});

it("a part and a fork read the same bytes on their own", () => {
  const reader = readerOf(1, 2, 3, 4);
  const part = reader.part(2);
  expect(part.fork().byte()).toBe(1);
  expect([part.byte(), part.byte(), part.done]).toEqual([1, 2, true]);
  expect(() => part.byte()).toThrow("1 bytes too soon");
  expect(reader.byte()).toBe(3);
});
