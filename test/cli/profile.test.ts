import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { Profile } from "pprof-format";
import { afterEach, beforeEach, expect, test } from "vitest";
import { readTrace } from "../../src/trace/read.js";
import { fakeProfile } from "../profile/fakes.js";
import { parseSvg } from "../report/svg-check.js";
import { fakeSites } from "../results/sites.js";
import { run } from "./fakes.js";

/** What a trace is told to lose that the fake library reads. */
const NOTE = "note: 13 bytes lost\n";

const loop = ["profile", "calloc-loop", "--allocator", "libmalloc"];

let folder = "";
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "zeropage-test-"));
});
afterEach(() => rm(folder, { recursive: true }));

test("the loop is profiled as the flags say, and printed as sample does", async () => {
  const flags = ["--size", "1MiB", "--count", "7", "--written", "25%", "--check", "--costs", "linux-vm"];
  const { code, stdout, asked } = await run([...loop, ...flags]);
  expect(asked).toMatchObject([
    {
      model: "libmalloc",
      options: { check: true },
      bytes: 2 ** 20,
      count: 7,
      written: 0.25,
      costs: { name: "linux-vm" },
    },
  ]);
  expect(code).toBe(0);
  expect(stdout).toMatch(
    /^libmalloc: p = calloc\(1, n\); free\(p\), 7 times, 25% written between, n 1 MiB\n\nCall graph, /,
  );
});

test("a trace is profiled as the flags say", async () => {
  const file = join(folder, "trace.txt");
  await writeFile(file, "a 0 1\n");
  const { stdout, asked } = await run(["profile", file, "--allocator", "lazy", "--touch", "pages"]);
  expect(asked).toEqual([{ model: "lazy", options: {}, touch: "pages" }]);
  expect(stdout).toContain(`lazy: replay: trace ${file}, touch pages\n`);
});

test("a trace that is profiled is told of: what its format loses, or why it is bad", async () => {
  const file = join(folder, "lab.rep");
  await writeFile(file, "1\n2\na 0 1\nf 0\n");
  const library = { readTrace };
  const { stderr } = await run(["profile", file, "--allocator", "lazy"], { library });
  expect(stderr).toContain("note: this format does not record calloc\n");
  await writeFile(file, "{}\n");
  const bad = await run(["profile", file, "--allocator", "lazy", "--by", "site"], { library });
  expect(bad.code).toBe(1);
  expect(bad.stderr).toMatch(`zeropage: ${file}: the format of this trace is not recognised`);
});

test("every format is written, and stderr says so", async () => {
  const formats = ["collapsed", "speedscope", "pprof"];
  const files = formats.map((format) => join(folder, format));
  const flags = formats.flatMap((format, i) => [`--${format}`, files[i] as string]);
  const { code, stdout, stderr } = await run([...loop, ...flags, "--json"]);
  expect({ code, stderr }).toEqual({ code: 0, stderr: files.map((file) => `wrote ${file}\n`).join("") });
  expect(JSON.parse(stdout)).toMatchObject({
    scenario: "profile",
    costs: "macos-2016",
    root: { name: "program" },
  });
  expect(JSON.parse(stdout).root).toEqual(fakeProfile);
  const [collapsed, speedscope, pprof] = await Promise.all(files.map((file) => readFile(file)));
  expect(String(collapsed)).toMatch(/^program \d+\nprogram;calloc;mmap 9750\n/);
  expect(JSON.parse(String(speedscope)).profiles).toHaveLength(5);
  expect(Profile.decode(gunzipSync(pprof as Buffer)).sample).toHaveLength(5);
});

const bySite = (file: string) => ["profile", file, "--allocator", "lazy", "--by", "site"];

test("a trace is profiled by site, as a table and as JSON", async () => {
  const file = join(folder, "trace.txt");
  await writeFile(file, "s main\na 0 1\n");
  const allocator = ["--allocator", "lazy", "--touch", "pages"];
  const table = await run(["profile", file, ...allocator, "--by", "site", "--check"]);
  expect(table).toMatchObject({ code: 0, stderr: NOTE });
  expect(table.asked).toEqual([{ model: "lazy", options: { check: true }, touch: "pages" }]);
  expect(table.stdout).toContain(`lazy: replay: trace ${file}, touch pages, by site\n`);
  expect(table.stdout).toContain(
    "grow ← parse file ← main holds 75% of the 3.9 KiB that are live at the end.",
  );
  const { stdout } = await run([...bySite(file), "--json"]);
  expect(JSON.parse(stdout)).toEqual({
    ...{ schema: 1, version: "1.2.3" },
    costs: "linux-vm",
    ...{ scenario: "profile", parameters: { trace: file, touch: "none" } },
    ...{ allocator: "lazy", options: {}, failedAllocations: 0, sites: fakeSites },
  });
});

