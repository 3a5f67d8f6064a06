import { copyFileSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, expect, it } from "vitest";
import { run } from "./fakes.js";

const folder = mkdtempSync(join(tmpdir(), "zeropage-fuzz-"));
const file = join(folder, "a.wasm");
copyFileSync(new URL("../foreign/built/as-bump.wasm", import.meta.url), file);
const bytes = readFileSync(file).length;
const before = process.cwd();
process.chdir(folder);
afterEach(() => {
  for (const name of readdirSync(folder)) if (name.endsWith(".trace")) rmSync(join(folder, name));
});
afterAll(() => {
  process.chdir(before);
  rmSync(folder, { recursive: true });
});

it("tells the seed before and after, the least trace, and the command that shows it again", async () => {
  const { code, stdout, stderr, asked } = await run([
    ...["check", "a.wasm", "--fuzz", "--seed", "7", "--for", "5s", "--timeout", "9"],
  ]);
  const limits = { seconds: 9, memoryBytes: 2 ** 25, unknownImports: "trap" };
  expect(asked).toEqual([{ bytes, seed: 7, runs: Number.MAX_SAFE_INTEGER, ...limits }]);
  expect({ code, stderr }).toEqual({ code: 1, stderr: "seed 7\nwrote fuzz-99.trace\n" });
  expect(stdout).toMatchInlineSnapshot(`
    "a.wasm: an allocator with the calling convention "c"

    FAIL  operation 2: calloc returned 0x10, which is not zero at offset 3
          shrunk from 1,234 operations to 2, in 56 tries

    a 0 24
    c 1 3 8

    to see it again: zeropage replay fuzz-99.trace --verify --allocator a.wasm --memory 33MiB

    seed 7: 12 programs, 3,456 operations: the last one failed. 7 allocations got no memory, which is no failure.
    "
  `);
  expect(readFileSync("fuzz-99.trace", "utf8")).toMatchInlineSnapshot(`
    "# zeropage check a.wasm --fuzz --seed 99 --runs 1 (found with --seed 7)
    # operation 2: calloc returned 0x10, which is not zero at offset 3
    a 0 24
    c 1 3 8
    "
  `);
});

it("never writes over a trace, and writes where it is told", async () => {
  const again = () => run(["check", "a.wasm", "--fuzz", "--seed", "7", "--runs", "1"]);
  expect((await again()).stderr).toContain("wrote fuzz-99.trace\n");
  expect((await again()).stderr).toContain("wrote fuzz-99-2.trace\n");
  const told = ["check", "a.wasm", "--fuzz", "--output", "mine.trace"];
  expect((await run(told)).stderr).toContain("wrote mine.trace\n");
  const { code, stderr, asked } = await run(told);
  expect({ code, asked }).toEqual({ code: 2, asked: [] });
  expect(stderr).toContain('--output: "mine.trace" is there already');
});

it("exits with 0 where nothing is found, of models too, whose options are theirs", async () => {
  const { code, stdout, asked } = await run([
    "check",
    "libmalloc:slots=4",
    "--fuzz",
    "--runs",
    "12",
    "--seed",
    "3",
  ]);
  expect(asked).toMatchObject([{ model: "libmalloc", settings: { slots: 4 }, seed: 3, runs: 12 }]);
  expect(code).toBe(0);
  expect(stdout).toBe(
    "\nseed 3: 12 programs, 3,456 operations: none failed. 7 allocations got no memory, which is no failure.\n",
  );
  expect(readdirSync(folder)).toEqual(["a.wasm"]);
});

it("draws a seed where none is given, and tells it", async () => {
  const drawn = async () => {
    const { stderr, asked } = await run(["check", "libmalloc", "--fuzz"]);
    const [{ seed }] = asked as [{ seed: number }];
    expect(stderr).toBe(`seed ${seed}\n`);
    return seed;
  };
  expect(await drawn()).not.toBe(await drawn());
});

it("writes JSON, with the trace and the command", async () => {
  const { stdout } = await run(["check", "a.wasm", "--fuzz", "--seed", "7", "--json", "--no-exhaustion"]);
  expect(JSON.parse(stdout)).toMatchObject({
    ...{ target: "a.wasm", seed: 7, programs: 12, memoryBytes: 33 * 2 ** 20 },
    module: { findings: ["it is odd"] },
    failure: {
      ...{ seed: 99, trace: "a 0 24\nc 1 3 8\n", file: "fuzz-99.trace", steps: 1234, minimal: true },
      again: "zeropage replay fuzz-99.trace --verify --allocator a.wasm --memory 33MiB",
    },
  });
});

it.each([
  [["a.wasm", "--fuzz", "--case", "nothing"], "--case: --fuzz runs no cases: leave out one of the two"],
  [["a.wasm", "--fuzz", "--junit", "x.xml"], "--junit: --fuzz runs no cases: leave out one of the two"],
  [["a.wasm", "--runs", "7"], "--runs: it is for random programs: add --fuzz"],
  [["a.wasm", "--no-exhaustion"], "--no-exhaustion: it is for random programs: add --fuzz"],
  [["a.wasm", "--no-growth"], "--no-growth: it is for random programs: add --fuzz"],
  [["a.wasm", "--fuzz", "--for", "soon"], '--for: "soon" is not a time'],
  [["a.wasm", "--fuzz", "--runs", "0"], '--runs: "0" is not a count'],
  [
    ["a.wasm", "--fuzz", "--seed", "5000000000"],
    '--seed: "5000000000" is more than 4294967295, the largest seed',
  ],
  [["none.wasm", "--fuzz"], 'cannot read "none.wasm"'],
  [["dlmalloc", "--fuzz"], 'there is no model "dlmalloc"; there are'],
  [["libmalloc,lazy", "--fuzz"], '"libmalloc,lazy" is several allocators: name one'],
  [["libmalloc:speed=1", "--fuzz"], 'libmalloc has no option "speed"'],
] as const)("%j is a usage error in one line", async (args, message) => {
  const { code, stderr, asked } = await run(["check", ...args]);
  expect({ code, asked }).toEqual({ code: 2, asked: [] });
  expect(stderr).toContain(message);
  expect(stderr.trim().split("\n")).toHaveLength(1);
});
