import { describe, expect, it } from "vitest";
import { LineScanner, MAX_LINE_BYTES } from "../../src/trace/lines.js";
import { bytesOf } from "./helpers.js";

function linesOf(...chunks: Uint8Array[]): string[] {
  const scanner = new LineScanner();
  const lines: string[] = [];
  const take = () => {
    lines.push(`${scanner.line}:${DECODER.decode(scanner.bytes.subarray(scanner.start, scanner.end))}`);
  };
  for (const chunk of chunks) {
    scanner.push(chunk);
    while (scanner.next()) take();
    chunk.fill(0x3f); // it may be used again
  }
  if (scanner.finish()) take();
  return lines;
}

const DECODER = new TextDecoder("utf-8", { ignoreBOM: true });

const TEXT = "\ufeffone\n\ntwo ü€😀\r\n\r\nthree\r four\n\n#五\nlast";
const LINES = ["1:one", "2:", "3:two ü€😀", "4:", "5:three\r four", "6:", "7:#五", "8:last"];

describe("the line scanner", () => {
  it("finds lines ended by \\n, by \\r\\n and by the end, after a byte order mark", () => {
    expect(linesOf(bytesOf(TEXT))).toEqual(LINES);
  });

  it("finds the same lines wherever two cuts are, also inside a character", () => {
    const bytes = bytesOf(TEXT);
    for (let first = 0; first <= bytes.length; first++) {
      for (let second = first; second <= bytes.length; second++) {
        const pieces = [bytes.slice(0, first), bytes.slice(first, second), bytes.slice(second)];
        expect(linesOf(...pieces), `cut at ${first} and ${second}`).toEqual(LINES);
      }
    }
  });

  it("finds the same lines in single bytes", () => {
    expect(linesOf(...Array.from(bytesOf(TEXT), (byte) => Uint8Array.of(byte)))).toEqual(LINES);
  });

  it("finds no line in nothing, and no last line after a newline", () => {
    expect(linesOf()).toEqual([]);
    expect(linesOf(new Uint8Array(0), new Uint8Array(0))).toEqual([]);
    expect(linesOf(bytesOf("a\n"))).toEqual(["1:a"]);
    expect(linesOf(bytesOf("\n"))).toEqual(["1:"]);
  });

  it("takes a byte order mark only before the first line", () => {
    expect(linesOf(bytesOf("a\n\ufeffb"))).toEqual(["1:a", "2:\ufeffb"]);
  });

  it.each([
    ["in one chunk", (bytes: Uint8Array) => [bytes]],
    ["across chunks", (bytes: Uint8Array) => [bytes.slice(0, 100), bytes.slice(100)]],
    ["across chunks, its newline apart", (bytes: Uint8Array) => [bytes.slice(0, -1), bytes.slice(-1)]],
  ])("takes a line of the longest length and refuses a longer one, %s", (_, cut) => {
    const longest = bytesOf(`${"x".repeat(MAX_LINE_BYTES)}\n`);
    const longer = bytesOf(`${"x".repeat(MAX_LINE_BYTES + 1)}\n`);
    expect(linesOf(bytesOf("a\n"), ...cut(longest))[1]).toHaveLength(MAX_LINE_BYTES + 2);
    expect(() => linesOf(bytesOf("a\n"), ...cut(longer))).toThrow(
      "line 2: a line is longer than 65536 bytes",
    );
  });

  it("refuses a line that never ends before it has all of it in memory", () => {
    const scanner = new LineScanner();
    scanner.push(new Uint8Array(60000));
    expect(scanner.next()).toBe(false);
    scanner.push(new Uint8Array(60000));
    expect(() => scanner.next()).toThrow("line 1: a line is longer");
  });
});
