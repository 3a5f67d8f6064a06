import { describe, expect, it } from "vitest";
import { countByLetter, fileBytes, operations, operationsOf, read } from "./helpers.js";

describe("a trace of wee_alloc's", () => {
  it("numbers allocations in their order", async () => {
    const { notes, ...trace } = await read(await fileBytes("./logs/wee-alloc.log"));
    expect([notes.format, notes.losses.length]).toEqual(["wee-alloc", 5]);
    const lines = operationsOf({ notes, ...trace });
    const first = ["a 0 552", "a 1 120", "a 2 1024", "f 1", "f 2", "f 0", "a 0 5", "f 0", "a 0 120"];
    expect(lines.slice(0, 9)).toEqual(first);
    expect(countByLetter(lines)).toEqual({ all: 82, a: 45, f: 37 });
  });

  it("is one without commas, with blanks and with \\r\\n", async () => {
    expect(await operations("\n  Alloc(8)\r\nFree(0)\r\n")).toEqual(["a 0 8", "f 0"]);
  });

  it.each([
    ["Free(1)", "line 2: allocation 1 is not live: it was not allocated, or was freed"],
    ["Alloc(9007199254740993)", "line 2: bytes must be a whole number of at most 2^47, not 9007199254740992"],
    ["Realloc(0, 9),", "line 2: a line must be Alloc(bytes), or Free(number),"],
  ])("is refused with the line: %s", async (line, message) => {
    await expect(operations(`Alloc(8),\n${line}\n`, { format: "wee-alloc" })).rejects.toThrow(message);
  });
});
