/** The built command, end to end, in a process of its own. `npm test` builds it first. */

import { existsSync } from "node:fs";
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { gunzipSync } from "node:zlib";
import { Profile } from "pprof-format";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { builtInModules } from "../../src/allocator/built-in.js";
import type { CliffsReport } from "../../src/results/cliffs.js";
import type { Report, Result } from "../../src/results/run.js";
import { models as registered } from "../../src/sandbox/models.js";
import { parseSvg } from "../report/svg-check.js";
import { some } from "../thorough.js";
import { zeropage } from "./spawn.js";

const MODELS = registered.map(({ name }) => name);
/** Those that run where none is named. */
const ALONE = registered.filter(({ layers, onRequest }) => !layers && !onRequest).map(({ name }) => name);
const MIB = 2 ** 20;

let folder = "";
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "zeropage-test-"));
});
afterEach(() => rm(folder, { recursive: true }));

const bySize = (results: readonly Result[], allocator: string, mib: number) =>
  results.find((result) => result.allocator === allocator && result.parameters.bytes === mib * MIB);

/** How sure the model of libmalloc is. */
const NOTE = "note: libmalloc: version 116 is read from public sources; never run\n";
/** What is said where every model runs. */
const NOTES = `${NOTE}${[
  "note: jemalloc: calloc zeroes large blocks by madvise, not by clearing",
  "note: jemalloc: the clock stands still, unless a trace sets it",
].join("\n")}\n`;

describe("run calloc-loop", () => {
  test("shows Benfield's experiment as a table", async () => {
    const { code, stdout, stderr } = await zeropage(["run", "calloc-loop"]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: NOTES });
    expect(stdout).not.toContain("\u001b");
    expect(stdout).toMatch(/^libmalloc +100 MiB +linear +25,600 +100 MiB +976\.5 GiB +100% +100 MiB/m);
    // The page is that of its table of live blocks.
    expect(stdout).toMatch(/^libmalloc +1,000 MiB +constant +0 +0 +0 +- +4 KiB/m);
    expect(stdout).toMatch(/^naive +100 MiB +linear +256,000,000 +976\.6 GiB +976\.6 GiB +100% +100 MiB/m);
    expect(stdout).toContain("every one of its 25,600 faults was needless.");
    expect(stdout).toContain("libmalloc: a cliff lies between 100 MiB (linear) and 1,000 MiB (constant).");
  });

  test("gives the same figures as JSON", async () => {
    const { code, stdout } = await zeropage([
      "run",
      "calloc-loop",
      "--allocator",
      "libmalloc,lazy",
      "--json",
    ]);
    const { scenario, results } = JSON.parse(stdout) as Report;
    expect({ code, scenario }).toEqual({ code: 0, scenario: "calloc-loop" });
    const needless = 9_999 * 100 * MIB;
    expect(bySize(results, "libmalloc", 100)?.counters).toMatchObject({
      faults: { needless: 25_600 },
      zeroed: { allocator: needless, needless },
    });
    expect(bySize(results, "libmalloc", 1000)?.counters).toMatchObject({
      faults: { zeroMap: 0, zeroFill: 0, copyOnWrite: 0, needless: 0 },
      zeroed: { kernel: 0, allocator: 0, needless: 0 },
    });
    expect(bySize(results, "lazy", 100)?.counters.zeroed).toEqual({ kernel: 0, allocator: 0, needless: 0 });
  });

  test("with zeroing=dirty nothing is zeroed, on the check build too", async () => {
    const flags = ["--size", "100MiB", "--count", "20", "--allocator", "libmalloc:zeroing=dirty", "--json"];
    for (const check of [[], ["--check"]]) {
      const { results } = JSON.parse(
        (await zeropage(["run", "calloc-loop", ...flags, ...check])).stdout,
      ) as Report;
      expect(results[0]).toMatchObject({
        options: { zeroing: "dirty" },
        counters: { zeroed: { allocator: 0 }, faults: { zeroFill: 0 } },
      });
    }
  });

  test("draws a chart", async () => {
    const file = join(folder, "out.svg");
    const small = ["--count", "5", "--allocator", "libmalloc,glibc"];
    const { code, stderr } = await zeropage(["run", "calloc-loop", ...small, "--chart", file]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: `${NOTE}wrote ${file}\n` });
    expect(await readdir(folder)).toEqual(["out.svg"]);
    const drawing = parseSvg(await readFile(file, "utf8"));
    expect(drawing.texts).toContain("calloc(1, 100 MiB)");
  });

  test("writes CSV and Markdown", async () => {
    const small = ["run", "calloc-loop", "--size", "1MiB", "--count", "2", "--allocator", "lazy"];
    expect((await zeropage([...small, "--csv"])).stdout.split("\r\n")).toHaveLength(3);
    expect((await zeropage([...small, "--markdown"])).stdout).toContain("| lazy | 1 MiB |");
  });
});

