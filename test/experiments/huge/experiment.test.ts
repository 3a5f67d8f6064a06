/** zeropage run huge: what huge pages make of touching, beside what was measured (C5 of what we know of huge pages). */
import { describe, expect, test } from "vitest";
import { hugeChart, hugePanels } from "../../../src/experiments/huge/chart.js";
import { runHuge } from "../../../src/experiments/huge/run.js";
import { hugeSheet } from "../../../src/experiments/huge/sheet.js";
import { openSandbox } from "../../../src/index.js";
import type { HugeReport } from "../../../src/results/huge.js";
import { machineOptions, models } from "../../../src/sandbox/models.js";
import { run } from "../../cli/fakes.js";
import { parseSvg } from "../../report/svg-check.js";
import { MIB } from "../../results/fakes.js";

const library = { models, machineOptions, runHuge };
const KIB = 1024;

async function reportOf(...more: string[]): Promise<HugeReport> {
  const args = ["run", "huge", "--allocator", "naive", "--json", ...more];
  return JSON.parse((await run(args, { library })).stdout);
}

describe("what is resident of a block of 32 MiB", () => {
  test.each([
    ["never", "sparse", 16, 64 * KIB],
    ["madvise", "sparse", 16, 64 * KIB],
    ["always", "sparse", 16, 32 * MIB],
    ["never", "dense", 8192, 32 * MIB],
    ["madvise", "dense", 16, 32 * MIB],
    ["always", "dense", 16, 32 * MIB],
  ] as const)(
    "is what was measured: %s, %s: %i faults, %i bytes",
    async (mode, toucher, faults, resident) => {
      const result = await runHuge({ model: "naive", mode, toucher, size: 32 * MIB, stride: 2 * MIB });
      const hugeFaults = resident === 32 * MIB && faults === 16 ? 16 : 0;
      expect(result).toMatchObject({ faults, hugeFaults, resident, zeroed: resident });
    },
  );

  test("of glibc, whose block is not at a multiple of 2 MiB, is huge but for its ends", async () => {
    const result = await runHuge({
      ...{ model: "glibc", mode: "always", toucher: "dense", size: 64 * MIB, stride: 2 * MIB },
    });
    // Measured of malloc(64 MiB) where it asks for huge pages: 63,488 KiB of them.
    expect(result.hugeFaults * 2048).toBe(63_488);
  });

  test("is of models whose machine has huge pages", async () => {
    const lazy = { model: "lazy", mode: "always", toucher: "sparse", size: MIB, stride: MIB } as const;
    await expect(runHuge(lazy)).rejects.toThrow('lazy has no option "hugePages"');
    const sandbox = await openSandbox("glibc", { hugePages: "always", pageSize: 16384 });
    sandbox.touch(sandbox.malloc(8 * MIB), 8 * MIB, "write");
    expect(sandbox.hugePages().faults).toBe(0);
  });
});

describe("run huge", () => {
  test("is JSON and CSV too, and draws a bar for each mode and toucher", async () => {
    const report = await reportOf("--size", "4MiB");
    expect(report).toMatchObject({ scenario: "huge", parameters: { size: 4 * MIB, stride: 2 * MIB } });
    expect(report.results).toHaveLength(6);
    const { marks, texts } = parseSvg(hugeChart(report));
    expect(marks.bar).toBe(6 * 2);
    expect(texts).toContain("always, sparse");
    for (const { rows } of hugePanels(report)) {
      const sums = rows.map(({ bars }) => bars[0]?.segments.reduce((sum, { value }) => sum + value, 0));
      expect(sums).toEqual(report.results.map(({ resident }) => resident));
    }
    const csv = await run(["run", "huge", "--size", "4MiB", "--allocator", "naive", "--csv"], { library });
    expect(csv.stdout.split("\r\n")).toHaveLength(8);
  });

  test("refuses strides below a page as a mistake in use", async () => {
    const { stderr, code } = await run(["run", "huge", "--stride", "1KiB"], { library });
    expect(stderr).toContain('--stride: "1KiB" is not between 4 KiB and 128 TiB');
    expect(code).toBe(2);
  });

  test("says what it means", async () => {
    const { sentences, rows } = hugeSheet(await reportOf());
    expect(sentences).toEqual([
      "naive: a program that touches little of much has 64 KiB, and 32 MiB with huge pages for all, each zeroed for one byte; where only who asks gets them, it keeps that.",
      "naive: one that touches all of it takes 16 faults with huge pages, and 8,192 without, and has 32 MiB either way.",
    ]);
    expect(rows.map((cells) => cells.at(-1)?.tone)).toEqual([
      "plain",
      "plain",
      "bad",
      "plain",
      "plain",
      "plain",
    ]);
  });

  test("says nothing of modes that were not run", async () => {
    expect(hugeSheet(await reportOf("--mode", "madvise", "--size", "4MiB")).sentences).toEqual([]);
  });
});
