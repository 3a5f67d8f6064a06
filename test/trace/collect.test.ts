import { describe, expect, it } from "vitest";
import { collectTrace } from "../../src/trace/collect.js";
import { readTrace } from "../../src/trace/read.js";
import { RECORD_BYTES } from "../../src/trace/records.js";
import { operationsOf } from "./helpers.js";

describe("collecting a trace", () => {
  it.each([0, 1, 4095, 4096, 4097, 20_001])("gives all of %i operations in one array", async (count) => {
    const lines = Array.from({ length: count }, (_, n) => (n % 2 === 0 ? `a 0 ${n}` : "f 0"));
    const collected = await collectTrace(await readTrace(lines.join("\n")));
    expect(collected.count).toBe(count);
    expect(collected.records).toHaveLength(count * RECORD_BYTES);
    expect(collected.records.buffer.byteLength).toBe(count * RECORD_BYTES);
    expect(operationsOf(collected)).toEqual(lines);
    expect(collected.notes.format).toBe("text");
  });

  it("throws what reading throws", async () => {
    await expect(collectTrace(await readTrace("a 0 1\nf 1\n"))).rejects.toThrow("line 2: id 1 is not live");
  });
});
