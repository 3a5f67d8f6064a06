import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { timelineChart, timelinePoints } from "../../../src/experiments/replay/chart.js";
import { timelineText } from "../../../src/experiments/replay/sparkline.js";
import { binaryLabelExpression, binaryTicks } from "../../../src/report/axis.js";
import { renderSvg } from "../../../src/report/svg.js";
import { parseSvg } from "../../report/svg-check.js";
import { fakeTimeline, MIB } from "../../results/fakes.js";

const timelines = [fakeTimeline("libmalloc"), fakeTimeline("lazy", 1)];

test("every point of a timeline is a point of three lines", () => {
  expect(timelinePoints(timelines)).toHaveLength(2 * 3 * 11);
  expect(timelinePoints(timelines).at(5)).toEqual({
    allocator: "libmalloc",
    operation: 50,
    series: "in use",
    bytes: 8 * MIB,
  });
});

test("the chart is a plain object that a page can take as JSON", () => {
  const spec = timelineChart(timelines, "replay");
  expect(JSON.parse(JSON.stringify(spec))).toEqual(spec);
});

test("the drawing has a panel for each allocator, in order, with three lines", async () => {
  const { marks, texts } = parseSvg(await renderSvg(timelineChart(timelines, "replay: trace a.gz")));
  expect(marks["line mark"]).toBe(6);
  expect(texts).toEqual(expect.arrayContaining(["12 MiB", "in use", "system", "resident"]));
  expect(texts).toContain("replay: trace a.gz (highest 12 MiB)");
  expect(texts.indexOf("libmalloc")).toBeLessThan(texts.indexOf("lazy"));
});

test("a trace of nothing is drawn", async () => {
  const nothing = [{ allocator: "lazy", options: {}, points: [] }];
  expect(parseSvg(await renderSvg(timelineChart(nothing, "replay"))).marks["line mark"]).toBeUndefined();
});

describe("ticks", () => {
  test("are whole steps of a power of two that reach the highest value", () => {
    fc.assert(
      fc.property(fc.nat({ max: 2 ** 50 }), (highest) => {
        const ticks = binaryTicks(highest);
        const step = ticks[1] as number;
        expect(Math.log2(step) % 1).toBe(0);
        expect(ticks.length).toBeLessThanOrEqual(7);
        expect(ticks.at(-1)).toBeGreaterThanOrEqual(highest);
        expect(ticks.map((tick, index) => tick === index * step)).not.toContain(false);
      }),
    );
  });

  test("are labelled in the unit of their step", () => {
    expect(binaryTicks(3 * MIB)).toEqual([0, 1, 2, 3, 4, 5, 6].map((step) => step * (MIB / 2)));
    expect(binaryLabelExpression(binaryTicks(3 * MIB))).toBe(
      "datum.value === 0 ? '0' : format(datum.value / 1024, ',') + ' KiB'",
    );
    expect(binaryLabelExpression(binaryTicks(0))).toContain("' bytes'");
  });
});

describe("a timeline as text", () => {
  test("is three lines for each allocator, to one scale", () => {
    expect(timelineText(timelines, 22)).toMatchInlineSnapshot(`
      "libmalloc  in use    ··▂▂▃▃▄▄▅▅▅▆▆▅▅▄▄▃▃▂▂·  8 MiB
                 system    ··████████████████████  12 MiB
                 resident  ··▁▁▂▂▂▂▃▃▃▃▃▃▃▂▂▂▂▁▁·  4 MiB
      lazy       in use    ··▂▂▃▃▄▄▅▅▅▆▆▅▅▄▄▃▃▂▂·  8 MiB
                 system    ··████████████████████  12 MiB
                 resident  ··▂▂▃▃▄▄▅▅▅▆▆▅▅▄▄▃▃▂▂·  8 MiB
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
    expect(line).toBe("a  in use    ··███··▅  7 bytes");
  });

  test("of no points is nothing", () => {
    expect(timelineText([{ allocator: "a", options: {}, points: [] }])).toBe("");
    expect(timelineText([])).toBe("");
  });
});
