import { describe, expect, it } from "vitest";
import { formatBytes, formatCount, parseBytes } from "../../src/base/bytes.js";

describe("parseBytes", () => {
  it.each([
    ["0", 0],
    ["4096", 4096],
    ["100MiB", 104_857_600],
    ["1.5 GiB", 1_610_612_736],
    ["64k", 65_536],
    ["2tib", 2_199_023_255_552],
    ["12 bytes", 12],
    ["1 byte", 1],
    ["8192 TiB", 2 ** 53],
  ])("reads %s as %d bytes", (text, bytes) => {
    if (bytes > Number.MAX_SAFE_INTEGER) expect(() => parseBytes(text)).toThrow(RangeError);
    else expect(parseBytes(text)).toBe(bytes);
  });

  it.each(["", "MiB", "-1", "1e3", "1.5", "1 XiB", "0x10", "1,000"])("refuses %j and names it", (text) => {
    expect(() => parseBytes(text)).toThrow(RangeError);
    expect(() => parseBytes(text)).toThrow(`"${text}"`);
  });

  it.each([
    ["10MB", "10MiB"],
    ["1.5 gb", "1.5GiB"],
    ["64kb", "64KiB"],
  ])("refuses %s, which is one size to some and another to others, and names %s", (text, binary) => {
    expect(() => parseBytes(text)).toThrow(
      `"${text}" is a power of ten to some and of two to others: write ${binary}, or plain bytes`,
    );
  });
});

describe("formatBytes", () => {
  it.each([
    [0, "0 bytes"],
    [1, "1 byte"],
    [1023, "1,023 bytes"],
    [1024, "1 KiB"],
    [104_857_600, "100 MiB"],
    [1_610_612_736, "1.5 GiB"],
    [-4096, "-4 KiB"],
    [2 ** 53, "8 PiB"],
  ])("writes %d as %s", (bytes, text) => {
    expect(formatBytes(bytes)).toBe(text);
  });

  it("never shows 1,024 of a unit that has a next one", () => {
    expect(formatBytes(1024 ** 2 - 1)).toBe("1 MiB");
  });
});

it("formatCount separates thousands", () => {
  expect(formatCount(256_000_000)).toBe("256,000,000");
});
