import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { UsageError } from "../../src/base/errors.js";
import { parseCount, parsePercent, parseSizes, parseTime, parseWord } from "../../src/base/flags.js";
import { exactBytes } from "../../src/base/numbers.js";

describe("sizes", () => {
  test("are plain bytes or have a binary unit", () => {
    expect(parseSizes("4096,64KiB, 1.5 MiB,2g", "--size")).toEqual([4096, 65_536, 1_572_864, 2 ** 31]);
  });

  test("keep their order and appear once", () => {
    expect(parseSizes("2MiB,1MiB,2048KiB", "--size")).toEqual([2 ** 21, 2 ** 20]);
  });

  test("read back as they are written", () => {
    fc.assert(
      fc.property(fc.uniqueArray(fc.integer({ min: 1, max: 2 ** 47 }), { minLength: 1 }), (sizes) => {
        expect(parseSizes(sizes.map(exactBytes).join(), "--size")).toEqual(sizes);
      }),
    );
  });

  test.each(["", ",", "1MiB,", "many", "1XB", "-1", "0", "0.3", "1e3", "129TiB", "NaN"])(
    "%j is refused",
    (text) => {
      expect(() => parseSizes(text, "--size")).toThrow(UsageError);
    },
  );

  test("any text is a list of whole sizes within the address space, or a UsageError", () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom(..."0123456789.,-kKmMgGtTiIbB ") }), (text) => {
        for (const size of refusedOr(() => parseSizes(text, "--size"), [])) {
          expect(Number.isInteger(size) && size >= 1 && size <= 2 ** 47).toBe(true);
        }
      }),
    );
  });

  test("a refusal says what to write", () => {
    expect(() => parseSizes("1XB", "--size")).toThrow(
      '--size: "1XB" is not a size: write bytes, or a number with KiB, MiB, GiB or TiB',
    );
    expect(() => parseSizes("0", "--size")).toThrow('--size: "0" is not between 1 byte and 128TiB');
  });
});

describe("shares", () => {
  test("are percentages", () => {
    expect(["0%", "25%", " 12.5 % ", "100%", "0"].map((text) => parsePercent(text, "--written"))).toEqual([
      0, 0.25, 0.125, 1, 0,
    ]);
  });

  test("read back as they are written", () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 1000 }), (tenths) => {
        expect(parsePercent(`${tenths / 10}%`, "--written")).toBeCloseTo(tenths / 1000, 12);
      }),
    );
  });

  test.each(["", "%", "1", "0.5", "101%", "100.1%", "-1%", "1e1%", "half"])("%j is refused", (text) => {
    expect(() => parsePercent(text, "--written")).toThrow(
      `--written: "${text}" is not a share: write 0% to 100%, such as 25%`,
    );
  });
});

describe("counts", () => {
  test("are whole numbers from 1", () => {
    expect(["1", "10000", " 7 "].map((text) => parseCount(text, "--count"))).toEqual([1, 10_000, 7]);
  });

  test.each(["", "0", "-1", "1.5", "1e4", "10,000", "0x10", "9007199254740993"])("%j is refused", (text) => {
    expect(() => parseCount(text, "--count")).toThrow(`--count: "${text}" is not a count`);
  });

  test("end where every count does", () => {
    expect(parseCount(String(2 ** 47), "--count")).toBe(2 ** 47);
    expect(() => parseCount("9007199254740991", "--count")).toThrow(
      '--count: "9007199254740991" is more than 2^47, the most there is',
    );
  });
});

describe("times", () => {
  test("are in seconds, or have a unit", () => {
    const times = ["60", "0.5", "10s", "500ms", "1.5 min", "5m", " 24h "];
    expect(times.map((text) => parseTime(text, "--timeout"))).toEqual([60, 0.5, 10, 0.5, 90, 300, 86_400]);
  });

  test.each(["", "0", "0s", "-1", "1e3", "10sec", "s", "25h", "Infinity"])("%j is refused", (text) => {
    expect(() => parseTime(text, "--timeout")).toThrow(
      `--timeout: "${text}" is not a time of at most a day: write 500ms, 10s or 2min`,
    );
  });
});

test("a word is one of some", () => {
  expect(parseWord("first", "--touch", ["none", "first"])).toBe("first");
  expect(() => parseWord("all", "--touch", ["none", "first"])).toThrow(
    '--touch: "all" is not one of none, first',
  );
});

/** What `parse` gives, or `otherwise` where it refuses with a UsageError. Any other error is thrown on. */
function refusedOr<T>(parse: () => T, otherwise: T): T {
  try {
    return parse();
  } catch (error) {
    if (error instanceof UsageError) return otherwise;
    throw error;
  }
}
