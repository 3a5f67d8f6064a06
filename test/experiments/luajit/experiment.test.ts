/** zeropage run luajit, and what people read of it. */
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { luajitPanels } from "../../../src/experiments/luajit/chart.js";
import { runLuajit } from "../../../src/experiments/luajit/run.js";
import { luajitSheet } from "../../../src/experiments/luajit/sheet.js";
import type { LuajitReport } from "../../../src/results/luajit.js";
import { machineOptions, models } from "../../../src/sandbox/models.js";
import { run } from "../../cli/fakes.js";
import { parseSvg } from "../../report/svg-check.js";

let folder = "";
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "zeropage-test-"));
});
afterEach(() => rm(folder, { recursive: true }));

const library = { models, machineOptions, runLuajit };
const SMALL = ["run", "luajit", "--loaded", "0,1104MiB", "--block", "1MiB", "--piece", "1MiB"];
const ALLOCATORS = ["--allocator", "naive"];

/** As glibc's is. */
const EATEN: LuajitReport["results"][number] = {
  ...{ allocator: "glibc", options: {} },
  points: [
    { loaded: 0, taken: 0, low: 2 ** 30, hinted: 2 ** 26 },
    { loaded: 1104 * 2 ** 20, taken: 1105 * 2 ** 20, low: 939 * 2 ** 20, hinted: 2 ** 20 },
    { loaded: 2 ** 32, taken: 2 ** 31, low: 0, hinted: 0 },
  ],
};

async function reportOf(...more: string[]): Promise<LuajitReport> {
  return JSON.parse((await run([...SMALL, ...ALLOCATORS, "--json", ...more], { library })).stdout);
}

describe("run luajit", () => {
  test("refuses pieces that would overlap as a mistake in use", async () => {
    const { stderr, code } = await run([...SMALL, ...ALLOCATORS, "--piece", "32MiB"], { library });
    expect(stderr).toContain('--piece: "32MiB" is not between 1 byte and 16 MiB');
    expect(code).toBe(2);
  });

  test("refuses models whose machine maps nothing for the program as a mistake in use, before any work", async () => {
    const { stderr, stdout, code } = await run([...SMALL, "--allocator", "glibc,jemalloc"], { library });
    expect(stderr).toContain(
      "--allocator: the machine of jemalloc maps nothing for the program, to be small: open naive, glibc, tcmalloc",
    );
    expect([stdout, code]).toEqual(["", 2]);
  });

  test("is JSON and CSV too, and draws a bar for each amount", async () => {
    const file = join(folder, "out.svg");
    const report = await reportOf("--chart", file);
    expect(report).toMatchObject({
      scenario: "luajit",
      parameters: { block: 2 ** 20, piece: 2 ** 20 },
      results: [{ allocator: "naive", options: {} }],
    });
    const { marks, texts } = parseSvg(await readFile(file, "utf8"));
    expect(marks.bar).toBe(2 * 2);
    expect(texts).toContain("0 bytes loaded");
    const csv = await run([...SMALL, ...ALLOCATORS, "--csv"], { library });
    expect(csv.stdout.split("\r\n")).toHaveLength(4);
  });

  test("draws what is left and what is gone, together all there is", async () => {
    const report = await reportOf();
    for (const { rows } of luajitPanels({ ...report, results: [...report.results, EATEN] })) {
      for (const { bars } of rows) {
        const values = bars[0]?.segments.map(({ value }) => value) ?? [];
        expect(values.reduce((sum, value) => sum + value, 0)).toBe(2 ** 30);
      }
    }
  });

  test("says who leaves what", async () => {
    const report = await reportOf();
    const { sentences, rows } = luajitSheet({ ...report, results: [EATEN, ...report.results] });
    expect(sentences.slice(0, 2)).toEqual([
      "glibc: leaves 939 MiB of 1 GiB with 1,104 MiB loaded and nothing of 1 GiB with 4 GiB loaded.",
      "naive: leaves all of it, whatever is loaded.",
    ]);
    expect(rows.slice(0, 3).map((cells) => cells[3]?.tone)).toEqual(["good", "plain", "bad"]);
  });
});
