import { describe, expect, it } from "vitest";
import { TraceError } from "../../src/base/errors.js";
import { byteByByte, bytesOf, cutAt, operations, operationsOf, read } from "./helpers.js";

const CLASSIC = "20000\n3\n8\n1\na 0 512\na 1 128\nr 0 640\na 2 128\nf 1\nr 0 768\nf 0\nf 2\n";
const NEWER = "1\n3\n8\n20000\na 0 512\na 1 128\nr 0 640\na 2 128\nf 1\nr 0 768\nf 0\nf 2\n";
const OPERATIONS = ["a 0 512", "a 1 128", "r 0 640", "a 2 128", "f 1", "r 0 768", "f 0", "f 2"];

const LOSSES = [
  "this format does not record calloc",
  "this format does not record alignment",
  "this format does not record what the program touched",
  "this format does not record which thread calls",
];

/** A body under a header for 2 ids and the given number of operations. */
const withHeader = (body: string, operations: number) => `0\n2\n${operations}\n1\n${body}`;

describe("the .rep format", () => {
  it("is read with either header, and says what it loses", async () => {
    expect(await operations(CLASSIC)).toEqual(OPERATIONS);
    expect(await operations(NEWER)).toEqual(OPERATIONS);
    expect((await read(CLASSIC)).notes).toEqual({
      format: "rep",
      losses: [...LOSSES, "suggested heap size 20000 and weight 1 in the header are not used"],
    });
    expect((await read(NEWER)).notes.losses).toEqual([
      ...LOSSES,
      "weight 1 and max_alloc 20000 in the header are not used",
    ]);
  });

  it("is read the same wherever a chunk is cut", async () => {
    const bytes = bytesOf(CLASSIC.replaceAll("\n", " \r\n"));
    for (let offset = 0; offset <= bytes.length; offset++) {
      expect(await operations(cutAt(bytes, offset)), `cut at ${offset}`).toEqual(OPERATIONS);
    }
    expect(await operations(byteByByte(bytes))).toEqual(OPERATIONS);
  });

  it("takes a realloc of an id that is not live as malloc, as the lab's driver does", async () => {
    expect(await operations(withHeader("r 1 10\nr 1 20\nf 1\nr 1 5\nf 1", 5))).toEqual([
      "a 0 10",
      "r 0 20",
      "f 0",
      "a 0 5",
      "f 0",
    ]);
  });

  it("counts free(NULL), and notes that it is left out", async () => {
    const trace = await read(withHeader("f -1\na 0 8\nf -1\nf 0\n", 4));
    expect(trace.count).toBe(2);
    expect(trace.notes.losses).toContain("left out: free(NULL) (2)");
  });

  it("may have no operations", async () => {
    expect(await operations(withHeader("", 0))).toEqual([]);
  });

  it("may have a header of two or three lines", async () => {
    const body = "a 0 512\na 1 128\nf 0\n";
    for (const [header, losses] of [
      ["2\n3\n", []],
      ["3000000\n2\n3\n", ["suggested heap size 3000000 in the header is not used"]],
    ] as const) {
      const trace = await read(header + body);
      expect(trace.notes).toEqual({ format: "rep", losses: [...LOSSES, ...losses] });
      expect(operationsOf(trace)).toEqual(["a 0 512", "a 1 128", "f 0"]);
    }
  });

  it("of a header of two lines is read whole", async () => {
    const body = "a 0 2040\na 1 2040\nf 1\na 2 48\na 3 4072\nf 3\na 4 4072\nf 0\nf 2\na 5 4072\nf 4\nf 5\n";
    const trace = await read(`6\n12\n${body}`);
    expect([trace.count, trace.notes.losses]).toEqual([12, LOSSES]);
  });

  it("may have comments anywhere", async () => {
    const text = CLASSIC.replaceAll(/^/gm, "# a comment\n\n");
    const trace = await read(text);
    expect(trace.notes.format).toBe("rep");
    expect(operationsOf(trace)).toEqual(OPERATIONS);
  });

  it("may count wrongly in its header, which is noted", async () => {
    for (const said of [1, 3]) {
      const trace = await read(withHeader("a 0 8\nf 0\n", said));
      expect(operationsOf(trace)).toEqual(["a 0 8", "f 0"]);
      expect(trace.notes.losses.at(-1)).toBe(`the header says ${said} operations, there are 2`);
    }
    const trace = await read(withHeader("a 2 8\nf 2\nf -1\n", 3));
    expect(operationsOf(trace)).toEqual(["a 0 8", "f 0"]);
    expect(trace.notes.losses).toContain("the header says that ids are below 2, others are not (2)");
  });

  it.each([
    ["an id below -1", "f -2", "id must be a whole number from 0 on, or -1 for free(NULL), not -2"],
    ["realloc of NULL", "r -1 8", 'id must be a whole number below 2^53, not "-1"'],
    ["free of an id that is not live", "f 1", "id 1 is not live"],
    ["an id that is live", "a 0 8", "id 0 is allocated while it is live"],
    ["an operation of our own text form", "c 1 2 3", 'unknown operation "c": there are a, r and f'],
    ["too many fields", "a 1 8 9", 'unexpected "9"'],
    ["a missing field", "a 1", "bytes is missing"],
    ["a fifth number of the header", "7", 'unknown operation "7"'],
  ])("refuses %s", async (_, line, message) => {
    const error = await read(withHeader(`a 0 8\n\n${line}\nf 0\n`, 3)).catch((caught: unknown) => caught);
    expect(error).toBeInstanceOf(TraceError);
    expect((error as TraceError).message).toContain(`line 7: ${message}`);
  });

  it("refuses a header that is none", async () => {
    const options = { format: "rep" } as const;
    const message = "the header must have at least two lines: num_ids and num_ops";
    await expect(read("1\na 0 8\n", options)).rejects.toThrow(`line 2: ${message}`);
    await expect(read("1\n2 3\n", options)).rejects.toThrow('line 2: unexpected "3"');
    await expect(read("1\nz\n", options)).rejects.toThrow(
      'line 2: header line 2 must be a whole number below 2^53, not "z"',
    );
    await expect(read("", options)).rejects.toThrow(`line 1: ${message}`);
  });
});
