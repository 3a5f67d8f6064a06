import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { seeded } from "../../src/base/random.js";
import { geometricMean, median, quantile, ratioOfQuantiles, spread } from "../../src/base/statistics.js";

const times = fc.array(fc.double({ min: 1, max: 1e6, noNaN: true }), { minLength: 1, maxLength: 30 });

describe("by hand", () => {
  test("the median is the middle, or half way between the two middle ones", () => {
    expect(median([3, 1, 2])).toBe(2);
    expect(median([4, 1, 2, 3])).toBe(2.5);
    expect(median([7])).toBe(7);
  });

  test("quartiles lie between values linearly", () => {
    // 1 2 3 4: a quarter of the way from first to last is at place 0.75
    expect(quantile([4, 3, 2, 1], 0.25)).toBe(1.75);
    expect(quantile([4, 3, 2, 1], 0.75)).toBe(3.25);
    expect(spread([4, 3, 2, 1])).toBe(0.75 / 2.5);
    expect(spread([5, 5, 5])).toBe(0);
  });

  test("the geometric mean of a ratio and its inverse is 1", () => {
    expect(geometricMean([2, 0.5])).toBeCloseTo(1, 12);
    expect(geometricMean([2, 8])).toBeCloseTo(4, 12);
  });

  test("of nothing there is none, and rounds that are no pairs are refused", () => {
    expect(() => median([])).toThrow(RangeError);
    expect(() => geometricMean([])).toThrow(RangeError);
    expect(() => ratioOfQuantiles([1, 2], [1], seeded(1))).toThrow("pairs");
  });

  test("where all rounds agree the interval is the ratio", () => {
    const rounds = (value: number) => Array.from({ length: 6 }, () => value);
    expect(ratioOfQuantiles(rounds(6), rounds(2), seeded(1))).toEqual({ value: 3, low: 3, high: 3 });
  });

  test("five rounds have a ratio, and no interval", () => {
    const none = { low: null, high: null };
    expect(ratioOfQuantiles([4, 6, 8, 6, 6], [2, 2, 2, 2, 2], seeded(1))).toEqual({ value: 3, ...none });
    expect(ratioOfQuantiles([6], [2], seeded(1))).toEqual({ value: 3, ...none });
  });

  test("what disturbs a round disturbs both, so the interval stays narrow", () => {
    const yardstick = [10, 30, 12, 50, 11, 90, 10];
    const twice = yardstick.map((value) => 2 * value);
    expect(ratioOfQuantiles(twice, yardstick, seeded(1))).toEqual({ value: 2, low: 2, high: 2 });
  });
});

function intervalOf(...pairs: Parameters<typeof ratioOfQuantiles>): { low: number; high: number } {
  const { low, high } = ratioOfQuantiles(...pairs);
  if (low === null || high === null) throw new Error("there is no interval");
  return { low, high };
}

test.each([0.5, 0.25])(
  "an interval of the quantile %d holds the true ratio about as often as it says",
  (part) => {
    let held = 0;
    for (let seed = 1; seed <= 200; seed++) {
      const random = seeded(seed);
      const noisy = (centre: number) => Array.from({ length: 15 }, () => centre * (0.9 + 0.2 * random()));
      const { low, high } = intervalOf(noisy(150), noisy(100), random, part);
      if (low <= 1.5 && 1.5 <= high) held++;
    }
    // Percentile intervals of medians are wider rather than narrower; far below would be a mistake.
    expect(held).toBeGreaterThan(176);
    expect(held).toBeLessThan(200);
  },
);

test("a median parts its values in halves, and quantiles ascend", () => {
  fc.assert(
    fc.property(times, (values) => {
      const middle = median(values);
      expect(values.filter((value) => value <= middle).length * 2).toBeGreaterThanOrEqual(values.length);
      expect(values.filter((value) => value >= middle).length * 2).toBeGreaterThanOrEqual(values.length);
      expect(quantile(values, 0)).toBe(Math.min(...values));
      expect(quantile(values, 1)).toBe(Math.max(...values));
      expect(quantile(values, 0.25)).toBeLessThanOrEqual(middle);
    }),
  );
});

test("the same seed gives the same interval, and the ratio does not depend on it", () => {
  const pairs = fc.array(fc.tuple(fc.integer({ min: 1, max: 999 }), fc.integer({ min: 1, max: 999 })), {
    minLength: 6,
    maxLength: 12,
  });
  fc.assert(
    fc.property(pairs, fc.integer({ min: 1, max: 1e9 }), (rounds, seed) => {
      const [values, yardstick] = [rounds.map(([one]) => one), rounds.map(([, other]) => other)];
      const ratio = () => ratioOfQuantiles(values, yardstick, seeded(seed));
      expect(ratio()).toEqual(ratio());
      expect(ratio().value).toBe(median(values) / median(yardstick));
      const { low, high } = intervalOf(values, yardstick, seeded(seed));
      expect(low).toBeLessThanOrEqual(high);
    }),
    { numRuns: 20 },
  );
});

test("seeds give different numbers, spread over 0 to 1", () => {
  const draw = (seed: number) => {
    const random = seeded(seed);
    return Array.from({ length: 1000 }, random);
  };
  expect(draw(1)).not.toEqual(draw(2));
  for (const seed of [1, 2, 3, 2 ** 31]) {
    const mean = draw(seed).reduce((sum, value) => sum + value, 0) / 1000;
    expect(mean).toBeGreaterThan(0.45);
    expect(mean).toBeLessThan(0.55);
  }
});

test("what a clock did not see pass has no spread", () => {
  expect(spread([0, 0, 0])).toBe(0);
  expect(spread([0, 0, 0, 0, 7])).toBe(0);
});
