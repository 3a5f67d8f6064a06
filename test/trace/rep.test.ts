import { describe, expect, it } from "vitest";
import { TraceError } from "../../src/base/errors.js";
import { byteByByte, bytesOf, cutAt, operations, read } from "./helpers.js";

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

  it.each([
    ["an id that num_ids excludes", "a 2 8", "id 2 is not below num_ids, which the header says is 2"],
    ["one in realloc", "r 2 8", "id 2 is not below num_ids"],
    ["one in free", "f 2", "id 2 is not below num_ids"],
    ["an id below -1", "f -2", "id -2 is not below num_ids"],
    ["realloc of NULL", "r -1 8", 'id must be a whole number below 2^53, not "-1"'],
    ["free of an id that is not live", "f 1", "id 1 is not live"],
    ["an id that is live", "a 0 8", "id 0 is allocated while it is live"],
    ["an operation of our own text form", "c 1 2 3", 'unknown operation "c": there are a, r and f'],
    ["a comment", "# no", 'unknown operation "#"'],
    ["too many fields", "a 1 8 9", 'unexpected "9"'],
    ["a missing field", "a 1", "bytes is missing"],
  ])("refuses %s", async (_, line, message) => {
    const error = await read(withHeader(`a 0 8\n\n${line}\nf 0\n`, 3)).catch((caught: unknown) => caught);
    expect(error).toBeInstanceOf(TraceError);
    expect((error as TraceError).message).toContain(`line 7: ${message}`);
  });

  it("refuses more operations than the header says, at the first", async () => {
    const text = withHeader("a 0 8\nf 0\na 0 8\n", 2);
    await expect(read(text)).rejects.toThrow(
      "line 7: the trace goes on after the 2 operations its header says",
    );
  });

  it("refuses fewer operations than the header says", async () => {
    const text = withHeader("a 0 8\nf 0\n", 3);
    await expect(read(text)).rejects.toThrow("line 6: the trace ends after 2 operations, its header says 3");
  });

  it("refuses a header that is not four numbers", async () => {
    const options = { format: "rep" } as const;
    await expect(read("1\n2\na 0 8\n", options)).rejects.toThrow(
      "line 3: header line 3 must be a whole number",
    );
    await expect(read("1\n2 3\n", options)).rejects.toThrow('line 2: unexpected "3"');
    await expect(read("1\n2\n3\n", options)).rejects.toThrow(
      "line 3: the four header lines are not complete",
    );
    await expect(read("", options)).rejects.toThrow("line 1: the four header lines are not complete");
  });
});
