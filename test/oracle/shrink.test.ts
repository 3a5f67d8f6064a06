import { describe, expect, it } from "vitest";
import { OpKind, RECORD_BYTES } from "../../src/trace/records.js";
import { hashRecords } from "./golden.js";
import { threadsOf } from "./oracle.js";
import { randomThreads, THREAD_PROFILES } from "./random-threads.js";
import { PROFILE_NAMES, randomTrace } from "./random-trace.js";
import { formatTrace, shrinkTrace } from "./shrink.js";
import { textTrace } from "./text-trace.js";

/** Judges a text: at which line a difference would be seen, or -1. */
const judging = (judge: (lines: string[]) => number) => async (traces: Uint8Array[]) =>
  traces.map((records) => judge(formatTrace(records).split("\n")));

describe("a trace shrinks", () => {
  it("to what shows the difference, with operations on what is gone left out", async () => {
    const { records } = randomTrace(4);
    // A free after a calloc of over 100 bytes.
    const judge = judging((lines) => {
      const cleared = lines.findIndex((line) => /^c \d+ 1 \d{3,}$/.test(line));
      return cleared < 0 ? -1 : lines.findIndex((line, i) => i > cleared && line.startsWith("f"));
    });
    expect(formatTrace(await shrinkTrace(records, judge))).toMatch(/^(a 0 8\n)?c \d 1 1\d\d\nf \d$/);
  });

  it("by realloc too", async () => {
    const records = await textTrace("a 0 10\na 1 10\nr 1 5000\nf 0\na 2 70\nr 1 90000\nf 1\nf 2\n");
    const judge = judging((lines) =>
      lines.findIndex((line) => line.startsWith("r") && Number(line.split(" ")[2]) > 6000),
    );
    expect(formatTrace(await shrinkTrace(records, judge))).toMatch(/^a 0 8\nr 0 [6-7]\d{3}$/);
  });

  it("of threads, to those that show it", async () => {
    const records = await textTrace(
      "t 2\na 0 10\nt 3\na 1 10\nx 2\nk 0\nt 4\nf 0\nt 1\na 0 10\nx 3\nx 4\nf 1\n",
    );
    // The end of a thread, and a free by another.
    const judge = judging((lines) =>
      lines.some((line) => line.startsWith("x")) ? lines.findLastIndex((line) => line.startsWith("f")) : -1,
    );
    expect(formatTrace(await shrinkTrace(records, judge))).toMatch(/^a 0 8\nx \d\nf 0$/);
  });

  it("not if it shows none", async () => {
    await expect(shrinkTrace(await textTrace("a 0 10"), async () => [-1])).rejects.toThrow("no difference");
  });
});

describe("random traces of threads", () => {
  it("are the same for the same seed, with the same parameters", async () => {
    expect(await randomThreads(17)).toEqual(await randomThreads(17));
    const hashes = await Promise.all(
      Array.from({ length: 20 }, async (_, seed) => hashRecords((await randomThreads(seed)).records)),
    );
    expect(new Set(hashes).size).toBe(20);
  });

  it("have every profile by turns, and ends of threads, trims, and many threads", async () => {
    const traces = await Promise.all(Array.from({ length: 50 }, (_, seed) => randomThreads(seed)));
    expect(traces.slice(0, THREAD_PROFILES.length).map(({ profile }) => profile)).toEqual(THREAD_PROFILES);
    const kinds = new Set(
      traces.flatMap(({ records }) =>
        Array.from({ length: records.length / RECORD_BYTES }, (_, i) => records[i * RECORD_BYTES]),
      ),
    );
    expect([...kinds]).toEqual(
      expect.arrayContaining(Object.values(OpKind).filter((kind) => kind < OpKind.mark)),
    );
    expect(Math.max(...traces.map(({ records }) => threadsOf(records)))).toBeGreaterThan(30);
  });
});

describe("random traces", () => {
  it("are the same for the same seed, and differ between seeds", () => {
    const hashes = Array.from({ length: 40 }, (_, seed) => hashRecords(randomTrace(seed).records));
    expect(new Set(hashes).size).toBe(40);
    expect(hashRecords(randomTrace(17).records)).toBe(hashes[17]);
  });

  it("have every profile by turns, and every call", () => {
    const traces = PROFILE_NAMES.map((_, seed) => randomTrace(seed));
    expect(traces.map(({ profile }) => profile)).toEqual(PROFILE_NAMES);
    for (const { records, count, profile } of traces) {
      const kinds = new Set(Array.from({ length: count }, (_, i) => records[i * RECORD_BYTES]));
      const all = [OpKind.malloc, OpKind.calloc, OpKind.aligned, OpKind.realloc, OpKind.free];
      expect([...kinds], profile).toEqual(expect.arrayContaining(all));
    }
  });
});