describe("replay", () => {
  const text = "a 0 4096\nc 1 10 100\nr 0 8192\nf 1\nf 0\n";

  test("replays a file on every model", async () => {
    const file = join(folder, "trace.txt");
    await writeFile(file, text);
    const { code, stdout } = await zeropage([
      "replay",
      file,
      "--touch",
      "pages",
      "--json",
      "--format",
      "text",
    ]);
    const { scenario, parameters, results } = JSON.parse(stdout) as Report;
    expect({ code, scenario, parameters }).toEqual({
      code: 0,
      scenario: "replay",
      parameters: { trace: file, touch: "pages" },
    });
    expect(results.map(({ allocator }) => allocator)).toEqual(ALONE);
    for (const { counters } of results) {
      expect(counters.calls).toBe(5);
      expect(counters.bytes.inUse).toBe(0);
    }
  });

  test("replays stdin, and draws it", async () => {
    const file = join(folder, "out.svg");
    const argv = ["replay", "-", "--format", "text", "--timeline", file];
    const { code, stdout, stderr } = await zeropage(argv, { input: text });
    expect(code).toBe(0);
    expect(stderr).toContain(`wrote ${file}\n`);
    expect(stdout).toContain("replay: trace stdin, touch none");
    expect(stdout).toContain("system");
    expect(parseSvg(await readFile(file, "utf8")).marks.line).toBe(3 * ALONE.length);
  });

  test("names the line of a bad trace", async () => {
    const { code, stderr } = await zeropage(["replay", "-", "--format", "text"], { input: "a 0 1\nx\n" });
    expect(code).toBe(1);
    expect(stderr).toMatch(/^zeropage: stdin: line 2: .*\n$/);
  });
});

describe("replay --addresses", () => {
  test("writes what each operation returned", async () => {
    const [trace, out] = [join(folder, "trace.txt"), join(folder, "out.txt")];
    await writeFile(trace, "a 0 4096\n# a comment\nw 0 0 8\nc 1 10 100\nr 0 8192\nf 1\nm 2 64 1\nf 0\n");
    const argv = ["replay", trace, "--allocator", "naive", "--addresses", out, "--json"];
    const { code, stderr } = await zeropage(argv);
    expect({ code, stderr }).toEqual({ code: 0, stderr: `wrote ${out}\n` });
    const lines = (await readFile(out, "utf8")).split("\n");
    expect(lines.map((line) => (line.startsWith("0x7ff") ? "address" : line))).toEqual([
      ...["address", "-", "address", "address", "-", "address", "-", ""],
    ]);
    expect(lines[2]).not.toBe(lines[0]);
  });

  test("has a line for each operation of a trace that is longer than any buffer", async () => {
    const out = join(folder, "out.txt");
    const bytes = Array.from({ length: 20_000 }, (_, i) => `a ${i} 16\nf ${i}\n`).join("");
    const argv = ["replay", "-", "--format", "text", "--allocator", "libmalloc", "--addresses", out];
    expect((await zeropage(argv, { input: bytes })).code).toBe(0);
    const lines = (await readFile(out, "utf8")).trimEnd().split("\n");
    // The same block over and over.
    expect(lines).toHaveLength(40_000);
    expect(new Set(lines)).toEqual(new Set([lines[0], "-"]));
  });
});

describe("replay --malloc-stats and --malloc-info", () => {
  const input = "a 0 10\np first\nt 2\na 1 10\n";
  const onlyGlibc = "only the model glibc has this text: name it as the --allocator";

  test("write what the real ones would at each mark and at the end", async () => {
    const [stats, info] = [join(folder, "stats.txt"), join(folder, "info.xml")];
    const files = ["--malloc-stats", stats, "--malloc-info", info];
    const { code, stderr } = await zeropage(["replay", "-", "--allocator", "glibc", ...files], { input });
    expect({ code, stderr }).toEqual({ code: 0, stderr: `wrote ${stats}\nwrote ${info}\n` });
    const arenas = (await readFile(stats, "utf8")).match(/^Arena \d:|^Total.*:/gm);
    expect(arenas).toEqual([
      "Arena 0:",
      "Total (incl. mmap):",
      "Arena 0:",
      "Arena 1:",
      "Total (incl. mmap):",
    ]);
    const heaps = (await readFile(info, "utf8")).match(/^<malloc|^<heap nr="\d"/gm);
    expect(heaps).toEqual(["<malloc", '<heap nr="0"', "<malloc", '<heap nr="0"', '<heap nr="1"']);
  });

  test.each([
    ["naive", onlyGlibc],
    ["glibc,naive", "name exactly one --allocator; there are 2 for one file"],
    ["heap", onlyGlibc],
  ])("are refused for %s", async (allocator, why) => {
    const out = join(folder, "out.xml");
    const argv = ["replay", "-", "--allocator", allocator, "--malloc-info", out];
    const { code, stderr } = await zeropage(argv, { input });
    expect({ code, stderr }).toEqual({ code: 2, stderr: `zeropage: --malloc-info: ${why}\n` });
    expect(existsSync(out)).toBe(false);
  });
});

