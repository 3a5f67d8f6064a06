import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { Profile } from "pprof-format";
import { afterEach, beforeEach, expect, test } from "vitest";
import { fakeProfile } from "../profile/fakes.js";
import { run } from "./fakes.js";

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

test("exactly one allocator is wanted", async () => {
  const { code, asked, stderr } = await run(["profile", "calloc-loop", "--allocator", "lazy,libmalloc"]);
  expect({ code, asked }).toEqual({ code: 2, asked: [] });
  expect(stderr).toBe("zeropage: --allocator: name exactly one, because a profile is of one run\n");
});
