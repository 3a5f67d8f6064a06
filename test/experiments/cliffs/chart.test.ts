import { describe, expect, test } from "vitest";
import { cliffsChart, drawCliffs } from "../../../src/experiments/cliffs/chart.js";
import { sizeTicks } from "../../../src/report/axis.js";
import { parseSvg } from "../../report/svg-check.js";
import { cliffsOf, fakeCliffs, fakePoint, MIB } from "../../results/fakes.js";

const report = cliffsOf(fakeCliffs("naive"), fakeCliffs("lazy", 130_048), fakeCliffs("glibc", 130_048));

describe("what is drawn", () => {
  test("has a point for each size, and nothing zeroed lies on a floor below everything else", () => {
    const { points, floor, low } = drawCliffs(report);
    expect(points).toHaveLength(3 + 5 + 5);
    expect(floor).toBe(256);
    expect(low).toBe(256);
    for (const { zeroed, height } of points) expect(height).toBe(zeroed === 0 ? 256 : zeroed);
  });

  test("has no floor where everything costs something", () => {
    expect(drawCliffs(cliffsOf(fakeCliffs("naive")))).not.toHaveProperty("floor");
  });

  test("names cliffs between their two sides, those at one size at different heights", () => {
    const { cliffs } = drawCliffs(report);
    expect(cliffs.map(({ allocator, text }) => [allocator, text])).toEqual([
      ["lazy", "130,048"],
      ["glibc", "130,048"],
    ]);
    const [lazy = 0, glibc = 0] = cliffs.map(({ height }) => height);
    expect(lazy).toBeGreaterThan(glibc);
    expect(lazy).toBeLessThan(130_048);
    expect(glibc).toBeGreaterThan(256);
  });
});

test("the drawing has a line for each allocator, both cliffs, and 0 on its axis", async () => {
  const { marks, texts } = parseSvg(cliffsChart(report));
  expect(marks.line).toBe(3);
  expect(texts).toEqual(
    expect.arrayContaining([
      "naive",
      "lazy",
      "glibc",
      "0",
      "1 KiB",
      "1 MiB",
      "bytes zeroed per iteration, once settled",
    ]),
  );
  expect(texts.filter((text) => text === "130,048")).toHaveLength(2);
});

test.each([
  ["nothing", cliffsOf()],
  [
    "one size",
    {
      ...cliffsOf({ ...fakeCliffs("naive"), points: [fakePoint(MIB, "linear")] }),
      parameters: { from: MIB, to: MIB },
    },
  ],
  [
    "nothing but 0",
    cliffsOf({ ...fakeCliffs("lazy"), points: [fakePoint(1024, "constant"), fakePoint(MIB, "constant")] }),
  ],
])("%s is drawn", async (_, odd) => {
  expect(parseSvg(cliffsChart(odd)).texts).toContain("What an untouched calloc costs, by size");
});

describe("the ticks of sizes", () => {
  const places = (low: number, high: number) => sizeTicks(low, high).map(({ at }) => at);

  test("are powers of two, not too many", () => {
    expect(places(1000, 5000)).toEqual([1024, 2048, 4096]);
    expect(places(1024, 2 ** 30).map(Math.log2)).toEqual([10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30]);
    expect(places(1025, 2047)).toEqual([]);
  });

  test("are labelled each in its own unit", () => {
    expect(sizeTicks(512, 2048).map(({ label }) => label)).toEqual(["512 B", "1 KiB", "2 KiB"]);
  });
});
