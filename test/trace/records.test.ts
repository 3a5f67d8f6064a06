import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  bytesAsked,
  FIELD_WORD,
  OpKind,
  RECORD_BYTES,
  RECORD_WORDS,
  sliceRecords,
  TraceRecords,
} from "../../src/trace/records.js";

const OPERATION = fc.record({
  kind: fc.constantFrom(...Object.values(OpKind)),
  slot: fc.nat(2 ** 31 - 1).map((n) => 2 * n),
  first: fc.maxSafeNat(),
  second: fc.maxSafeNat(),
});

describe("records", () => {
  it("read back as they were written, wherever their bytes begin", () => {
    fc.assert(
      fc.property(fc.array(OPERATION), fc.nat(7), (operations, offset) => {
        const bytes = new Uint8Array(offset + RECORD_BYTES * operations.length).subarray(offset);
        const records = new TraceRecords(bytes);
        for (const [i, { kind, slot, first, second }] of operations.entries())
          records.write(i, kind, slot, first, second);
        expect(records.count).toBe(operations.length);
        expect(operations.map((_, i) => records.read(i))).toEqual(operations);
      }),
    );
  });

  it("are little-endian, their fields where the words are said to be", () => {
    const bytes = new Uint8Array(3 * RECORD_BYTES);
    new TraceRecords(bytes).write(1, OpKind.aligned, 7, 2 ** 40 + 8, 0x01020304);
    const words = new Uint32Array(sliceRecords(bytes, 1, 2).slice().buffer);
    expect(words).toHaveLength(RECORD_WORDS);
    expect(Object.values(FIELD_WORD).map((at) => words[at])).toEqual([OpKind.aligned, 7, 8, 0x01020304]);
    expect([...bytes.subarray(RECORD_BYTES + 16, RECORD_BYTES + 20)]).toEqual([4, 3, 2, 1]);
    expect(bytes.subarray(0, RECORD_BYTES).every((byte) => byte === 0)).toBe(true);
  });

  it.each([
    ["malloc", 5],
    ["calloc", 35],
    ["aligned", 7],
    ["realloc", 7],
  ] as const)("of %s ask for bytes as its arguments say", (name, bytes) => {
    expect(bytesAsked(OpKind[name], 5, 7)).toBe(bytes);
  });
});
