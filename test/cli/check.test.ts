import { copyFileSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { LimitExceeded, ModuleError, TraceError } from "../../src/index.js";
import { fakeJailResult, type Overrides, run } from "./fakes.js";

const folder = mkdtempSync(join(tmpdir(), "zeropage-check-"));
afterAll(() => rmSync(folder, { recursive: true }));
const file = join(folder, "a.wasm");
copyFileSync(new URL("../foreign/built/as-bump.wasm", import.meta.url), file);
const bytes = readFileSync(file).length;

it("prints a checklist, and says by its exit code that something failed", async () => {
  const argv = ["check", file, "--timeout", "5", "--memory", "1GiB", "--no-trace"];
  const { code, stdout, stderr, asked } = await run(argv);
  expect(asked).toEqual([{ bytes, seconds: 5, memoryBytes: 2 ** 30, unknownImports: "trap" }]);
  expect({ code, stderr }).toEqual({ code: 1, stderr: "" });
  expect(stdout.replaceAll(file, "a.wasm")).toMatchInlineSnapshot(`
    "a.wasm: an allocator with the calling convention "c"
    note: it is odd

    FAIL      two-large: memory stays
                it took 1 < 2 bytes
                after malloc(8) = 0x10; free(0x10)
                a bug like https://example.org/106
                to repeat: zeropage check a.wasm --case two-large
    composed  calloc-fresh: it is zero
    pass      no-overlap: blocks are apart
    skipped   high-addresses: 4 GiB
                its memory ends before 2 GiB

    1 passed, 1 passed with a composed function, 1 failed, 1 skipped.
    "
  `);
});

it("prints only failures and the verdict with --quiet", async () => {
  const { stdout } = await run(["check", file, "--quiet", "--no-trace"]);
  expect(stdout).toMatch(/^FAIL {2}two-large: memory stays\n(?: {8}.*\n)+\n1 passed, .*\n$/);
});

it("runs the cases that are named, by one option or several", async () => {
  const names = ["calloc-fresh", "two-large", "nothing"];
  const { asked } = await run(["check", file, "--case", "calloc-fresh,two-large", "--case", "nothing"]);
  expect(asked).toMatchObject([{ cases: names }]);
});

it("hands on what alignment is asked for, and the seed", async () => {
  const { asked } = await run(["check", file, "--alignment", "8", "--seed", "7"]);
  expect(asked[0]).toMatchObject({ alignment: 8, seed: 7 });
});

it("exits with 0 if nothing failed", async () => {
  const passing = {
    module: { convention: "c", functions: {}, started: [], findings: [] },
    outcomes: [],
    passed: true,
  };
  const { code } = await run(["check", file], { library: { checkModule: async () => passing } });
  expect(code).toBe(0);
});

it("writes JSON, and JUnit's XML beside it", async () => {
  const xml = join(folder, "report.xml");
  const { stdout, stderr } = await run(["check", file, "--json", "--junit", xml, "--case", "two-large"]);
  expect(JSON.parse(stdout)).toMatchObject({ file, passed: false, module: { findings: ["it is odd"] } });
  expect(stderr).toBe(`wrote ${xml}\n`);
  expect(readFileSync(xml, "utf8").replaceAll(file, "a.wasm")).toMatchInlineSnapshot(`
    "<?xml version="1.0" encoding="UTF-8"?>
    <testsuite name="a.wasm" tests="4" failures="1" skipped="1">
      <testcase classname="a.wasm" name="calloc-fresh: it is zero"/>
      <testcase classname="a.wasm" name="no-overlap: blocks are apart"/>
      <testcase classname="a.wasm" name="two-large: memory stays"><failure message="it took 1 &lt; 2 bytes">malloc(8) = 0x10
    free(0x10)</failure></testcase>
      <testcase classname="a.wasm" name="high-addresses: 4 GiB"><skipped message="its memory ends before 2 GiB"/></testcase>
    </testsuite>
    "
  `);
});

it.each([
  [["check"], "missing required argument"],
  [["check", join(folder, "nothing.wasm")], "there is no such file"],
  [["check", file, "--timeout", "0"], '--timeout: "0" is not a time'],
  [["check", file, "--memory", "much"], "--memory"],
  [["check", file, "--case", "none"], '--case: there is no case "none"; there are calloc-fresh'],
  [
    ["check", file, "--case", "realoc-fail"],
    'there is no case "realoc-fail"; there are realloc-to-nothing, realloc-failed',
  ],
  [["check", file, "--alignment", "4"], '--alignment: "4" is not one of 8, 16'],
  [["check", file, "--seed", "x"], '--seed: "x" is not a count'],
  [["check", file, "--junit", join(folder, "none", "x.xml")], "--junit"],
])("%s is a wrong command line", async (argv, message) => {
  const { code, stderr, asked } = await run(argv);
  expect(code).toBe(2);
  expect(stderr).toContain(message);
  expect(asked).toEqual([]);
});

it("says in one line what is wrong with a module", async () => {
  const checkModule = async () => {
    throw new ModuleError("the module is not valid", 77);
  };
  const { code, stderr } = await run(["check", file], { library: { checkModule } });
  expect({ code, stderr }).toEqual({ code: 1, stderr: "zeropage: byte 77: the module is not valid\n" });
});

it("has a case that failed for who reads JSON or JUnit of a module that does not open", async () => {
  const checkModule = async () => {
    throw new LimitExceeded("it was not done");
  };
  const xml = join(folder, "unopened.xml");
  const argv = ["check", file, "--json", "--junit", xml];
  const { code, stdout, stderr } = await run(argv, { library: { checkModule } });
  expect({ code, stderr }).toEqual({ code: 1, stderr: `zeropage: it was not done\nwrote ${xml}\n` });
  expect(JSON.parse(stdout)).toEqual({
    ...{ schema: 1, version: "1.2.3" },
    ...{ file, module: null, passed: false },
    outcomes: [
      {
        name: "opens",
        promise: "it opens as an allocator",
        state: "fail",
        seen: "it was not done",
        calls: [],
      },
    ],
  });
  expect(readFileSync(xml, "utf8")).toContain(
    'name="opens: it opens as an allocator"><failure message="it was not done">',
  );
});

it("hands names of functions on, and keeps them in what it says", async () => {
  const named = `${file}:malloc=malloc:free=free:convention=c`;
  const { stdout, asked } = await run(["check", named]);
  const given = { functions: { malloc: "malloc", free: "free" }, convention: "c" };
  expect(asked).toMatchObject([given, { replayed: given }]);
  expect(stdout).toContain(`to repeat: zeropage check ${named} --case two-large`);
});

describe("--trace", () => {
  const traced = (overrides: Overrides = {}, ...more: string[]) =>
    run(["check", file, "--quiet", "--trace", ...more], { library: overrides });

  it.each([
    [[], true],
    [["--trace"], true],
    [["--no-trace"], false],
    [["--case", "nothing"], false],
    [["--case", "nothing", "--trace"], true],
  ])("with %j replays a trace: %j", async (argv, isReplayed) => {
    const { stdout } = await run(["check", file, ...argv]);
    expect(stdout.includes("pass      trace:")).toBe(isReplayed);
  });

  it("replays the trace that comes with zeropage, as one case more, under the same limits", async () => {
    const { stdout, asked } = await run(["check", file, "--memory", "1GiB"]);
    expect(asked.at(-1)).toEqual({
      bytes,
      replayed: { seconds: 60, memoryBytes: 2 ** 30, unknownImports: "trap" },
    });
    expect(stdout).toContain("pass      trace: the objects of a real program lie apart");
    expect(stdout).toContain("7,000 operations were replayed");
  });

  it("fails where the replay does, and says how to see it again", async () => {
    const replayInJail = () => Promise.reject(new ModuleError("a block was overwritten"));
    const { code, stdout } = await traced({ replayInJail });
    expect(code).toBe(1);
    expect(stdout).toMatch(
      /FAIL {2}trace: .*\n {8}ModuleError: a block was overwritten\n {8}to repeat: .* --trace \S*git-log.txt.gz\n/,
    );
  });

  it("does not blame the module for a trace that is none", async () => {
    const replayInJail = () => Promise.reject(new TraceError("line 3: there is no operation z"));
    const { code, stdout, stderr } = await traced({ replayInJail });
    expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
    expect(stderr).toBe("zeropage: line 3: there is no operation z\n");
  });

  it("skips where memory ends, which is no failure", async () => {
    const replayInJail = async () => ({ ...fakeJailResult, failedAllocations: 3 });
    const { stdout } = await run(["check", file], { library: { replayInJail } });
    expect(stdout).toContain("its memory ended: 3 allocations failed; raise --memory");
  });

  it("names a trace that cannot be read", async () => {
    const { code, stderr } = await traced({}, "nowhere.txt");
    expect({ code, stderr }).toEqual({
      code: 2,
      stderr: 'zeropage: cannot read trace "nowhere.txt": there is no such file\n',
    });
  });
});