describe("cliffs", () => {
  test("finds those of every model, and draws them", async () => {
    const file = join(folder, "out.svg");
    const sizes = ["--from", "100MiB", "--to", "160MiB"];
    const { code, stdout, stderr } = await zeropage(["cliffs", ...sizes, "--json", "--chart", file]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: `${NOTES}wrote ${file}\n` });
    const { scenario, results } = JSON.parse(stdout) as CliffsReport;
    expect(scenario).toBe("cliffs");
    expect(results.map(({ allocator }) => allocator)).toEqual(ALONE);
    const of = (name: string) => results.find(({ allocator }) => allocator === name)?.cliffs;
    expect(of("naive")).toEqual([]);
    expect(of("libmalloc")).toEqual([{ bytes: 134_213_632, below: "linear", above: "constant" }]);
    expect(parseSvg(await readFile(file, "utf8")).texts).toContain("134,213,632");
  });

  test("are shown as ranges", async () => {
    const { stdout } = await zeropage(["cliffs", "--allocator", "libmalloc"]);
    expect(stdout).toMatch(
      /^libmalloc +1,024 +134,213,632 +linear +0 +1 KiB – 128 MiB +100% +0 +0\.413 µs – \d+(?:\.\d+)? ms +madvise × 3$/m,
    );
    expect(stdout).toMatch(/^ +134,213,633 +1,073,741,824 +constant +0 +0 +- +0 +19\.5 µs +mmap, munmap$/m);
  });
});

describe("a module", () => {
  const BUILT = fileURLToPath(new URL("../foreign/built/", import.meta.url));
  const named = (...names: string[]) => names.map((name) => `${BUILT}${name}.wasm`).join(",");

  const commands = [
    ["run", "calloc-loop", "--size", "320", "--count", "600"],
    ["cliffs", "--from", "320", "--to", "640"],
    ["replay", "-", "--format", "text"],
  ];
  test.each(some(commands, 1))("that is hostile ends %s %s for itself alone", async (...argv) => {
    const allocators = named("starter", "endless", "late", "trapping", "starting", "recursing", "as-tlsf");
    const trace = Array.from({ length: 20 }, (_, id) => `a ${id} 320\n`).join("");
    const { code, stdout, stderr } = await zeropage(
      [...argv, "--allocator", `${allocators},lazy`, "--timeout", "2s", "--json"],
      { input: trace },
    );
    expect(code).toBe(1);
    const lines = stderr.replaceAll(BUILT, "").trimEnd().split("\n");
    const late = "the module made no progress for 2 seconds: allow a longer timeout, or give it up";
    for (const name of ["starter", "endless", "late"]) {
      const line = lines.find((one) => one.startsWith(`zeropage: ${name}.wasm`));
      expect(line).toMatch(new RegExp(`^zeropage: ${name}\\.wasm( at 320 bytes)?: ${late}$`));
    }
    expect(lines.find((line) => line.startsWith("zeropage: starting.wasm"))).toContain(
      "while it was instantiated, the module trapped: unreachable",
    );
    const { results } = JSON.parse(stdout) as Report;
    expect(results.map(({ allocator }) => allocator)).toEqual([`${BUILT}as-tlsf.wasm`, "lazy"]);
  });

  test.each([
    ["run", "calloc-loop", "--size", "320", "--count", "6"],
    ["cliffs", "--from", "320", "--to", "640"],
    ["replay", "-", "--format", "text"],
  ])("that is built in runs by its name beside a model: %s %s", async (...argv) => {
    const list = ["--allocator", "lazy,as-tlsf", "--json"];
    const { code, stdout } = await zeropage([...argv, ...list], { input: "c 0 1 320\nf 0\n" });
    expect(code).toBe(0);
    const { results } = JSON.parse(stdout) as Report;
    expect(results.map(({ allocator }) => allocator)).toEqual(["lazy", "as-tlsf"]);
  });

  test("that is built in is checked by its name", async () => {
    const { code, stdout } = await zeropage(["check", "as-tlsf", "--case", "calloc-reused"]);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^as-tlsf: an allocator with the calling convention "c"\n/);
  });

  test("gives its addresses from jail", async () => {
    const out = join(folder, "out.txt");
    const trace = Array.from({ length: 20_000 }, (_, i) => `a ${i} 16\nf ${i}\n`).join("");
    const argv = ["replay", "-", "--format", "text", "--allocator", named("as-tlsf"), "--addresses", out];
    const { code, stderr } = await zeropage(argv, { input: trace });
    expect({ code, stderr }).toEqual({ code: 0, stderr: `wrote ${out}\n` });
    const lines = (await readFile(out, "utf8")).trimEnd().split("\n");
    expect(lines).toHaveLength(40_000);
    expect(new Set(lines)).toEqual(new Set([lines[0], "-"]));
  });

  test("in jail says of a bad trace which line it is", async () => {
    const argv = ["replay", "-", "--format", "text", "--allocator", named("as-tlsf")];
    const { code, stderr } = await zeropage(argv, { input: "a 0 1\nx\n" });
    expect(code).toBe(1);
    expect(stderr).toMatch(/^zeropage: stdin: line 2: .*\n$/);
  });
});

