/** zeropage run calloc-fixes. */
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { OutOfMemory } from "../../../src/base/errors.js";
import { type Overrides, run } from "../../cli/fakes.js";
import { parseSvg } from "../../report/svg-check.js";
import { fakeFix } from "../../results/fakes.js";

const MIB = 2 ** 20;

let folder = "";
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "zeropage-test-"));
});
afterEach(() => rm(folder, { recursive: true }));

describe("run calloc-fixes", () => {
  test("compares allocators on one machine, the first with each other", async () => {
    const allocators = ["--allocator", "libmalloc,libmalloc:zeroing=dirty"];
    const { code, asked, stdout } = await run(["run", "calloc-fixes", ...allocators]);
    const shares = [0, 0.01, 0.1, 0.5, 1];
    expect(asked).toMatchObject([
      { model: "libmalloc", options: {}, bytes: 100 * MIB, shares, costs: { name: "macos-2016" } },
      { model: "libmalloc", options: { zeroing: "dirty" }, shares, costs: { name: "macos-2016" } },
      { one: { model: "libmalloc" }, other: { options: { zeroing: "dirty" } }, bytes: 100 * MIB },
    ]);
    expect(code).toBe(0);
    expect(stdout).toContain(
      "Simulated time is events times the costs of a profile: macos-2016, for all of them.",
    );
  });

  test("finds no crossovers where an allocator fails", async () => {
    const library: Overrides = {
      async runCallocFix({ model, shares, bytes }) {
        if (model === "lazy") throw new OutOfMemory("no room");
        return fakeFix(model, shares, bytes);
      },
    };
    const argv = ["run", "calloc-fixes", "--allocator", "libmalloc,lazy", "--json"];
    const { code, stdout, asked } = await run(argv, { library });
    expect({ code, asked }).toEqual({ code: 1, asked: [] });
    expect(JSON.parse(stdout)).toMatchObject({ results: [{ allocator: "libmalloc" }], crossovers: [] });
  });

  test("takes allocators and shares, and says where they cross", async () => {
    const file = join(folder, "out.svg");
    const argv = ["run", "calloc-fixes", "--allocator", "libmalloc,lazy", "--written", "100%,0%,0%"];
    const { asked, stdout } = await run([...argv, "--size", "1MiB", "--chart", file]);
    expect(asked).toMatchObject([
      { shares: [0, 1], bytes: MIB },
      { model: "lazy" },
      { other: { model: "lazy" } },
    ]);
    expect(stdout).toContain("libmalloc costs less than lazy from 100 pages written on (25%).");
    expect(parseSvg(await readFile(file, "utf8")).marks.dot).toBe(4);
    expect(JSON.parse((await run([...argv, "--json"])).stdout).crossovers).toEqual([
      { one: "libmalloc", other: "lazy", pages: 100, share: 0.25, cheaperAbove: "one" },
    ]);
    expect((await run([...argv, "--csv"])).stdout.split("\r\n")).toHaveLength(6);
  });

  test("refuses what is no share", async () => {
    const { code, stderr } = await run(["run", "calloc-fixes", "--written", "0%,2"]);
    expect(code).toBe(2);
    expect(stderr).toContain('"2" is not a share');
  });
});
