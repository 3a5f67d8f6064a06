/** The forms of `zeropage bench`, end to end. `npm test` builds it first. */

import { readFile } from "node:fs/promises";
import { beforeAll, describe, expect, test } from "vitest";
import type { BenchRecord, BenchResult } from "../../src/compare/record.js";
import { parseSvg } from "../report/svg-check.js";
import { BUILT, bench, path, QUICK, SURE, useTraces } from "./bench-fixtures.js";
import { zeropage } from "./spawn.js";

useTraces();

/** What a JSON value is made of: types for figures and texts, of a list the shapes of all its elements, once each. */
function shapeOf(value: unknown): unknown {
  if (Array.isArray(value)) {
    const shapes = value.map((one) => JSON.stringify(shapeOf(one)));
    return [...new Set(shapes)].map((shape) => JSON.parse(shape));
  }
  if (typeof value !== "object" || value === null) return value === null ? null : typeof value;
  const names = Object.keys(value).sort();
  return Object.fromEntries(names.map((name) => [name, shapeOf((value as Record<string, unknown>)[name])]));
}

const asJson = (value: unknown): string => `${JSON.stringify(value, null, 2)}\n`;

/** What is net of the driver is noise on so short a trace, and may have no ratio. */
function withoutNet(result: BenchResult): BenchResult {
  if (result.outcome.state !== "done") return result;
  return { ...result, outcome: { ...result.outcome, net: null } };
}

describe("JSON", () => {
  let record: BenchRecord;
  let late: BenchRecord;

  beforeAll(async () => {
    const modules = [
      "as-tlsf",
      `${BUILT}as-bump.wasm`,
      `${BUILT}trapping.wasm`,
      "--memory",
      "64MiB",
      ...SURE,
    ];
    record = await bench(...modules, "--trace", path("small.txt"), path("huge.txt"));
    late = await bench(`${BUILT}endless.wasm`, "--budget", "300ms", "--trace", path("small.txt"));
  });

  test("is a record of this shape", async () => {
    const { results: _, ...head } = record;
    await expect(asJson(shapeOf(head))).toMatchFileSnapshot("../golden/bench/record.json");
  });

  test("has results of these shapes, by how they came through", async () => {
    const states = Object.fromEntries(
      [...record.results, ...late.results].map((one) => [one.outcome.state, shapeOf(withoutNet(one))]),
    );
    await expect(asJson(states)).toMatchFileSnapshot("../golden/bench/results.json");
  });
});

describe("forms", () => {
  const argv = () => ["bench", "as-tlsf", "as-stub", ...QUICK, "--trace", path("calloc.txt")];

  test("github-action-benchmark's is a list of names, units and values", async () => {
    const { stdout } = await zeropage([...argv(), "--github"]);
    const points: Record<string, unknown>[] = JSON.parse(stdout);
    expect(points.map(({ name }) => name)).toEqual(
      ["as-tlsf", "as-stub"].flatMap((name) =>
        ["steady", "first pass", "memory", "zeroed"].map((what) => `${name} on calloc, ${what}`),
      ),
    );
    for (const { unit, value, range } of points) {
      expect(["ns/op", "bytes"]).toContain(unit);
      expect(value).toBeGreaterThan(0);
      if (unit === "ns/op") expect(range).toMatch(/^± [\d.]+%$/);
    }
  });

  test("benchstat's is Go's benchmark format", async () => {
    const { stdout } = await zeropage([...argv(), "--benchstat"]);
    // golang.org/design/14313-benchmark-format: a name, iterations, and pairs of value and unit
    const line = /^Benchmark[^\sa-z]\S* [1-9]\d*( \d+(\.\d+)?(e-?\d+)? [^\s\d]\S*)+$/;
    const [key, cpu, ...lines] = stdout.trimEnd().split("\n");
    expect(key).toMatch(/^pkg: zeropage-\d/);
    expect(cpu).toMatch(/^cpu: \S/);
    expect(lines).toHaveLength(2 * 2 * 3);
    for (const one of lines) expect(one).toMatch(line);
  });

  test("Markdown is two tables of as many columns everywhere", async () => {
    const { stdout } = await zeropage([...argv(), "--markdown"]);
    const [rows = [], calls = []] = stdout
      .split("\nsingle calls")
      .map((part) => part.split("\n").filter((one) => one.startsWith("|")));
    expect(rows).toHaveLength(4);
    expect(calls).toHaveLength(2 + 2 * 2);
    expect(new Set(calls.map((row) => row.split("|").length))).toEqual(new Set([12]));
    expect(rows[0]).toBe(
      "| allocator | trace | steady, ns/op: CPU (wall) | CPU time to baseline's (95 % interval) | the same, net of driver | " +
        "first pass, CPU ns/op | from JS, CPU ns/op | memory, one pass | memory, all passes | " +
        "utilisation of memory, growth, resident | pages touched | zeroed | needless share | module size |",
    );
    expect(new Set(rows.map((row) => row.split("|").length))).toEqual(new Set([16]));
  });

  test("HTML is one file with charts that parse, and asks for nothing else", async () => {
    const { stderr } = await zeropage([...argv(), "--html", path("bench.html")]);
    expect(stderr).toBe(`wrote ${path("bench.html")}\n`);
    const html = await readFile(path("bench.html"), "utf8");
    expect(html).toMatch(/^<!doctype html>\n<html lang="en">/);
    expect(html.match(/<tr>/g)).toHaveLength(3 + 5);
    expect(html).not.toMatch(/<(script|link|img|iframe)|@import|url\(/);
    const charts = html.match(/<svg[\s\S]*?<\/svg>/g) ?? [];
    expect(charts).toHaveLength(4);
    for (const chart of charts.slice(0, 3)) expect(parseSvg(chart).marks.bar).toBe(2);
    // calloc and free, on two allocators
    expect(parseSvg(charts[3] ?? "").marks.line).toBe(4);
  });
});