describe("simulated time", () => {
  const loop = ["--allocator", "libmalloc", "--count", "10"];

  test("goes into a profile that pprof can read", async () => {
    const file = join(folder, "out.pb.gz");
    const { code, stdout, stderr } = await zeropage(["profile", "calloc-loop", ...loop, "--pprof", file]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: `${NOTE}wrote ${file}\n` });
    expect(stdout).toMatch(
      /^libmalloc: p = calloc\(1, n\); free\(p\), 10 times, .*\n\nCall graph, .* macos-2016:\n/,
    );
    const { sample, function: functions } = Profile.decode(gunzipSync(await readFile(file)));
    expect(functions.length).toBeGreaterThan(1);
    // Nine clearings of 100 MiB, all needless, are somewhere below.
    const needless = sample.reduce((sum, { value }) => sum + Number(value[2]), 0);
    expect(needless).toBe(9 * 100 * MIB);
  });

  test("is counted with a profile of this host", async () => {
    const file = join(folder, "here.json");
    expect((await zeropage(["calibrate", "--rounds", "2", "--save", file])).code).toBe(0);
    const { stdout } = await zeropage(["run", "calloc-loop", ...loop, "--costs", file, "--json"]);
    for (const { simulated } of (JSON.parse(stdout) as Report).results) {
      expect(simulated?.costs).toBe("this-host");
      expect(simulated?.seconds).toBeGreaterThan(0);
    }
  });

  test("shows the bug report, and what calloc could do instead", async () => {
    const reading = await zeropage(["run", "iter-content", "--body", "1MiB"]);
    expect(reading.stdout).toMatch(/^glibc, CFFI before 1\.10: .* This is the shape of the bug report\.$/m);
    const fixes = await zeropage(["run", "calloc-fixes"]);
    expect(fixes.stdout).toMatch(
      /^libmalloc costs less than glibc from [\d,]+ pages written on \(\d+(\.\d)?%\)\.$/m,
    );
    expect([reading.code, fixes.code]).toEqual([0, 0]);
    expect(reading.stderr).toBe(NOTE);
  });
});

describe("the process", () => {
  test("prints the package's version", async () => {
    const { version } = JSON.parse(await readFile(new URL("../../package.json", import.meta.url), "utf8"));
    expect(await zeropage(["--version"])).toEqual({ code: 0, stdout: `${version}\n`, stderr: "" });
  });

  test("lists the models", async () => {
    const { models, modules, moduleOptions } = JSON.parse((await zeropage(["models", "--json"])).stdout);
    expect(models.map(({ name }: { name: string }) => name)).toEqual(MODELS);
    expect(modules).toEqual(builtInModules.map(({ name, summary }) => ({ name, summary })));
    expect(moduleOptions).toContain("malloc");
    const { stdout } = await zeropage(["models"]);
    expect(stdout).toMatch(/mmapMax=NUMBER .*\(default 65536\)/);
    expect(stdout).toMatch(/mmapThreshold=SIZE .*\(default 128KiB\)/);
  });

  test("ends with 2 on a usage error, in one line", async () => {
    const { code, stdout, stderr } = await zeropage(["run", "calloc-loop", "--allocator", "nonesuch"]);
    expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
    expect(stderr).toMatch(/^zeropage: --allocator: there is no model "nonesuch"; .*\n$/);
  });

  test("says no more than its note when its reader has gone", async () => {
    const argv = ["run", "calloc-loop", "--size", "1MiB", "--count", "2", "--json"];
    expect(await zeropage(argv, { closeEarly: true })).toEqual({ code: 0, stdout: "", stderr: NOTES });
  });
});
