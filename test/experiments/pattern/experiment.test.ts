/** zeropage run pattern, on real models. */
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { patternPresets } from "../../../src/experiments/pattern/presets.js";
import { replayTrace } from "../../../src/experiments/replay/run.js";
import type { PatternReport } from "../../../src/results/pattern.js";
import { machineOptions, models } from "../../../src/sandbox/models.js";
import { readTrace } from "../../../src/trace/read.js";
import { run } from "../../cli/fakes.js";
import { parseSvg } from "../../report/svg-check.js";

const library = { models, machineOptions, replayTrace };
const pattern = (...flags: string[]) => run(["run", "pattern", ...flags], { library });
const jsonOf = async (...flags: string[]): Promise<PatternReport> =>
  JSON.parse((await pattern(...flags, "--json")).stdout);

const SMALL = ["--threads", "2", "--rounds", "2", "--blocks", "10"];

let folder = "";
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "zeropage-test-"));
});
afterEach(() => rm(folder, { recursive: true }));

test("has a row for each moment of each allocator, which are those the preset compares", async () => {
  const { code, stdout } = await pattern();
  expect(code).toBe(0);
  const rows = stdout.split("\n").filter((line) => / (peak|freed|ended) /.test(line));
  expect(rows.slice(0, 15).map((row) => row.split(/ {2,}/)[0])).toEqual([
    ...["glibc", "", "", "", ""],
    ...["glibc:arenaMax=2", "", "", "", ""],
    ...["glibc:arenaMax=1", "", "", "", ""],
  ]);
  expect(stdout).toMatch(/^glibc:arenaMax=1 {2}peak +1.2 MiB +1.4 MiB +1.4 MiB +1.4 MiB +346 /m);
  expect(stdout).toMatch(/ {2}ended and trimmed +0 +4 KiB +4 KiB +4 KiB +346 .* ms$/m);
  expect(stdout).toContain("346 / 346 / 346 / 346 / 1; here 346 / 346 / 346 / 346 / 1.");
});

const measured = patternPresets.filter(({ published }) => published?.source === "the real glibc 2.36");

test.each(measured)("$name comes to what was measured", async ({ name, allocators }) => {
  const { compared } = await jsonOf("--preset", name);
  const rows = compared?.rows ?? [];
  expect(rows.length).toBeGreaterThanOrEqual(
    name === "producer-consumer-batch" ? 1 : allocators.split(",").length,
  );
  for (const { published, here } of rows) expect(here).toBe(published);
});

describe("flags", () => {
  test("change the preset, and nothing that was published is beside it then", async () => {
    const flags = [...SMALL, "--size", "32..1KiB", "--spread", "log", "--written", "25%", "--keep", "4"];
    const { parameters, compared, results } = await jsonOf(...flags, "--allocator", "lazy");
    expect(parameters).toMatchObject({
      ...{ preset: "burst-small", threads: 2, rounds: 2, blocks: 10, min: 32, max: 1024, spread: "log" },
      ...{ written: 0.25, keep: 4, trim: "both" },
    });
    expect(compared).toBeUndefined();
    expect(results.map(({ allocator }) => allocator)).toEqual(["lazy"]);
  });

  test("name a preset that there is", async () => {
    const { code, stdout, stderr } = await pattern("--preset", "nope");
    expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
    expect(stderr).toMatch(/^zeropage: --preset: "nope" is not one of burst-small, burst-medium, /);
  });

  test.each([
    [["--threads", "0", "--freer", "next"], '--freer: "next" needs another thread'],
    [["--size", "2KiB..1KiB"], "--size: the least size is above the largest: write 1024..2048"],
    [["--size", "1..2..3"], '--size: "1..2..3" is not a size'],
    [["--order", "any"], '--order: "any" is not one of first, last, random'],
  ])("that cannot be are refused before anything is written: %j", async (flags, message) => {
    const file = join(folder, "trace.txt");
    const { code, stderr } = await pattern(...flags, "--save-trace", file);
    expect(code).toBe(2);
    expect(stderr).toContain(`zeropage: ${message}`);
    await expect(readFile(file)).rejects.toThrow("ENOENT");
  });
});

test("a module, which does not tell threads apart, has one thread's caches", async () => {
  const { stdout } = await pattern(...SMALL, "--allocator", "as-tlsf,glibc");
  expect(stdout).toMatch(/^as-tlsf +peak .*\none thread's caches +freed /m);
  expect(stdout).toMatch(/^glibc +peak .*\n +freed /m);
});

test("a program of one thread has one thread's caches anyway", async () => {
  const { stdout } = await pattern("--threads", "0", "--blocks", "9", "--allocator", "as-tlsf");
  expect(stdout).not.toContain("one thread's caches");
});

test("is JSON with all moments and the course between, CSV with the moments, and draws", async () => {
  const file = join(folder, "out.svg");
  const flags = [...SMALL, "--allocator", "glibc,lazy"];
  const { stdout, stderr } = await pattern(...flags, "--json", "--chart", file);
  const { results }: PatternReport = JSON.parse(stdout);
  const moments = ["peak", "freed", "freed and trimmed", "ended", "ended and trimmed"];
  for (const { marks, timeline } of results) {
    expect(marks?.map(({ name }) => name)).toEqual(moments);
    expect(timeline?.at(-1)?.operation).toBe(marks?.at(-1)?.operation);
  }
  expect(stderr).toContain(`wrote ${file}\n`);
  expect(parseSvg(await readFile(file, "utf8")).marks.line).toBe(6);
  const lines = (await pattern(...flags, "--csv")).stdout.trim().split("\r\n");
  expect(lines).toHaveLength(1 + 2 * (moments.length + 1));
});

test("the trace is written, and replays to the same", async () => {
  const file = join(folder, "trace.txt");
  const flags = [...SMALL, "--allocator", "glibc"];
  const { stdout, stderr } = await pattern(...flags, "--json", "--save-trace", file);
  expect(stderr).toBe(`wrote ${file}\n`);
  const trace = await readTrace(await readFile(file));
  const { result } = await replayTrace({ model: "glibc", trace, touch: "none" });
  const { results }: PatternReport = JSON.parse(stdout);
  expect(result.marks).toEqual(results[0]?.marks);
});
