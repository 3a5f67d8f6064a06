/** zeropage run cinnabar, on real models. */
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { runCinnabar } from "../../../src/experiments/cinnabar/run.js";
import type { CinnabarReport } from "../../../src/results/cinnabar.js";
import { machineOptions, models } from "../../../src/sandbox/models.js";
import { run } from "../../cli/fakes.js";
import { parseSvg } from "../../report/svg-check.js";

const library = { models, machineOptions, runCinnabar };
const cinnabar = (...flags: string[]) => run(["run", "cinnabar", ...flags], { library });
const jsonOf = async (...flags: string[]): Promise<CinnabarReport> =>
  JSON.parse((await cinnabar(...flags, "--json")).stdout);

const SMALL = ["--objects", "1000", "--manifests", "4", "--smallest", "10KiB", "--largest", "40KiB"];
const PYTHON = "pymalloc/glibc:python=3.9";

let folder = "";
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "zeropage-test-"));
});
afterEach(() => rm(folder, { recursive: true }));

describe("the sentences", () => {
  test("say that resident memory rises while live data falls, what causes it, and what does not", async () => {
    const list = ["", ":arenas=malloc", ":trimThreshold=128KiB"]
      .map((options) => `${PYTHON}${options}`)
      .join(",");
    const { code, stdout } = await cinnabar("--allocator", list);
    expect(code).toBe(0);
    expect(stdout).toContain("live 27.7 MiB after phase 1, 17.5 MiB after phase 2 (36.7% less)");
    for (const [arenas, rise] of [
      ["", "9.7 MiB (33.6%)"],
      [":arenas=malloc", "10.7 MiB (36.9%)"],
    ]) {
      expect(stdout).toContain(
        `${PYTHON}${arenas}: in phase 2 live bytes fall by 10.2 MiB, and resident ones rise by ${rise}.`,
      );
    }
    expect(stdout).toContain(
      `${PYTHON}:trimThreshold=128KiB: resident rises by 3.5 MiB in phase 2 instead of 9.7 MiB: 64.2% of the rise is due to thresholds that adapt`,
    );
    expect(stdout).toContain(
      `${PYTHON}: without growth of buffers, resident still rises by 7.8 MiB, 1.8 MiB less: growth of buffers is a part of it at most.`,
    );
    expect(stdout).toContain("all 72 arenas still have an object, and none goes back.");
    expect(stdout).toContain("1.7 times what malloc counts as in use, but 8.1 times what is live.");
  });
});

test("has a result for each allocator, and of the first also without each of some things", async () => {
  const { results, parameters } = await jsonOf(...SMALL, "--allocator", `${PYTHON},glibc`);
  expect(parameters).toMatchObject({
    objects: 1000,
    manifests: 4,
    smallest: 10240,
    largest: 40960,
    warmUp: 2 ** 20,
  });
  expect(results.map(({ allocator, without }) => [allocator, without])).toEqual([
    ["pymalloc/glibc", "nothing"],
    ["pymalloc/glibc", "middling objects"],
    ["pymalloc/glibc", "growth of buffers"],
    ["pymalloc/glibc", "warm-up"],
    ["glibc", "nothing"],
  ]);
  for (const { moments, course, operations } of results) {
    expect(moments.map(({ name }) => name)).toEqual(["phase 1", "phase 2", "phase 3", "trimmed"]);
    expect(course.at(-1)?.operation).toBe(operations);
    const ends = new Map(course.map((point) => [point.operation, point.live]));
    for (const { operation, live } of moments) expect(ends.get(operation) ?? live).toBe(live);
  }
  expect(results[0]?.moments[0]).toHaveProperty("arenas");
  expect(results[4]?.moments[0]).not.toHaveProperty("arenas");
});

test("draws a panel for each allocator, with four lines, and the ends of both phases", async () => {
  const file = join(folder, "cinnabar.svg");
  const { code } = await cinnabar(...SMALL, "--allocator", "glibc,naive", "--chart", file);
  expect(code).toBe(0);
  const { marks } = parseSvg(await readFile(file, "utf8"));
  expect(marks.line).toBe(4 * 2);
});

test("has a row of CSV for each moment and point", async () => {
  const { results } = await jsonOf(...SMALL, "--allocator", "lazy");
  const { stdout } = await cinnabar(...SMALL, "--allocator", "lazy", "--csv");
  const points = results.reduce((sum, { moments, course }) => sum + moments.length + course.length, 0);
  expect(stdout.trimEnd().split("\r\n").length).toBe(1 + points);
});

test.each([
  [["--smallest", "2MiB", "--largest", "1MiB"], "--smallest is 2097152 bytes, more than --largest, 1048576"],
  [["--objects", "10"], "--objects is 10: phase 2 needs 1000 at least"],
])("refuses %o", async (flags, message) => {
  const { code, stderr } = await cinnabar(...flags);
  expect(code).not.toBe(0);
  expect(stderr).toContain(message);
});

test("can end without objects to choose from", async () => {
  const { results } = await jsonOf(...SMALL, "--dying", "100%", "--allocator", "lazy");
  expect(results[0]?.moments).toHaveLength(4);
});
