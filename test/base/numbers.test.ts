import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { parseBytes } from "../../src/base/bytes.js";
import { exactBytes, formatSeconds, formatShare, formatSize, joinWords } from "../../src/base/numbers.js";

describe("a share", () => {
  test("is rounded to a tenth of a percent", () => {
    expect(formatShare(1, 4)).toBe("25%");
    expect(formatShare(1, 3)).toBe("33.3%");
  });

  test("is 0% or 100% only of nothing and of everything", () => {
    expect(formatShare(0, 10)).toBe("0%");
    expect(formatShare(10, 10)).toBe("100%");
    expect(formatShare(1, 1e6)).toBe("<0.1%");
    expect(formatShare(1e6 - 1, 1e6)).toBe(">99.9%");
    fc.assert(
      fc.property(
        fc.integer({ min: 2, max: 2 ** 50 }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        (whole, at) => {
          const part = 1 + Math.floor(at * (whole - 2));
          expect(["0%", "100%"]).not.toContain(formatShare(part, whole));
        },
      ),
    );
  });

  test("of nothing is a dash", () => {
    expect(formatShare(0, 0)).toBe("-");
  });
});

test("a duration has three digits and a unit that suits it", () => {
  expect([0, 4.5e-6, 0.00123456, 0.0142, 0.9996, 1.234, 61.27, 1234.5].map(formatSeconds)).toEqual([
    "0 s",
    "4.5 µs",
    "1.23 ms",
    "14.2 ms",
    "1 s",
    "1.23 s",
    "61.3 s",
    "1,235 s",
  ]);
});

test("a size is written exactly, so that two sizes never look the same", () => {
  expect([134_213_632, 134_217_728, 1000 * 2 ** 20, 1, 4097].map(formatSize)).toEqual([
    "131,068 KiB",
    "128 MiB",
    "1,000 MiB",
    "1 byte",
    "4,097 bytes",
  ]);
  fc.assert(
    fc.property(fc.maxSafeNat(), (bytes) => {
      expect(parseBytes(exactBytes(bytes))).toBe(bytes);
      expect(parseBytes(formatSize(bytes).replaceAll(",", ""))).toBe(bytes);
    }),
  );
});

test("words are joined as in a sentence", () => {
  expect([[], ["a"], ["a", "b"], ["a", "b", "c"]].map(joinWords)).toEqual(["", "a", "a and b", "a, b and c"]);
});