test("every format of a profile by site is written, with the value that is asked for first", async () => {
  const file = join(folder, "trace.txt");
  await writeFile(file, "s main\na 0 1\n");
  const formats = ["collapsed", "speedscope", "pprof"];
  const files = formats.map((format) => join(folder, format));
  const flags = formats.flatMap((format, i) => [`--${format}`, files[i] as string]);
  const { code, stderr } = await run([...bySite(file), "--value", "faults", ...flags]);
  expect({ code, stderr }).toEqual({
    code: 0,
    stderr: NOTE + files.map((path) => `wrote ${path}\n`).join(""),
  });
  const [collapsed, speedscope, pprof] = await Promise.all(files.map((path) => readFile(path)));
  expect(String(collapsed)).toBe("unknown 3\nmain;parse file;grow 5\n");
  const { profiles, activeProfileIndex } = JSON.parse(String(speedscope));
  expect(profiles[activeProfileIndex].name).toBe("faults");
  const { stringTable, defaultSampleType } = Profile.decode(gunzipSync(pprof as Buffer));
  expect(stringTable.strings[Number(defaultSampleType)]).toBe("faults");
});

test.each([
  [["--by", "function"], '--by: "function" is not one of site'],
  [
    ["--by", "site", "--value", "calls"],
    '--value: "calls" is not one of live, peak, allocated, needless, faults, time',
  ],
  [["--by", "site", "--costs", "none"], '--costs: "none" is neither a cost profile'],
  [["--value", "live"], "--value: add --by site, which it is of"],
  [["--flame", "flame.svg"], "--flame: add --by site, which it is of"],
  [["--graph", "graph.svg"], "--graph: add --by site, which it is of"],
])("%j are refused before anything is run", async (flags, message) => {
  const file = join(folder, "trace.txt");
  await writeFile(file, "s main\na 0 1\n");
  const { code, asked, stderr } = await run(["profile", file, "--allocator", "lazy", ...flags]);
  expect({ code, asked }).toEqual({ code: 2, asked: [] });
  expect(stderr).toContain(`zeropage: ${message}`);
});

test("pictures of a profile by site are drawn, of the value that is asked for", async () => {
  const file = join(folder, "trace.txt");
  await writeFile(file, "s main\na 0 1\n");
  const [flame, graph] = [join(folder, "flame.svg"), join(folder, "graph.svg")];
  const pictures = ["--flame", flame, "--graph", graph];
  const { code, stderr } = await run([...bySite(file), "--value", "allocated", ...pictures]);
  expect({ code, stderr }).toEqual({ code: 0, stderr: `${NOTE}wrote ${flame}\nwrote ${graph}\n` });
  for (const picture of [flame, graph]) {
    const { texts } = parseSvg(await readFile(picture, "utf8"));
    expect(texts[0]).toBe("Bytes allocated, by site");
    expect(texts.join(" ")).toContain(`lazy: replay: trace ${file}, touch none`);
    expect(texts).toContain("parse file");
  }
  const { code: refused, stderr: why } = await run([...bySite(file), "--graph", join(folder, "graph.png")]);
  expect([refused, why]).toEqual([2, expect.stringContaining("--graph: the chart is an SVG image")]);
});

test("the calloc loop has no sites", async () => {
  const { code, stderr } = await run([...loop, "--by", "site"]);
  expect(code).toBe(2);
  expect(stderr).toBe(
    "zeropage: --by site: name a trace that has sites, not calloc-loop, which is one site\n",
  );
});

test("exactly one allocator is wanted", async () => {
  const { code, asked, stderr } = await run(["profile", "calloc-loop", "--allocator", "lazy,libmalloc"]);
  expect({ code, asked }).toEqual({ code: 2, asked: [] });
  expect(stderr).toBe("zeropage: --allocator: name exactly one, because a profile is of one run\n");
});
