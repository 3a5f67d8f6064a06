/** The published chart of what calloc costs. */
import { readFile } from "node:fs/promises";
import { expect, it } from "vitest";
import { callocChart, readTimes } from "../../bench/calloc-chart.js";
import { parseSvg } from "../report/svg-check.js";

const read = (name: string) => readFile(new URL(`../../bench/${name}`, import.meta.url), "utf8");

it("shows the figures of the published table", async () => {
  const times = readTimes(await read("README.md"));
  const drawn = callocChart(times);
  expect(await read("charts/heap-calloc.svg")).toBe(drawn);
  const { marks, texts } = parseSvg(drawn);
  expect(marks.bar).toBe(times.length);
  expect(texts).toEqual(expect.arrayContaining(times.map(({ ms }) => ms.toFixed(1))));
});

it("is of a table that is there", () => {
  expect(() => readTimes("| p | q |\n|---|---|\n")).toThrow("there is no table");
});
