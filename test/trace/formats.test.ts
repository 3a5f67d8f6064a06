import { describe, expect, it } from "vitest";
import { TraceError } from "../../src/base/errors.js";
import { HEAD_BYTES } from "../../src/trace/format.js";
import { detectFormat } from "../../src/trace/formats.js";
import { bytesOf } from "./helpers.js";

const formatOf = (text: string) => detectFormat(bytesOf(text)).name;

describe("the format of a trace", () => {
  it.each([
    ["nothing", "", "text"],
    ["blank lines and comments", "\ufeff# nothing\r\n\r\n  # here\n", "text"],
    ["an operation", "a 0 64", "text"],
    ["operations after comments", "# c\n\n\tw 1 2 3\n", "text"],
    ["a thread", "t 2\n", "text"],
    ["a trim without a pad", "k \r\n", "text"],
    ["a mark", "p after the start\n", "text"],
    ["a time", "@ 1000\n", "text"],
    ["a comment about valgrind", "# from --12-- malloc(3) = 0x10\na 0 3\n", "text"],
    ["a bad operation", "f 99999\n", "text"],
    ["four numbers", "20000\n3\n8\n1\na 0 512\n", "rep"],
    ["four numbers with blanks and \\r\\n", "\ufeff 1\r\n\r\n3 \r\n8\r\n4000\r\n", "rep"],
    ["a line of valgrind", "==12== Memcheck\n--12-- calloc(1,2) = 0x10\n", "valgrind"],
    ["one after the program's words", "a 0 64\n1\n2\n3\n4\nwords--12-- _Znwm(2) = 0x10\n", "valgrind"],
  ])("is told by %s", (_, text, format) => {
    expect(formatOf(text)).toBe(format);
  });

  it.each([
    ["other text", "hello\nworld\n"],
    ["an unknown operation", "z 0 5\n"],
    ["three numbers", "1\n2\n3\n"],
    ["four numbers on a line", "1 2 3 4\n"],
    ["a negative number", "1\n2\n-3\n4\n"],
    ["binary data", "\x7fELF\0\0\0"],
    ["a word that begins with a letter of ours", "a word\n"],
    ["a mark without a name", "p\n"],
  ])("is not told by %s, and the error names all there are", (_, text) => {
    expect(() => formatOf(text)).toThrow(TraceError);
    expect(() => formatOf(text)).toThrow(/not recognised.*text.*rep.*valgrind/);
  });

  it("is missing an option in a log of valgrind without allocations", () => {
    const log = "==12== Memcheck, a memory error detector\n==12== Command: ls\nfile\n";
    expect(() => formatOf(log)).toThrow("run it with --trace-malloc=yes");
  });

  it("is told without the last line where that is cut", () => {
    const comments = "# xxx\n".repeat(Math.ceil(HEAD_BYTES / 6));
    expect(formatOf(`${comments.slice(0, HEAD_BYTES - 1)}x`)).toBe("text");
  });
});
