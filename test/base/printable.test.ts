import { expect, test } from "vitest";
import { oneLine, printable } from "../../src/base/printable.js";

test("lines become one, without the blanks around them", () => {
  expect(oneLine("  one \n\n\t two\r\nthree\n")).toBe("one two three");
  expect(oneLine("a  b")).toBe("a  b");
});

test("of a long line the beginning is told, and how much is missing", () => {
  const text = oneLine("x".repeat(1_000_000));
  expect(text.length).toBeLessThan(2100);
  expect(text).toMatch(/x… \(998000 characters more\)$/);
});

test("characters that steer a terminal are written out", () => {
  expect(printable("a\u001b[2Jb\u202e")).toBe("a\\u{1b}[2Jb\\u{202e}");
});
