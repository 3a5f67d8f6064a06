import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { TraceError } from "../../src/base/errors.js";
import { readTrace } from "../../src/trace/read.js";
import { RECORD_BYTES, TraceRecords } from "../../src/trace/records.js";
import { bytesOf, cutAt, fileBytes, gzip, operations, read } from "./helpers.js";

describe("reading a trace", () => {
  it("takes it gzipped in every format", async () => {
    expect(await operations(gzip("a 0 8\nf 0\n"))).toEqual(["a 0 8", "f 0"]);
    expect(await operations(gzip("0\n1\n2\n1\na 0 8\nf 0\n"))).toEqual(["a 0 8", "f 0"]);
    expect(await operations(gzip("--1-- malloc(8) = 0x10\n--1-- free(0x10)\n"))).toEqual(["a 0 8", "f 0"]);
  });

  it("takes the format from its options", async () => {
    await expect(read("0\n1\n0\n1\n", { format: "text" })).rejects.toThrow('line 1: unknown operation "0"');
    await expect(read("a 0 8\n", { format: "rep" })).rejects.toThrow(
      "line 1: the header must have at least two lines",
    );
    expect((await read("words\n", { format: "valgrind" })).count).toBe(0);
    const wrong = { format: "dump" as "text" };
    await expect(readTrace("", wrong)).rejects.toThrow('there is no trace format "dump"');
  });

  it("tells the format before anything is read", async () => {
    expect((await readTrace("0\n1\n0\n1\n")).notes.format).toBe("rep");
  });

  it("takes an empty trace as one with no operations", async () => {
    for (const source of ["", "\n\n", "# nothing\n", "\ufeff", new Uint8Array(0), gzip("")]) {
      const trace = await read(source);
      expect([trace.count, trace.records.length, trace.notes.format]).toEqual([0, 0, "text"]);
    }
  });

  it("refuses what is no trace, and ends its source", async () => {
    let ended = false;
    async function* source() {
      try {
        for (;;) yield bytesOf("what is this?\n".repeat(1000));
      } finally {
        ended = true;
      }
    }
    await expect(readTrace(source())).rejects.toThrow(TraceError);
    expect(ended).toBe(true);
  });

  it("refuses gzip data that is corrupt", async () => {
    const bytes = await fileBytes("../../bench/traces/git-log.txt.gz");
    await expect(read(bytes.slice(0, 200_000))).rejects.toThrow("the gzip data is cut short or corrupt");
    await expect(readTrace(bytes.slice(0, 15))).rejects.toThrow("the gzip data is cut short or corrupt");
  });

  it("is done once", async () => {
    const trace = await readTrace("a 0 8\n");
    for await (const chunk of trace) expect(chunk.count).toBe(1);
    expect(() => trace[Symbol.asyncIterator]()).toThrow("already read, which can be done once");
    const readAgain = async () => {
      for await (const _ of trace) expect.fail("a chunk");
    };
    await expect(readAgain()).rejects.toThrow(TraceError);
  });

  it("gives full chunks but for the last, whatever the source's chunks are", async () => {
    const bytes = bytesOf("a 0 8\nf 0\n".repeat(5000));
    const counts: number[] = [];
    for await (const chunk of await readTrace(cutAt(bytes, 7, 99, 40_000, 40_001))) {
      expect(chunk.records).toHaveLength(chunk.count * RECORD_BYTES);
      counts.push(chunk.count);
    }
    expect(counts).toEqual([4096, 4096, 10_000 - 2 * 4096]);
  });

  it("asks for the source as it goes, and ends it when left early", async () => {
    let given = 0;
    let ended = false;
    async function* source() {
      try {
        for (;;) {
          given++;
          yield bytesOf("a 0 8\nf 0\n".repeat(10_000));
        }
      } finally {
        ended = true;
      }
    }
    let chunks = 0;
    for await (const _ of await readTrace(source())) {
      expect(given).toBeLessThanOrEqual(1 + chunks / 4); // 20,000 operations a piece
      if (++chunks === 20) break;
    }
    expect(ended).toBe(true);
  });

  it("passes on an error of the source as it is", async () => {
    const failure = new Error("the disk is gone");
    async function* source() {
      yield bytesOf("a 0 8\nf 0\n".repeat(10_000));
      throw failure;
    }
    const trace = await readTrace(source());
    const drain = async () => {
      for await (const _ of trace);
    };
    await expect(drain()).rejects.toBe(failure);
  });

  it.each(["text", "rep", "valgrind"] as const)(
    "throws nothing but a TraceError, whatever the bytes, as %s",
    async (format) => {
      const piece = fc.oneof(
        fc.constantFrom(
          "a",
          "c",
          "m",
          "r",
          "f",
          "w",
          "l",
          "t",
          "x",
          "k",
          "p",
          " ",
          " ",
          "\n",
          "\n",
          "\r",
          "#",
          "0",
          "1",
          "9",
          "-",
          "-1",
        ),
        fc.constantFrom(
          "--1-- ",
          "malloc(",
          "calloc(",
          "free(",
          "realloc(",
          ")",
          ",",
          " = ",
          "0x",
          "0x10",
          "al 3",
        ),
        fc.constantFrom(
          "a 1 8\n",
          "f 1\n",
          "t 2\n",
          "x 2\n",
          "p here\n",
          "--1-- malloc(8) = 0x10\n",
          "0\n2\n3\n1\n",
          "99999999999999999999",
        ),
        fc.string({ unit: "binary", maxLength: 3 }),
      );
      await fc.assert(
        fc.asyncProperty(fc.array(piece, { maxLength: 60 }), async (pieces) => {
          const outcome = await read(pieces.join(""), { format }).catch((error: unknown) => error);
          if (outcome instanceof Error) expect(outcome).toBeInstanceOf(TraceError);
        }),
        { numRuns: 500 },
      );
    },
  );

  it("takes millions of operations in constant memory", async () => {
    const operations = 4_000_000;
    async function* source() {
      let text = "";
      for (let id = 0; id < operations / 2; id++) {
        text += id < 8 ? `a ${id} 64\n` : `f ${id - 8}\na ${id} 64\n`;
        if (text.length > 50_000) {
          yield bytesOf(text);
          text = "";
        }
      }
      yield bytesOf(text);
    }
    let count = 0;
    let slots = 0;
    let buffer: ArrayBufferLike | undefined;
    for await (const chunk of await readTrace(source())) {
      buffer ??= chunk.records.buffer;
      expect(chunk.records.buffer === buffer).toBe(true);
      const records = new TraceRecords(chunk.records);
      for (let n = 0; n < chunk.count; n++) slots = Math.max(slots, records.slot(n) + 1);
      count += chunk.count;
    }
    expect(count).toBe(operations - 8);
    expect(slots).toBe(8);
  });
});
