import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { OutOfMemory } from "../../../src/base/errors.js";
import { captured, run } from "../../cli/fakes.js";
import { parseSvg } from "../../report/svg-check.js";
import { fakeCliffs } from "../../results/fakes.js";

const whole = { from: 1024, to: 2 ** 30 };

test("by default every model is searched from 1 KiB to 1 GiB", async () => {
  const { code, asked, stderr } = await run(["cliffs"]);
  expect(asked).toEqual([
    { model: "lazy", options: {}, ...whole },
    { model: "libmalloc", options: {}, ...whole },
  ]);
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
});

test("the flags say what is searched", async () => {
  const flags = ["--allocator", "libmalloc:zeroing=dirty", "--from", "4096", "--to", "64MiB", "--check"];
  expect((await run(["cliffs", ...flags])).asked).toEqual([
    { model: "libmalloc", options: { zeroing: "dirty", check: true }, from: 4096, to: 2 ** 26 },
  ]);
});

test("allocators may be named one by one", async () => {
  const argv = ["cliffs", "--allocator", "libmalloc", "--allocator", "lazy,libmalloc:zeroing=dirty"];
  expect((await run(argv)).asked).toEqual([
    { model: "libmalloc", options: {}, ...whole },
    { model: "lazy", options: {}, ...whole },
    { model: "libmalloc", options: { zeroing: "dirty" }, ...whole },
  ]);
});

describe("the report", () => {
  const lazy = ["cliffs", "--allocator", "lazy", "--to", "1MiB"];

  test("is a table of ranges and what they mean", async () => {
    const { stdout } = await run(lazy);
    expect(stdout).toMatch(
      /^p = calloc\(1, n\); free\(p\), one iteration once settled, n from 1 KiB to 1 MiB\n/,
    );
    expect(stdout).toMatch(/^lazy +1,024 +130,048 +linear /m);
    expect(stdout).toContain("lazy: linear up to 130,048 bytes (127 KiB), constant from 130,049 on.");
  });

  test("is the record as JSON and nothing else", async () => {
    const record = JSON.parse((await run([...lazy, "--json"])).stdout);
    expect(record).toEqual({
      ...{ schema: 1, version: "1.2.3" },
      scenario: "cliffs",
      parameters: { from: 1024, to: 2 ** 20 },
      results: [fakeCliffs("lazy", 130_048)],
    });
  });

  test("is CSV, or Markdown", async () => {
    expect((await run([...lazy, "--csv"])).stdout).toMatch(
      /^scenario,allocator,bytes,cost,.*\r\ncliffs,lazy,1024,linear,/,
    );
    expect((await run([...lazy, "--markdown"])).stdout).toContain("| lazy | 1,024 | 130,048 | linear |");
  });
});

test("where one allocator fails, the others are reported", async () => {
  const { code, stdout, stderr } = await run(["cliffs"], {
    library: {
      async findCliffs({ model }) {
        if (model === "lazy") throw new OutOfMemory("there is no memory");
        return fakeCliffs(model);
      },
    },
  });
  expect(code).toBe(1);
  expect(stdout).toContain("libmalloc: linear throughout, no cliff.");
  expect(stderr).toBe("zeropage: lazy: there is no memory\n");
});

test.each([
  [["--from", "0"], '--from: "0" is not between 1 byte and 128TiB, the machine\'s address space'],
  [["--to", "big"], '--to: "big" is not a size: write bytes, or a number with KiB, MiB, GiB or TiB'],
  [["--from", "2MiB", "--to", "1MiB"], '--from: "2MiB" is more than "1MiB", given to --to'],
  [["--chart", "/no/out.svg"], '--chart: cannot write "/no/out.svg": there is no such folder'],
])("%j is refused before anything is run", async (flags, message) => {
  const { code, asked, stderr } = await run(["cliffs", ...flags]);
  expect({ code, asked, stderr }).toEqual({ code: 2, asked: [], stderr: `zeropage: ${message}\n` });
});

test("progress is shown on a terminal", async () => {
  vi.spyOn(Date, "now")
    .mockImplementationOnce(() => 0)
    .mockImplementation(() => 1000);
  const stderr = captured({ isTTY: true });
  await run(["cliffs", "--allocator", "lazy"], { stderr });
  vi.restoreAllMocks();
  expect(stderr.text).toBe("\r\u001b[Klazy: 80 of 160 sizes\r\u001b[K");
});

describe("the chart", () => {
  let folder = "";
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "zeropage-test-"));
  });
  afterEach(() => rm(folder, { recursive: true }));

  test("has all allocators, and stderr says that it was written", async () => {
    const file = join(folder, "out.svg");
    const { code, stderr } = await run(["cliffs", "--chart", file]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: `wrote ${file}\n` });
    expect(parseSvg(await readFile(file, "utf8")).marks.line).toBe(2);
  });
});
