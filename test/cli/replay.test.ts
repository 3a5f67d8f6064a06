import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { AllocatorAbort, TraceError } from "../../src/base/errors.js";
import { collectTrace } from "../../src/trace/collect.js";
import { TRACE_FORMAT_NAMES } from "../../src/trace/formats.js";
import { parseSvg } from "../report/svg-check.js";
import { fakeResult } from "../results/fakes.js";
import { type Overrides, run } from "./fakes.js";
import { runWhole } from "./whole.js";

let folder = "";
let trace = "";
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "zeropage-test-"));
  trace = join(folder, "trace.txt");
  await writeFile(trace, "a 0 512\n");
});
afterEach(() => rm(folder, { recursive: true }));

test("by default every model replays the trace and the program touches nothing", async () => {
  const { code, asked, stderr } = await run(["replay", trace]);
  expect(code).toBe(0);
  expect(asked).toEqual([
    { model: "lazy", options: {}, touch: "none", timelinePoints: 1000 },
    { model: "libmalloc", options: {}, touch: "none", timelinePoints: 1000 },
  ]);
  expect(stderr).toBe("note: 8 bytes lost\n");
});

test("the flags say what runs", async () => {
  const { asked } = await run(["replay", trace, "--allocator", "lazy", "--touch", "pages", "--check"]);
  expect(asked).toEqual([{ model: "lazy", options: { check: true }, touch: "pages", timelinePoints: 1000 }]);
});

test("a trim and points of the timeline are handed on", async () => {
  const { asked } = await run(["replay", trace, "--allocator", "lazy", "--trim", "--every", "10", "--json"]);
  expect(asked).toEqual([
    { model: "lazy", options: {}, touch: "none", timelinePoints: 1000, timelineEvery: 10, trim: true },
  ]);
});

test("the format is handed on", async () => {
  const formats: unknown[] = [];
  const readTrace: NonNullable<Overrides["readTrace"]> = async (_, options) => {
    formats.push(options?.format);
    return { notes: { format: "rep", losses: [] }, async *[Symbol.asyncIterator]() {} };
  };
  await run(["replay", trace, "--allocator", "lazy", "--format", "rep"], { library: { readTrace } });
  await run(["replay", trace, "--allocator", "lazy"], { library: { readTrace } });
  expect(formats).toEqual(["rep", undefined]);
});

describe("the report", () => {
  test("is a table, what it means, and bytes over time", async () => {
    const { stdout } = await run(["replay", "-", "--allocator", "lazy"], { stdin: ["a 0 512\n"] });
    expect(stdout).toMatchInlineSnapshot(`
      "replay: trace stdin, touch none

                         zeroed by  zeroed by  needless      peak  simulated    host
      allocator  faults     kernel  allocator     share  resident       time    time
      ─────────  ──────  ─────────  ─────────  ────────  ────────  ─────────  ──────
      lazy            0          0          0         -         0        0 s  500 ms

      lazy: nothing was zeroed and no page was touched.
      Simulated time is events times the costs of a profile: linux-vm.

      lazy  in use    ····▂▂▂▂▂▃▃▃▃▃▄▄▄▄▄▅▅▅▅▅▆▆▆▆▅▅▅▅▅▄▄▄▄▄▃▃▃▃▃▂▂▂▂·  ≥ 8 MiB
            system    ····████████████████████████████████████████████  ≥ 12 MiB
            resident  ····▁▁▁▁▁▂▂▂▂▂▂▂▂▂▂▃▃▃▃▃▃▃▃▃▃▃▃▃▃▂▂▂▂▂▂▂▂▂▂▁▁▁▁·  0 bytes
      ≥: the most that was seen after every 10 operations; resident is its peak
      "
    `);
  });

  test("is the record as JSON and nothing else", async () => {
    const { stdout } = await run(["replay", trace, "--json", "--touch", "first"]);
    const { scenario, parameters, results } = JSON.parse(stdout);
    expect({ scenario, parameters }).toEqual({ scenario: "replay", parameters: { trace, touch: "first" } });
    expect(results.map((result: { allocator: string }) => result.allocator)).toEqual(["lazy", "libmalloc"]);
  });
});

