import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { AllocatorAbort, OptionError } from "../../src/base/errors.js";
import { linuxVm } from "../../src/costs/linux-vm.js";
import { parseSvg } from "../report/svg-check.js";
import { fakeResult } from "../results/fakes.js";
import { captured, type Overrides, run } from "./fakes.js";

const loop = ["run", "calloc-loop"];
const MIB = 2 ** 20;

test("by default every model runs at 100 MiB and at 1000 MiB, 10,000 times, untouched", async () => {
  const { code, asked, stderr } = await run(loop);
  const common = { options: {}, count: 10_000, written: 0 };
  expect(asked).toEqual([
    { model: "lazy", bytes: 100 * MIB, ...common },
    { model: "libmalloc", bytes: 100 * MIB, ...common },
    { model: "lazy", bytes: 1000 * MIB, ...common },
    { model: "libmalloc", bytes: 1000 * MIB, ...common },
  ]);
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
});

test("a wasm module, which really clears, by default runs at 100 MiB 100 times; and so does what is beside it", async () => {
  const { asked } = await run([...loop, "--allocator", "lazy,heap"]);
  const common = { options: {}, bytes: 100 * MIB, count: 100, written: 0 };
  expect(asked).toMatchObject([
    { model: "lazy", ...common },
    { model: "heap", ...common },
  ]);
  const { asked: chosen } = await run([...loop, "--allocator", "heap", "--count", "7", "--size", "1MiB"]);
  expect(chosen).toMatchObject([{ ...common, model: "heap", bytes: MIB, count: 7 }]);
});

test("the flags say what runs", async () => {
  const flags = ["--size", "1MiB", "--count", "7", "--written", "25%", "--check"];
  const { asked } = await run([...loop, ...flags, "--allocator", "libmalloc:zeroing=dirty:memory=1GiB"]);
  expect(asked).toEqual([
    {
      model: "libmalloc",
      options: { zeroing: "dirty", memory: 2 ** 30, check: true },
      bytes: MIB,
      count: 7,
      written: 0.25,
    },
  ]);
});

describe("the report", () => {
  const small = [...loop, "--size", "1MiB", "--allocator", "lazy"];

  test("is a table", async () => {
    expect((await run([...small, "--written", "7%"])).stdout).toMatchInlineSnapshot(`
      "p = calloc(1, n); free(p), 10,000 times, 7% written between

                                          zeroed by  zeroed by  needless      peak  simulated    host
      allocator   size  cost      faults     kernel  allocator     share  resident       time    time
      ─────────  ─────  ────────  ──────  ─────────  ─────────  ────────  ────────  ─────────  ──────
      lazy       1 MiB  constant       0          0          0         -         0        0 s  250 ms

      lazy at 1 MiB: cost does not depend on the size (constant); nothing was zeroed and no page was touched.
      Simulated time is events times the costs of a profile: linux-vm.
      "
    `);
  });

  test("is the record as JSON", async () => {
    const { parameters, results, scenario } = JSON.parse((await run([...small, "--json"])).stdout);
    expect(scenario).toBe("calloc-loop");
    expect(parameters).toEqual({ count: 10_000, written: 0 });
    expect(results).toHaveLength(1);
    expect(results[0]).toMatchObject({
      allocator: "lazy",
      options: {},
      parameters: { bytes: MIB },
      hostSeconds: 0.25,
    });
  });

  test("is CSV, or Markdown", async () => {
    expect((await run([...small, "--csv"])).stdout).toMatch(
      /^scenario,allocator,.*\r\ncalloc-loop,lazy,.*\r\n$/,
    );
    expect((await run([...small, "--markdown"])).stdout).toContain("| lazy | 1 MiB | constant |");
  });

  test("is in colour on a terminal, unless NO_COLOR", async () => {
    const onTerminal = () => ({ stdout: captured({ isTTY: true }) });
    expect((await run(small, onTerminal())).stdout).toContain("\u001b[32mconstant");
    expect((await run(small, { ...onTerminal(), env: { NO_COLOR: "1" } })).stdout).not.toContain("\u001b");
  });
});

test("what is odd about a module is noted once", async () => {
  const library: Overrides = {
    runCallocLoop: async ({ model }) => ({
      ...fakeResult({ allocator: model, mib: 1 }),
      notes: ["it is odd"],
    }),
  };
  const { code, stdout, stderr } = await run([...loop, "--allocator", "lazy", "--size", "1,2", "--json"], {
    library,
  });
  expect({ code, stderr }).toEqual({ code: 0, stderr: "note: lazy: it is odd\n" });
  expect(JSON.parse(stdout).results[0].notes).toEqual(["it is odd"]);
});

