/** Settings that would help what is on the page: what tune finds, and each a link. */
import { expect, it } from "vitest";
import { collectTrace, readTrace, tune } from "../../src/index.js";
import { tuneChart } from "../../src/tune/chart.js";
import { tuneSheet, variationSheets } from "../../src/tune/sheet.js";
import { searchSettings } from "../../src/web/settings-search.js";
import { parseChoice } from "../../src/web/state.js";
import { traceTape } from "../../src/web/tape.js";

/** Large blocks that come and go beside small ones. */
const PROGRAM = Array.from({ length: 8 }, (_, i) => `a ${2 * i} 300000\na ${2 * i + 1} 40\nf ${2 * i}`).join(
  "\n",
);
const open = async () => readTrace(PROGRAM);
const RUN = { name: "a program", touch: "object", goal: "resident" } as const;

it("is what tune finds, from the first side that people choose on Linux", async () => {
  const tape = await traceTape(await open(), () => {});
  const sides = ["naive", "glibc:topPad=1MiB"].map(parseChoice);
  const told: unknown[] = [];
  const found = await searchSettings({ ...RUN, tape, sides }, (progress) => told.push(progress));
  expect(found.baseline).toEqual(sides[1]);
  const report = await tune({
    ...{ traces: [{ name: RUN.name, ...(await collectTrace(await open())) }], ...RUN, settings: 100 },
    allocators: ["glibc:topPad=1MiB", "jemalloc", "mimalloc", "tcmalloc"].map(parseChoice),
  });
  expect(found.sheets).toEqual([tuneSheet(report), ...variationSheets(report)]);
  expect(found.svg).toBe(tuneChart(report));
  expect(told).toContainEqual({ done: report.results.length, total: 100 });
  // Rows lead to views, so each begins with an allocator as links have it.
  for (const [label] of found.sheets[0]?.rows ?? [])
    expect(() => parseChoice(label?.text ?? "")).not.toThrow();
});

it("is compared with glibc where no side has such an allocator", async () => {
  const tape = await traceTape(await open(), () => {});
  const sides = ["libmalloc", "as-tlsf"].map(parseChoice);
  const { baseline } = await searchSettings({ ...RUN, tape, sides }, () => {});
  expect(baseline).toEqual({ allocator: "glibc", options: {} });
});

it("leads beside the first that came through where the baseline fails", async () => {
  const tape = await traceTape(await open(), () => {});
  const sides = [parseChoice("glibc:memory=64KiB")];
  const { baseline } = await searchSettings({ ...RUN, tape, sides }, () => {});
  expect(baseline).not.toEqual(sides[0]);
});