test("a workload is replayed on every allocator, under its name", async () => {
  const counts: number[] = [];
  const replayTrace: NonNullable<Overrides["replayTrace"]> = async ({ model, trace: given }) => {
    counts.push((await collectTrace(given)).count);
    return { result: fakeResult({ allocator: model, hostSeconds: 0 }), timeline: [] };
  };
  const argv = ["replay", "--workload", "zipf:ops=5000", "--json"];
  const { code, stdout, stderr } = await run(argv, { library: { replayTrace } });
  expect({ code, stderr, counts }).toEqual({ code: 0, stderr: "", counts: [5000, 5000] });
  expect(JSON.parse(stdout).parameters).toEqual({ trace: "zipf:ops=5000", touch: "none" });
});

test("stdin is replayed on every allocator, and its losses told once", async () => {
  const { code, asked, stderr } = await run(["replay", "-"], { stdin: ["a 0", " 512\n"] });
  expect(code).toBe(0);
  expect(asked).toHaveLength(2);
  expect(stderr).toBe("note: 8 bytes lost\n");
});

test("a bad trace is read once and named with its line", async () => {
  let readings = 0;
  const readTrace: NonNullable<Overrides["readTrace"]> = async () => {
    readings++;
    throw new TraceError("this is no operation", 3);
  };
  const { code, stderr, stdout } = await run(["replay", trace], { library: { readTrace } });
  expect({ code, stdout, readings }).toEqual({ code: 1, stdout: "", readings: 1 });
  expect(stderr).toBe(`zeropage: ${trace}: line 3: this is no operation\n`);
});

test.each([
  [["replay"], "name a trace, or a --workload"],
  [["replay", "x.txt", "--workload", "zipf"], '--workload: name this or the trace "x.txt", not both'],
  [["replay", "--workload", "zipf", "--format", "rep"], "--format: a workload has none: leave it out"],
  [
    ["replay", "--workload", "zapf"],
    '--workload: there is no workload "zapf"; there are mixed, zipf, bursts, fifo, lifo, reallocs and large',
  ],
  [["replay", "/no/such/trace"], 'cannot read trace "/no/such/trace": there is no such file'],
  [["replay", "-", "--touch", "all"], '--touch: "all" is not one of none, first, pages, object'],
  [
    ["replay", "-", "--every", "0", "--csv"],
    '--every: "0" is not a count: write a whole number from 1, such as 10000',
  ],
  [
    ["replay", "-", "--every", "10"],
    "--every: points are rows of CSV and JSON, and of the chart: add --csv, --json or --timeline",
  ],
  [["replay", "-", "--format", "xml"], `--format: "xml" is not one of ${TRACE_FORMAT_NAMES.join(", ")}`],
  [
    ["replay", "-", "--process", "sh"],
    '--process: "sh" is not the number of a process: write one such as 4711',
  ],
  [["replay", "--workload", "mixed", "--process", "1"], "--process: a workload has one: leave it out"],
  [
    ["replay", "-", "--timeline", "/no/out.svg"],
    '--timeline: cannot write "/no/out.svg": there is no such folder',
  ],
])("%j is refused before anything is run", async (argv, message) => {
  const { code, asked, stderr } = await run(argv);
  expect({ code, asked, stderr }).toEqual({ code: 2, asked: [], stderr: `zeropage: ${message}\n` });
});

test("the timeline is drawn from the points of the text, and stderr says so", async () => {
  const file = join(folder, "out.svg");
  const { asked, stderr } = await run(["replay", trace, "--timeline", file]);
  expect(asked[0]).toMatchObject({ timelinePoints: 1000 });
  expect(stderr).toBe(`note: 8 bytes lost\nwrote ${file}\n`);
  const { marks, texts } = parseSvg(await readFile(file, "utf8"));
  expect(marks.line).toBe(6);
  expect(texts.join()).toContain("touch none");
});

