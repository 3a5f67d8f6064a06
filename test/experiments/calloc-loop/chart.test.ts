import { describe, expect, test } from "vitest";
import { callocLoopChart, zeroedPanels } from "../../../src/experiments/calloc-loop/chart.js";
import { parseSvg } from "../../report/svg-check.js";
import { benfield, MIB, reportOf } from "../../results/fakes.js";

describe("a bar", () => {
  test("is what the kernel and the allocator zeroed, with and without need, for each byte asked for", () => {
    const zeroed = { kernel: MIB, allocator: 30_000 * MIB, needless: 10_000 * MIB };
    const [panel] = zeroedPanels(reportOf({ allocator: "libmalloc", mib: 1, counters: { zeroed } }));
    const [bar] = panel?.rows[0]?.bars ?? [];
    expect(bar?.segments.map(({ told, value }) => [told, value])).toEqual([
      ["kernel: 1 MiB", 0.0001],
      ["allocator, needed: 19.5 GiB", 2],
      ["allocator, needless: 9.8 GiB", 1],
    ]);
    expect(bar?.note).toBe("29.3 GiB, 9.8 GiB needlessly");
  });

  test("of nothing says so", () => {
    const [panel] = zeroedPanels(reportOf({ allocator: "lazy", mib: 1 }));
    expect(panel?.name).toBe("calloc(1, 1 MiB)");
    expect(panel?.rows[0]?.bars[0].note).toBe("0");
  });

  test("is not drawn of a result that is about no size", () => {
    expect(zeroedPanels(reportOf({ allocator: "lazy" }))).toEqual([]);
  });
});

test("the drawing has a panel for each size, three parts and a note for each bar", async () => {
  const { marks, texts } = parseSvg(callocLoopChart(benfield));
  expect(marks).toMatchObject({ bar: 18, swatch: 3 });
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
  const { texts } = parseSvg(callocLoopChart(report));
  expect(texts.join()).toContain("&lt;a &amp; ");
});

test("a report without results is drawn", async () => {
  expect(parseSvg(callocLoopChart(reportOf())).marks.bar).toBeUndefined();
});
