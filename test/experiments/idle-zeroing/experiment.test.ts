/** zeropage run idle-zeroing, and what people read of it. */
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { idleZeroingPanels } from "../../../src/experiments/idle-zeroing/chart.js";
import { runIdleZeroing } from "../../../src/experiments/idle-zeroing/run.js";
import { idleZeroingSheet } from "../../../src/experiments/idle-zeroing/sheet.js";
import type { IdleZeroingReport } from "../../../src/results/idle-zeroing.js";
import { run } from "../../cli/fakes.js";
import { parseSvg } from "../../report/svg-check.js";

let folder = "";
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "zeropage-test-"));
});
afterEach(() => rm(folder, { recursive: true }));

const small = ["run", "idle-zeroing", "--size", "1MiB", "--count", "10", "--written", "100%,0%"];

async function reportOf(...more: string[]): Promise<IdleZeroingReport> {
  return JSON.parse((await run([...small, "--json", "--allocator", "libmalloc,lazy", ...more])).stdout);
}

describe("run idle-zeroing", () => {
  test("runs each allocator on one machine, and is JSON and CSV too, and draws", async () => {
    const file = join(folder, "out.svg");
    const { scenario, parameters, results } = await reportOf("--chart", file);
    expect({ scenario, parameters }).toEqual({
      scenario: "idle-zeroing",
      parameters: { bytes: 2 ** 20, count: 10, costs: "macos-2016" },
    });
    const shares = results.map(({ allocator, points }) => [allocator, points.map(({ share }) => share)]);
    expect(shares).toEqual([
      ["libmalloc", [0, 1]],
      ["lazy", [0, 1]],
    ]);
    const { marks, texts } = parseSvg(await readFile(file, "utf8"));
    expect(marks.bar).toBe(2 * 2 * 2 * 4);
    expect(texts).toContain("100% written");
    const csv = await run([...small, "--csv", "--allocator", "libmalloc,lazy"]);
    expect(csv.stdout.split("\r\n")).toHaveLength(6);
  });

  test("takes costs", async () => {
    const asked: unknown[] = [];
    const library = {
      runIdleZeroing: async (one: Parameters<typeof runIdleZeroing>[0]) => {
        asked.push(one);
        return runIdleZeroing(one);
      },
    };
    await run([...small, "--allocator", "lazy", "--costs", "linux-vm"], { library });
    expect(asked).toMatchObject([{ model: "lazy", count: 10, shares: [0, 1], costs: { name: "linux-vm" } }]);
  });

  test("a bar without the kernel's zeroing is below each with it", async () => {
    for (const { rows } of idleZeroingPanels(await reportOf())) {
      for (const { bars } of rows) {
        const [onFault, idle] = bars.map(({ segments }) => segments.map(({ value }) => value));
        expect(idle).toEqual([...(onFault ?? []).slice(0, 3), 0]);
      }
    }
  });
});

describe("what it means", () => {
  test("is said of who clears most from a cache", async () => {
    const { sentences } = idleZeroingSheet(await reportOf());
    expect(sentences[1]).toBe(
      "lazy: zeroing in idle time saves 0% with 0% written and 32.5% with 100% written.",
    );
    expect(sentences[2]).toMatch(
      /^It does not rescue .* Of 10 MiB zeroed with libmalloc the kernel zeroes 1 MiB:/,
    );
  });

  test("is not said where nobody does", async () => {
    const report = await reportOf();
    const results = report.results.filter(({ allocator }) => allocator === "lazy");
    expect(idleZeroingSheet({ ...report, results }).sentences.join()).not.toContain("rescue");
  });
});