describe("the addresses", () => {
  test("are a line for each operation, in the order of the trace", async () => {
    const file = join(folder, "out.txt");
    const { code, stderr } = await run(["replay", trace, "--allocator", "lazy", "--addresses", file]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: `wrote ${file}\nnote: 8 bytes lost\n` });
    expect(await readFile(file, "utf8")).toBe("0x1000\n0x400000000010\n0x0\n-\n-\n0x2000\n-\n");
    expect((await readdir(folder)).sort()).toEqual(["out.txt", "trace.txt"]);
  });

  test("of several allocators have no one file", async () => {
    for (const flags of [[], ["--allocator", "lazy,libmalloc"]]) {
      const { code, asked, stderr } = await run([
        "replay",
        trace,
        ...flags,
        "--addresses",
        join(folder, "out"),
      ]);
      expect({ code, asked }).toEqual({ code: 2, asked: [] });
      expect(stderr).toBe("zeropage: --addresses: name exactly one --allocator; there are 2 for one file\n");
    }
  });

  test("are not written where the run fails, and what was there stays", async () => {
    const file = join(folder, "out.txt");
    await writeFile(file, "before");
    const library: Overrides = {
      async replayTrace({ onResults }) {
        onResults?.([], { records: new Uint8Array(0), count: 0 });
        throw new AllocatorAbort("double free", 16);
      },
    };
    const argv = ["replay", trace, "--allocator", "lazy", "--addresses", file, "--force"];
    const { code, stderr } = await run(argv, { library });
    expect({ code, stderr }).toEqual({
      code: 1,
      stderr: "note: 8 bytes lost\nzeropage: lazy: double free\n",
    });
    expect(await readFile(file, "utf8")).toBe("before");
    expect((await readdir(folder)).sort()).toEqual(["out.txt", "trace.txt"]);
  });

  test("that cannot be written stop the work before it starts", async () => {
    const argv = ["replay", trace, "--allocator", "lazy", "--addresses", "/no/out.txt"];
    const { code, asked, stderr } = await run(argv);
    expect({ code, asked }).toEqual({ code: 2, asked: [] });
    expect(stderr).toBe('zeropage: --addresses: cannot write "/no/out.txt": there is no such folder\n');
  });
});

describe("a module", () => {
  const built = (name: string) => `test/foreign/built/${name}.wasm`;
  const TRACE = "c 0 3 5\na 1 100\nr 0 40\na 2 100\nf 1\na 3 8\n";

  test("replays a trace again, verified, which changes no count", async () => {
    const argv = ["replay", "-", "--allocator", "as-tlsf,glibc", "--json"];
    const verified = await runWhole(argv, TRACE);
    const counted = await runWhole([...argv, "--no-verify"], TRACE);
    expect(verified).toMatchObject({ code: 0, stderr: expect.not.stringContaining("not verified") });
    expect(counted).toMatchObject({
      code: 0,
      stderr: expect.stringContaining("note: as-tlsf: not verified"),
    });
    const [ours, theirs] = [verified, counted].map(({ stdout }) => JSON.parse(stdout).results) as [
      Verified,
      Verified,
    ];
    expect(ours.map(({ verified }) => verified)).toEqual([true, undefined]);
    expect(theirs.map(({ verified }) => verified)).toEqual([false, undefined]);
    const withoutIt = (results: Verified) =>
      results.map(({ verified: _, hostSeconds: __, ...others }) => others);
    expect(withoutIt(ours)).toEqual(withoutIt(theirs));
  });

  test("that lies fails, also where it only would at the end; the others are in the report", async () => {
    const names = ["dirty", "overlapping", "as-tlsf"].map(built).join(",");
    // Nothing is freed: what overlaps shows when the rest is.
    await writeFile(trace, "a 1 100\na 2 100\nc 0 3 5\na 3 8\n");
    const { code, stdout, stderr } = await runWhole(["replay", trace, "--allocator", names, "--csv"]);
    expect(code).toBe(1);
    expect(stdout.trim().split("\n")).toEqual([
      expect.stringMatching(/^scenario,allocator/),
      expect.stringMatching(/^replay,test\/foreign\/built\/as-tlsf\.wasm,/),
    ]);
    const lies = "it lies, as a second, verified pass shows: operation";
    expect(stderr.split("\n").filter((line) => line.includes("lies"))).toEqual([
      expect.stringMatching(
        `/dirty\\.wasm: ${lies} 3: calloc returned 0x[\\da-f]+, which is not zero at offset 0$`,
      ),
      expect.stringMatching(
        `/overlapping\\.wasm: ${lies} 5: the object at 0x[\\da-f]+ was overwritten at offset`,
      ),
    ]);
  });
});

type Verified = { verified?: boolean; hostSeconds: number }[];
