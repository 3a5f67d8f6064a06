import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { bytesLines, SERIES, timelineChart } from "../../../src/experiments/replay/chart.js";
import { timelineText } from "../../../src/experiments/replay/sparkline.js";
import { type Axis, binaryTicks, decimalTicks, placeOn, plainTicks } from "../../../src/report/axis.js";
import { parseSvg } from "../../report/svg-check.js";
import { fakeTimeline, MIB } from "../../results/fakes.js";

const timelines = [fakeTimeline("libmalloc"), fakeTimeline("lazy", 1)];

test("every point of a timeline is a point of three lines", () => {
  const lines = bytesLines(SERIES, fakeTimeline("libmalloc").points);
  expect(lines.map(({ name, points }) => [name, points.length])).toEqual([
    ["in use", 11],
    ["system", 11],
    ["resident", 11],
  ]);
  expect(lines[0]?.points[5]).toEqual({ x: 50, y: 8 * MIB });
});

test("the drawing has a panel for each allocator, in order, with three lines", async () => {
  const { marks, texts } = parseSvg(timelineChart(timelines, "replay: trace a.gz"));
  expect(marks.line).toBe(6);
  expect(texts).toEqual(expect.arrayContaining(["12 MiB", "in use", "system", "resident"]));
  expect(texts).toContain("replay: trace a.gz (highest 12 MiB)");
  expect(texts.indexOf("libmalloc")).toBeLessThan(texts.indexOf("lazy"));
});

test("a trace of nothing is drawn", async () => {
  const nothing = [{ allocator: "lazy", options: {}, points: [] }];
  expect(parseSvg(timelineChart(nothing, "replay")).marks.line).toBeUndefined();
});

describe("ticks", () => {
  test("are whole steps of a power of two that reach the highest value", () => {
    fc.assert(
      fc.property(fc.nat({ max: 2 ** 50 }), (highest) => {
        const ticks = binaryTicks(highest).map(({ at }) => at);
        const step = ticks[1] as number;
        expect(Math.log2(step) % 1).toBe(0);
        expect(ticks.length).toBeLessThanOrEqual(7);
        expect(ticks.at(-1)).toBeGreaterThanOrEqual(highest);
        expect(ticks.map((tick, index) => tick === index * step)).not.toContain(false);
      }),
    );
  });

  test("are labelled in the unit of their step", () => {
    const labels = (highest: number) => binaryTicks(highest).map(({ label }) => label);
    expect(labels(3 * MIB)).toEqual([
      "0",
      "512 KiB",
      "1,024 KiB",
      "1,536 KiB",
      "2,048 KiB",
      "2,560 KiB",
      "3,072 KiB",
    ]);
    expect(labels(5 * MIB).at(-1)).toBe("5 MiB");
    expect(labels(0)).toEqual(["0", "1 bytes"]);
  });

  test("of plain numbers are 1, 2 or 5 times a power of ten, within their axis", () => {
    const labels = (ends: Axis["ends"]) => plainTicks(ends).map(({ label }) => label);
    expect(labels([0, 600_000])).toEqual([
      "0",
      "100,000",
      "200,000",
      "300,000",
      "400,000",
      "500,000",
      "600,000",
    ]);
    expect(labels([0, 1])).toEqual(["0", "0.2", "0.4", "0.6", "0.8", "1"]);
    expect(labels([3, 17])).toEqual(["5", "10", "15"]);
    fc.assert(
      fc.property(fc.double({ min: 1e-9, max: 1e15, noNaN: true }), (high) => {
        const ticks = plainTicks([0, high]);
        expect(ticks.length).toBeGreaterThan(2);
        expect(ticks.length).toBeLessThanOrEqual(7);
        expect(ticks.at(-1)?.at).toBeLessThanOrEqual(high * (1 + 1e-9));
      }),
    );
  });

  test("of powers of ten have those between where there are few", () => {
    expect(decimalTicks([30, 700]).map(({ at }) => at)).toEqual([50, 100, 200, 500]);
    expect(decimalTicks([1, 1e6]).map(({ label }) => label)).toEqual([
      "1",
      "10",
      "100",
      "1,000",
      "10,000",
      "100,000",
      "1,000,000",
    ]);
  });
});

test("an axis has its low end at 0 and its high end at 1, by their ratio where it is logarithmic", () => {
  const axis: Axis = { ends: [4, 64], ticks: [] };
  expect([4, 34, 64].map((value) => placeOn(axis, value))).toEqual([0, 0.5, 1]);
  expect([4, 16, 64].map((value) => placeOn({ ...axis, isLogarithmic: true }, value))).toEqual([0, 0.5, 1]);
  expect(placeOn({ ends: [7, 7], ticks: [] }, 7)).toBe(0);
});

describe("a timeline as text", () => {
  test("is three lines for each allocator, to one scale", () => {
    expect(timelineText(timelines, 22)).toMatchInlineSnapshot(`
      "libmalloc  in use    ··▂▂▃▃▄▄▅▅▅▆▆▅▅▄▄▃▃▂▂·  ≥ 8 MiB
                 system    ··████████████████████  ≥ 12 MiB
                 resident  ··▁▁▂▂▂▂▃▃▃▃▃▃▃▂▂▂▂▁▁·  4.5 MiB
      lazy       in use    ··▂▂▃▃▄▄▅▅▅▆▆▅▅▄▄▃▃▂▂·  ≥ 8 MiB
                 system    ··████████████████████  ≥ 12 MiB
                 resident  ··▂▂▃▃▄▄▅▅▅▆▆▅▅▄▄▃▃▂▂·  9 MiB
      ≥: the most that was seen after every 10 operations; resident is its peak
      "
    `);
  });

  test("tells nothing from little", () => {
    const points = [0, 1, 1000, 0].map((inUse, operation) => ({ operation, inUse, system: 0, resident: 0 }));
    const [line] = timelineText([{ allocator: "a", options: {}, points }], 4).split("\n");
    expect(line).toBe("a  in use    ·▁█·  1,000 bytes");
  });

  test("keeps a peak that many operations hide, and the value between points", () => {
    const points = [0, 7, 0, 4].map((inUse, index) => ({
      operation: index * 25,
      inUse,
      system: 8,
      resident: 0,
    }));
    const [line] = timelineText([{ allocator: "a", options: {}, points }], 8).split("\n");
    expect(line).toBe("a  in use    ··███··▅  ≥ 7 bytes");
  });

  test("has the peak of what is counted, and says where the rest may have been more", () => {
    const seen = (every: number, peakResident: number) => {
      const points = [0, 1, 2, 3].map((index) => ({
        operation: index * every,
        inUse: 5,
        system: 6,
        resident: 4,
      }));
      const text = timelineText([{ allocator: "a", options: {}, points, peakResident }], 2);
      return text.split("\n").map((line) => line.replace(/.*[█▁-▇·] {2}/, ""));
    };
    expect(seen(1, 9)).toEqual(["5 bytes", "6 bytes", "9 bytes", ""]);
    expect(seen(1, Number.NaN)).toEqual(["5 bytes", "6 bytes", "4 bytes", ""]);
    const told = "≥: the most that was seen after every 2,000 operations; resident is its peak";
    expect(seen(2000, 9)).toEqual(["≥ 5 bytes", "≥ 6 bytes", "9 bytes", told, ""]);
  });

  test("of no points is nothing", () => {
    expect(timelineText([{ allocator: "a", options: {}, points: [] }])).toBe("");
    expect(timelineText([])).toBe("");
  });
});