describe("where one allocator fails", () => {
  const failing = (error: Error): Overrides => ({
    async runCallocLoop({ model }) {
      if (model === "lazy") throw error;
      return fakeResult({ allocator: model, mib: 1 });
    },
  });

  test("the results of the others are printed, the failure named, and the exit code is 1", async () => {
    const abort = new AllocatorAbort("double free\nof 0x1000", 4096);
    const { code, stdout, stderr } = await run([...loop, "--size", "1MiB"], { library: failing(abort) });
    expect(stdout).toContain("libmalloc at 1 MiB: ");
    expect(stderr).toBe("zeropage: lazy at 1 MiB: double free of 0x1000\n");
    expect(code).toBe(1);
  });

  test("for an option the library refuses, it is a usage error and nothing is run after", async () => {
    const argv = [...loop, "--size", "1MiB", "--allocator", "lazy,libmalloc"];
    const library = failing(new OptionError("option pageSize takes 4096, 16384 or 65536; got 1"));
    const { code, stdout, stderr } = await run(argv, { library });
    expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
    expect(stderr).toBe("zeropage: lazy at 1 MiB: option pageSize takes 4096, 16384 or 65536; got 1\n");
  });

  test("by a bug, what was done before is printed, and nothing is run after", async () => {
    const argv = [...loop, "--size", "1MiB,2MiB", "--allocator", "libmalloc,lazy"];
    const { code, stdout, stderr } = await run(argv, { library: failing(new TypeError("oops")) });
    expect(stdout.match(/^libmalloc /gm)).toHaveLength(2);
    expect(stdout).not.toContain("2 MiB");
    expect(stderr).toBe("zeropage: lazy at 1 MiB: oops\n");
    expect(code).toBe(1);
  });

  test("and there is nothing else, nothing is printed", async () => {
    const argv = [...loop, "--allocator", "lazy", "--json"];
    expect(await run(argv, { library: failing(new TypeError("oops")) })).toMatchObject({
      code: 1,
      stdout: "",
    });
  });

  test("its stack is shown only when asked for", async () => {
    const world = { library: failing(new TypeError("oops")), env: { ZEROPAGE_DEBUG: "1" } };
    const { stderr } = await run([...loop, "--allocator", "lazy"], world);
    expect(stderr).toContain("TypeError: oops\n    at ");
  });
});

test("progress is shown on a terminal, and taken away before the results", async () => {
  vi.spyOn(Date, "now")
    .mockImplementationOnce(() => 0)
    .mockImplementation(() => 1000);
  const stderr = captured({ isTTY: true });
  await run([...loop, "--size", "1MiB", "--allocator", "lazy"], { stderr });
  vi.restoreAllMocks();
  expect(stderr.text).toBe("\r\u001b[Klazy at 1 MiB: 5,000 of 10,000\r\u001b[K");
});

describe("the chart", () => {
  let folder = "";
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "zeropage-test-"));
  });
  afterEach(() => rm(folder, { recursive: true }));

  test("is written, and stderr says so", async () => {
    const file = join(folder, "out.svg");
    const { code, stderr } = await run([...loop, "--chart", file]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: `wrote ${file}\n` });
    expect(parseSvg(await readFile(file, "utf8")).marks.bar).toBe(12);
  });

  test("that cannot be written stops the work before it starts", async () => {
    const { code, asked, stderr } = await run([...loop, "--chart", join(folder, "no", "out.svg")]);
    expect({ code, asked }).toEqual({ code: 2, asked: [] });
    expect(stderr).toMatch(/^zeropage: --chart: cannot write .*: there is no such folder\n$/);
  });

  test("of nothing is not written", async () => {
    const library: Overrides = { runCallocLoop: () => Promise.reject(new AllocatorAbort("no", 0)) };
    expect((await run([...loop, "--chart", join(folder, "out.svg")], { library })).code).toBe(1);
    expect(await readdir(folder)).toEqual([]);
  });
});

describe("--costs", () => {
  const small = [...loop, "--size", "1MiB", "--allocator", "lazy", "--json"];

  test("takes a profile by name", async () => {
    const { asked } = await run([...small, "--costs", "macos-2016"]);
    expect(asked).toMatchObject([{ costs: { name: "macos-2016" } }]);
  });

  test("takes a profile from a file", async () => {
    const folder = await mkdtemp(join(tmpdir(), "zeropage-test-"));
    const file = join(folder, "mine.json");
    await writeFile(file, JSON.stringify({ ...linuxVm, name: "mine" }));
    const { asked } = await run([...small, "--costs", file]);
    await writeFile(file, "{}");
    const { code, stderr } = await run([...small, "--costs", file]);
    await rm(folder, { recursive: true });
    expect(asked).toMatchObject([{ costs: { ...linuxVm, name: "mine" } }]);
    expect({ code, stderr }).toEqual({
      code: 2,
      stderr: `zeropage: --costs: "${file}": "name" must be a word\n`,
    });
  });

  test("says which names there are", async () => {
    const { code, asked, stderr } = await run([...small, "--costs", "nonesuch"]);
    expect({ code, asked }).toEqual({ code: 2, asked: [] });
    expect(stderr).toMatch(
      /^zeropage: --costs: "nonesuch" is neither a cost profile \(linux-vm and macos-2016\) nor a file/,
    );
  });
});
