import { describe, expect, test } from "vitest";
import { callocLoopChart, zeroedParts } from "../../../src/experiments/calloc-loop/chart.js";
import { renderSvg } from "../../../src/report/svg.js";
import { parseSvg } from "../../report/svg-check.js";
import { benfield, MIB, reportOf } from "../../results/fakes.js";

describe("the parts of a bar", () => {
  test("are what the kernel and the allocator zeroed, with and without need", () => {
    const zeroed = { kernel: MIB, allocator: 30_000 * MIB, needless: 10_000 * MIB };
    const parts = zeroedParts(reportOf({ allocator: "libmalloc", mib: 1, counters: { zeroed } }));
    expect(parts.map(({ part, bytes, times }) => [part, bytes / MIB, times])).toEqual([
      ["kernel", 1, 0.0001],
      ["allocator, needed", 20_000, 2],
      ["allocator, needless", 10_000, 1],
    ]);
    expect(parts.map(({ note }) => note)).toEqual(["29.3 GiB, 9.8 GiB needlessly", "", ""]);
  });

  test("of nothing say so", () => {
    const [first] = zeroedParts(reportOf({ allocator: "lazy", mib: 1 }));
    expect(first).toMatchObject({ note: "0", totalTimes: 0, size: "calloc(1, 1 MiB)" });
  });

  test("are none for a result that is about no size", () => {
    expect(zeroedParts(reportOf({ allocator: "lazy" }))).toEqual([]);
  });
});

test("the chart is a plain object that a page can take as JSON", () => {
  const spec = callocLoopChart(benfield);
  expect(JSON.parse(JSON.stringify(spec))).toEqual(spec);
});

test("the drawing has a panel for each size, three parts and a note for each bar", async () => {
  const { marks, texts } = parseSvg(await renderSvg(callocLoopChart(benfield)));
  expect(marks).toMatchObject({ bar: 18, legend: 1 });
  expect(texts).toEqual(
    expect.arrayContaining(["calloc(1, 100 MiB)", "calloc(1, 1,000 MiB)", "Who zeroed the memory"]),
  );
  expect(texts.filter((text) => text === "0" || text.endsWith("needlessly"))).toEqual(
    expect.arrayContaining(["1.9 TiB, 976.6 GiB needlessly", "0", "976.6 GiB, 976.5 GiB needlessly"]),
  );
  expect(texts.indexOf("calloc(1, 100 MiB)")).toBeLessThan(texts.indexOf("calloc(1, 1,000 MiB)"));
});

test("names that XML minds are drawn", async () => {
  const report = reportOf({ allocator: `<a & "b">`, mib: 1 });
  const { texts } = parseSvg(await renderSvg(callocLoopChart(report)));
  expect(texts.join()).toContain("&lt;a &amp; ");
});

test("a report without results is drawn", async () => {
  expect(parseSvg(await renderSvg(callocLoopChart(reportOf()))).marks.bar).toBeUndefined();
});
