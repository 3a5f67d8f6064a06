import { describe, expect, it } from "vitest";
import { TraceError } from "../../src/base/errors.js";
import { CHUNK_RECORDS, MAX_BYTES, TraceEncoder } from "../../src/trace/encode.js";
import { RECORD_BYTES, TraceRecords } from "../../src/trace/records.js";
import type { TraceChunk } from "../../src/trace/trace.js";
import { formatOperation } from "../../src/trace/write.js";

function linesOf({ records, count }: TraceChunk): string[] {
  const operations = new TraceRecords(records);
  return Array.from({ length: count }, (_, index) => formatOperation(operations, index));
}

function withObject(bytes = 100): TraceEncoder {
  const encoder = new TraceEncoder();
  encoder.line = 7;
  encoder.malloc(5, bytes);
  return encoder;
}

describe("the encoder", () => {
  it("writes little-endian records of 24 bytes", () => {
    const encoder = new TraceEncoder();
    encoder.malloc(900, 1);
    encoder.calloc(901, 3, 0x1234_5678_9abc);
    const { records, count } = encoder.take();
    expect(count).toBe(2);
    expect(records).toHaveLength(2 * RECORD_BYTES);
    expect([...records.subarray(RECORD_BYTES)]).toEqual(
      [
        [1, 0, 0, 0],
        [1, 0, 0, 0],
        [3, 0, 0, 0, 0, 0, 0, 0],
        [0xbc, 0x9a, 0x78, 0x56, 0x34, 0x12, 0, 0],
      ].flat(),
    );
  });

  it("writes every operation with its slot, also at the limits", () => {
    const encoder = new TraceEncoder();
    encoder.malloc(10, MAX_BYTES);
    encoder.calloc(20, MAX_BYTES, MAX_BYTES);
    encoder.aligned(30, 2 ** 47, 0);
    encoder.aligned(40, 1, 8);
    encoder.write(10, MAX_BYTES - 1, 1);
    encoder.read(20, MAX_BYTES, MAX_BYTES);
    encoder.realloc(30, 64);
    encoder.write(30, 64, 0);
    encoder.free(20);
    encoder.malloc(50, 0);
    expect(linesOf(encoder.take())).toEqual([
      "a 0 140737488355328",
      "c 1 140737488355328 140737488355328",
      "m 2 140737488355328 0",
      "m 3 1 8",
      "w 0 140737488355327 1",
      "l 1 140737488355328 140737488355328",
      "r 2 64",
      "w 2 64 0",
      "f 1",
      "a 1 0",
    ]);
  });

  it("follows an object to its new key, in the same slot", () => {
    const encoder = withObject();
    encoder.realloc(5, 200, 6);
    encoder.write(6, 100, 100);
    encoder.malloc(5, 1);
    encoder.free(6);
    expect(linesOf(encoder.take())).toEqual(["a 0 100", "r 0 200", "w 0 100 100", "a 1 1", "f 0"]);
  });

  it("uses one buffer for all chunks, and is full at 4,096 records", () => {
    const encoder = new TraceEncoder();
    for (let n = 0; n < CHUNK_RECORDS; n++) {
      expect(encoder.full).toBe(false);
      encoder.malloc(n, n);
    }
    expect(encoder.full).toBe(true);
    const first = encoder.take();
    expect([first.count, encoder.count, encoder.full]).toEqual([4096, 0, false]);
    encoder.free(0);
    expect(encoder.take().records.buffer).toBe(first.records.buffer);
    expect(encoder.take().count).toBe(0);
  });

  it.each<[string, (encoder: TraceEncoder) => void, string]>([
    ["free of an unknown key", (e) => e.free(6), "id 6 is not live: it was not allocated, or was freed"],
    ["realloc of one", (e) => e.realloc(6, 1), "id 6 is not live"],
    ["write to one", (e) => e.write(6, 0, 1), "id 6 is not live"],
    ["read of one", (e) => e.read(6, 0, 1), "id 6 is not live"],
    ["malloc of a live key", (e) => e.malloc(5, 1), "id 5 is allocated while it is live"],
    ["calloc of one", (e) => e.calloc(5, 1, 1), "id 5 is allocated while it is live"],
    ["aligned of one", (e) => e.aligned(5, 8, 1), "id 5 is allocated while it is live"],
    ["write outside", (e) => e.write(5, 99, 2), "offset 99 + 2 bytes is outside id 5, which has 100 bytes"],
    ["read outside", (e) => e.read(5, 101, 0), "offset 101 + 0 bytes is outside id 5, which has 100 bytes"],
    ["negative bytes", (e) => e.malloc(6, -1), "bytes must be a whole number of at most 2^47, not -1"],
    ["a fraction", (e) => e.malloc(6, 1.5), "bytes must be a whole number of at most 2^47, not 1.5"],
    ["NaN", (e) => e.realloc(5, Number.NaN), "bytes must be a whole number of at most 2^47, not NaN"],
    ["too much", (e) => e.malloc(6, 2 ** 47 + 1), "bytes must be a whole number of at most 2^47"],
    ["too many", (e) => e.calloc(6, 2 ** 48, 1), "count must be a whole number of at most 2^47"],
    ["too much of many", (e) => e.calloc(6, 1, Infinity), "bytes must be a whole number of at most 2^47"],
    ["too far", (e) => e.write(5, 2 ** 48, 1), "offset must be a whole number of at most 2^47"],
    ["alignment 0", (e) => e.aligned(6, 0, 1), "align must be a power of two, not 0"],
    ["alignment 48", (e) => e.aligned(6, 48, 1), "align must be a power of two, not 48"],
    ["alignment 2^32 + 1", (e) => e.aligned(6, 2 ** 32 + 1, 1), "align must be a power of two"],
    ["alignment 3 * 2^40", (e) => e.aligned(6, 3 * 2 ** 40, 1), "align must be a power of two"],
    ["alignment 2^48", (e) => e.aligned(6, 2 ** 48, 1), "align must be a whole number of at most 2^47"],
  ])("refuses %s, with the line, and is as before", (_, operation, message) => {
    const encoder = withObject();
    expect(() => operation(encoder)).toThrow(TraceError);
    expect(() => operation(encoder)).toThrow(`line 7: ${message}`);
    expect([encoder.liveCount, encoder.slotCount, encoder.count]).toEqual([1, 1, 1]);
    encoder.write(5, 0, 100);
    encoder.malloc(6, 1);
    expect(linesOf(encoder.take())).toEqual(["a 0 100", "w 0 0 100", "a 1 1"]);
  });

  it("refuses a new key that another live object has", () => {
    const encoder = withObject();
    encoder.malloc(6, 1);
    expect(() => encoder.realloc(5, 200, 6)).toThrow("line 7: id 6 is allocated while it is live");
    encoder.write(5, 99, 1);
  });

  it("checks a range against the size asked for last", () => {
    const encoder = withObject();
    encoder.realloc(5, 10);
    expect(() => encoder.write(5, 0, 11)).toThrow("which has 10 bytes");
    encoder.calloc(6, 3, 7);
    encoder.write(6, 20, 1);
    expect(() => encoder.write(6, 20, 2)).toThrow("which has 21 bytes");
  });

  it("names objects as it was told to", () => {
    const encoder = new TraceEncoder((key) => `address ${key}`);
    expect(() => encoder.free(3)).toThrow(/^address 3 is not live/);
  });

  it("runs millions of operations with ever new ids in the slots of the few alive", () => {
    const encoder = new TraceEncoder();
    for (let id = 0; id < 3_000_000; id++) {
      encoder.malloc(id, 16);
      if (id >= 10) encoder.free(id - 10);
      if (encoder.count > CHUNK_RECORDS - 2) encoder.take();
    }
    expect([encoder.slotCount, encoder.liveCount]).toEqual([11, 10]);
  });
});
