/** `zeropage bench` and `merge` end to end, in processes of their own. `npm test` builds them first. */

import { type ChildProcess, spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import asc from "assemblyscript/asc";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { BenchRecord } from "../../src/compare/record.js";
import { doneOf } from "../compare/fakes.js";
import { whyAbsent } from "../foreign/absent.js";
import { reactors } from "../foreign/c-fixtures.js";
import { parseSvg } from "../report/svg-check.js";

const MAIN = fileURLToPath(new URL("../../dist/cli/main.js", import.meta.url));
const BUILT = fileURLToPath(new URL("../foreign/built/", import.meta.url));
const QUICK = ["--rounds", "3", "--passes", "1"];
/** As many as have an interval. */
const SURE = ["--rounds", "6", "--passes", "1"];

/** Looks through a list that grows with every free: correct, and slower by orders of magnitude. */
const SLOW = `
  let top: usize = __heap_base;
  let frees: usize = 0;
  export let walked: u32 = 0;
  export function malloc(bytes: usize): usize {
    for (let at: usize = 0; at < 100; at++) for (let block = frees; block; block = load<usize>(block)) walked++;
    const pointer = (top + 15) & ~15;
    const pages = <i32>((pointer + bytes + 0xffff) >>> 16) - memory.size();
    if (pages > 0 && memory.grow(pages) < 0) return 0;
    top = pointer + max(bytes, 16);
    return pointer;
  }
  export function free(pointer: usize): void { store<usize>(pointer, frees); frees = pointer; }
`;

/** Asks for more memory than there can be, does without, and traps at its 50th block. */
const CAPRICIOUS = `
  let top: usize = __heap_base;
  let blocks: u32 = 0;
  export function malloc(bytes: usize): usize {
    if (!blocks) memory.grow(1);
    if (++blocks == 49) memory.grow(60000);
    if (blocks == 50) unreachable();
    const pointer = (top + 15) & ~15;
    top = pointer + bytes;
    return pointer;
  }
  export function free(pointer: usize): void {}
`;

let folder = "";
const path = (name: string) => join(folder, name);

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "zeropage-test-"));
  for (const [name, source] of Object.entries({ slow: SLOW, capricious: CAPRICIOUS })) {
    const { error, binary } = await asc.compileString(source, { runtime: "stub", optimizeLevel: 3 });
    if (error || !binary) throw error ?? new Error("no module");
    await writeFile(path(`${name}.wasm`), binary);
  }
  const ids = Array.from({ length: 200 }, (_, id) => id);
  const lines = (make: (id: number) => string) => ids.map(make).join("\n");
  await writeFile(path("small.txt"), `${lines((id) => `a ${id} ${16 + id}`)}\n${lines((id) => `f ${id}`)}\n`);
  await writeFile(path("calloc.txt"), `${lines((id) => `c ${id} 4 ${id + 1}\nf ${id}`)}\n`);
  await writeFile(path("huge.txt"), `${lines((id) => `a ${id} 10000000`)}\n`);
});
afterAll(() => rm(folder, { recursive: true }));

/** Ends a bench once it has results of a trace in its file that are not finished. */
function endAfter(child: ChildProcess, output: string, trace: string, signal: NodeJS.Signals): void {
  const timer = setInterval(async () => {
    const text = await readFile(output, "utf8").catch(() => "");
    const { results }: BenchRecord = JSON.parse(text || '{ "results": [] }');
    if (!results.some((one) => one.trace === trace && !one.finished)) return;
    clearInterval(timer);
    child.kill(signal);
  }, 10);
}

interface Ended {
  code: number | null;
  stdout: string;
  stderr: string;
}

function zeropage(argv: readonly string[], started?: (child: ChildProcess) => void): Promise<Ended> {
  const child = spawn(process.execPath, [MAIN, ...argv], { env: { ...process.env, NO_COLOR: "1" } });
  const ended: Ended = { code: null, stdout: "", stderr: "" };
  child.stdout.on("data", (chunk) => {
    ended.stdout += chunk;
  });
  child.stderr.on("data", (chunk) => {
    ended.stderr += chunk;
  });
  started?.(child);
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code) => resolve({ ...ended, code }));
  });
}

async function bench(...argv: string[]): Promise<BenchRecord> {
  const { code, stdout, stderr } = await zeropage(["bench", "--json", ...QUICK, ...argv]);
  expect(stderr).toBe("");
  expect(code).toBe(0);
  return JSON.parse(stdout);
}

test("an allocator that never frees has its figures, but not those of the loop in JavaScript, whose memory ends", async () => {
  // The instance of that loop stays: 1 + 3 × 2 passes of 200 MB do not fit into its 1 GiB.
  await writeFile(
    path("large.txt"),
    Array.from({ length: 20 }, (_, id) => `a ${id} 10000000\na ${id + 20} 16\nf ${id}\nf ${id + 20}\n`).join(
      "",
    ),
  );
  const { results } = await bench("as-tlsf", "as-stub", "--trace", path("large.txt"), "--passes", "2");
  const [tlsf, stub] = results.map(({ outcome }) => outcome);
  expect(tlsf?.state === "done" && tlsf.javascript?.median).toBeGreaterThan(0);
  expect(stub).toMatchObject({ state: "done", javascript: null });
});

const traces = () => ["--trace", path("small.txt"), path("calloc.txt")];

/** What has to be equal between runs: the order, how each came through, and counts. */
const exact = ({ results }: BenchRecord) =>
  results.map(({ subject, trace, outcome }) => [
    ...[subject, trace, outcome.state],
    outcome.state === "done" ? outcome.counts : outcome,
  ]);

describe("bench", () => {
  test("counts the same in every run, and exactly what the program asked for", async () => {
    const once = await bench(...traces());
    expect(exact(await bench(...traces()))).toEqual(exact(once));
    const [tlsf] = once.results.filter(({ subject, trace }) => subject === "as-tlsf" && trace === "calloc");
    const { counts, steady, javascript } = doneOf(tlsf);
    // calloc 4 × (id + 1) bytes for id from 0 to 199
    expect(counts.metered?.zeroed.bytes).toBeGreaterThanOrEqual((4 * 200 * 201) / 2);
    expect(counts.metered?.zeroed.needless).toBeLessThanOrEqual(counts.metered?.zeroed.bytes ?? 0);
    expect(counts.utilisation).toBe(800 / counts.memory.peak);
    expect(steady.samples).toHaveLength(3);
    expect(steady.ratio).toBeNull();
    expect(javascript?.samples).toHaveLength(3);
  });

  test("counts the clearing of a calloc that is composed, and what the program touches besides", async () => {
    const metered = async (touch: string) => {
      const { results } = await bench(
        `${BUILT}as-bump.wasm`,
        "--touch",
        touch,
        "--trace",
        path("calloc.txt"),
      );
      return doneOf(results[0]).counts.metered;
    };
    // 4 × (id + 1) bytes for id from 0 to 199, each on memory nobody had before, and not one header
    const bytes = (4 * 200 * 201) / 2;
    const pages = Math.ceil(bytes / 4096);
    const none = await metered("none");
    expect(none?.zeroed).toEqual({ bytes, needless: bytes });
    expect(none?.touched.written).toBeGreaterThanOrEqual(pages);
    expect(none?.touched.written).toBeLessThanOrEqual(pages + 1);
    // A page that the program wrote in has not been clean since.
    const object = await metered("object");
    expect(object?.zeroed.bytes).toBe(bytes);
    expect(object?.zeroed.needless).toBeLessThan(bytes / 10);
    expect(object?.touched.written).toBe(none?.touched.written);
  });

  test("shows what hostile modules did, within its budget, and goes on", async () => {
    const names = ["endless", "trapping", "overlapping", "outside", "reaching"];
    const record = await bench(
      ...["as-tlsf", ...names.map((name) => `${BUILT}${name}.wasm`)],
      ...["--budget", "2s", "--trace", path("small.txt")],
    );
    const states = Object.fromEntries(record.results.map(({ subject, outcome }) => [subject, outcome.state]));
    const failed = { trapping: "failed", overlapping: "failed", outside: "failed", reaching: "failed" };
    expect(states).toEqual({ "as-tlsf": "done", endless: "late", ...failed });
  });

  test("tells exhaustion of memory from failure", async () => {
    const { results } = await bench(`${BUILT}as-bump.wasm`, "--memory", "64MiB", "--trace", path("huge.txt"));
    // 64 MiB hold six blocks of ten million bytes
    const six = { state: "exhausted", operations: 6 };
    expect(results[0]?.outcome).toMatchObject({ ...six, failedAllocations: 194, trapped: false });
  });

  test("tells an allocator that traps where memory ends from one that traps", async () => {
    const modules = ["as-tlsf", "as-stub", `${BUILT}oxipng.wasm`, `${BUILT}trapping.wasm`];
    const limits = ["--memory", "64MiB", "--trace", path("eleven.txt")];
    // trapping does so at the 11th block, which is small; the others would have at a 7th of ten million bytes
    await writeFile(path("eleven.txt"), "a 0 9\nf 0\n".repeat(20));
    const fine = await bench(...modules, ...limits);
    expect(fine.results.map(({ outcome }) => outcome.state)).toEqual(["done", "done", "done", "failed"]);
    const { results } = await bench(...modules.slice(0, 3), "--memory", "64MiB", "--trace", path("huge.txt"));
    for (const { outcome } of results) {
      expect(outcome).toMatchObject({ state: "exhausted", trapped: true, failedAllocations: 1 });
      expect(outcome.state === "exhausted" && outcome.operations).toBeGreaterThanOrEqual(5);
      expect(outcome.state === "exhausted" && outcome.operations).toBeLessThanOrEqual(6);
      expect(outcome.state === "exhausted" && outcome.memoryBytes).toBeLessThanOrEqual(64 * 2 ** 20);
    }
  });

  test("takes no refusal for the cause of a trap in a later call", async () => {
    await writeFile(path("fifty.txt"), Array.from({ length: 60 }, (_, id) => `a ${id} 8\n`).join(""));
    const { results } = await bench(path("capricious.wasm"), "--trace", path("fifty.txt"));
    const message = "operation 50: the module trapped: unreachable";
    expect(results[0]?.outcome).toEqual({ state: "failed", error: "ModuleTrap", message });
  });

  test("has no figure from JavaScript of an allocator that returns 0 there", async () => {
    // Each pass takes 100 MB that nobody gets back: 1 + 2 of them fit into 512 MiB, 1 + 3 × 2 do not.
    await writeFile(path("ten.txt"), Array.from({ length: 10 }, (_, id) => `a ${id} 10000000\n`).join(""));
    const limits = ["--memory", "512MiB", "--passes", "2", "--trace", path("ten.txt")];
    const { results } = await bench(`${BUILT}as-bump.wasm`, ...limits);
    expect(results[0]?.outcome).toMatchObject({ state: "done", rounds: 3, javascript: null });
  });

  test("meters a module that imports its memory", async () => {
    const { results } = await bench(...[`${BUILT}web-tree-sitter.wasm`, "--trace", path("calloc.txt")]);
    const { metered, findings } = doneOf(results[0]).counts;
    expect(metered?.zeroed.bytes).toBeGreaterThan(10_000);
    expect(findings).toEqual([expect.stringMatching(/traps if it calls that: env\.tree_sitter_query/)]);
  });

  test("takes a trace from standard input", async () => {
    const argv = ["bench", "as-stub", "--json", ...QUICK, "--trace", "-"];
    const { stdout, code } = await zeropage(argv, (child) => child.stdin?.end("a 0 100\nf 0\n"));
    expect(code).toBe(0);
    expect(JSON.parse(stdout).traces).toMatchObject([{ name: "stdin", operations: 2, peakLiveBytes: 100 }]);
  });

  test("takes a module whose functions have other names, and the same one twice", async () => {
    const named = `${BUILT}named.wasm:malloc=take:free=give`;
    const { results, subjects } = await bench(named, `${named}:convention=c`, "--trace", path("small.txt"));
    expect(results.map(({ subject, outcome }) => [subject, outcome.state])).toEqual([
      [named, "done"],
      [`${named}:convention=c`, "done"],
    ]);
    expect(subjects[1]?.options).toEqual({ malloc: "take", free: "give", convention: "c" });
    const alone = await bench(named, "as-tlsf", "--baseline", "named", "--trace", path("small.txt"));
    expect(alone.baseline).toBe("named");
  });

  test("measures the allocators of C's libraries, as their compilers link them", async ({ skip }) => {
    const names = Object.keys(reactors);
    const absent = names.map(whyAbsent).find((why) => why !== undefined);
    skip(absent !== undefined, absent);
    const { results } = await bench(
      ...names.map((name) => `${BUILT}${name}.wasm`),
      "--trace",
      path("calloc.txt"),
    );
    expect(results.map(({ subject }) => subject)).toEqual(names);
    for (const { counts, steady, javascript } of results.map(doneOf)) {
      expect(counts.metered?.zeroed.bytes).toBeGreaterThanOrEqual((4 * 200 * 201) / 2);
      expect(steady.samples).toHaveLength(3);
      expect(javascript?.samples).toHaveLength(3);
    }
  });

  test("finds a slow one slower, by exit code and in words", async () => {
    const argv = ["bench", "as-tlsf", path("slow.wasm"), ...SURE, "--trace", path("small.txt")];
    const slower = await zeropage([...argv, "--fail-if-slower", "50%"]);
    expect(slower.code).toBe(1);
    expect(slower.stderr).toMatch(/slow on small is at least [\d.]+ % slower than as-tlsf/);
    const swapped = await zeropage([...argv, "--baseline", path("slow.wasm"), "--fail-if-slower", "50%"]);
    expect(swapped).toMatchObject({ code: 0, stderr: "" });
  });

  test("fails with --fail-if-slower where one does not come through", async () => {
    const argv = ["bench", "as-tlsf", `${BUILT}trapping.wasm`, ...SURE, "--trace", path("small.txt")];
    const { code, stderr } = await zeropage([...argv, "--fail-if-slower", "500%"]);
    expect(code).toBe(1);
    expect(stderr).toContain("trapping on small: ModuleTrap");
    expect((await zeropage(argv)).code).toBe(0);
  });

  test("interrupted, prints and keeps what there is, and exits with 130", async () => {
    const output = path("interrupted.json");
    const argv = ["bench", "--rounds", "100000", "--passes", "1", "--output", output, ...traces()];
    const ended = await zeropage(argv, (child) => endAfter(child, output, "small", "SIGINT"));
    expect(ended.code).toBe(130);
    expect(ended.stdout).toContain("interrupted");
    const record: BenchRecord = JSON.parse(await readFile(output, "utf8"));
    expect(record.complete).toBe(false);
    expect(record.results.length).toBeGreaterThan(0);
  });

  test("interrupted, does not wait for an allocator that never ends", async () => {
    const output = path("endless.json");
    const argv = ["as-tlsf", `${BUILT}endless.wasm`, "--budget", "60min", "--trace", path("small.txt")];
    const ended = await zeropage(["bench", ...argv, "--output", output], (child) => {
      const timer = setInterval(() => {
        if (!existsSync(output)) return;
        clearInterval(timer);
        child.kill("SIGINT");
      }, 10);
    });
    expect(ended).toMatchObject({ code: 130, stderr: "" });
    const record: BenchRecord = JSON.parse(await readFile(output, "utf8"));
    expect(record).toMatchObject({ complete: false, results: [] });
  });

  test("interrupted and killed, goes on where it was, and comes to what one run does", async () => {
    const output = path("resumed.json");
    const modules = () => ["as-tlsf", path("slow.wasm"), `${BUILT}trapping.wasm`];
    const inputs = [...modules(), "--memory", "64MiB", ...traces(), path("huge.txt")];
    const argv = [...inputs, "--rounds", "20", "--passes", "1"];
    const ends = (flag: string, trace: string, signal: NodeJS.Signals) =>
      zeropage(["bench", ...argv, flag, output], (child) => endAfter(child, output, trace, signal));
    const read = async (): Promise<BenchRecord> => JSON.parse(await readFile(output, "utf8"));
    const finishedOf = ({ results }: BenchRecord) => results.filter(({ finished }) => finished);

    expect((await ends("--output", "small", "SIGINT")).code).toBe(130);
    const first = await read();
    expect(first).toMatchObject({ complete: false, resumed: [] });
    expect((await ends("--resume", "calloc", "SIGKILL")).code).toBeNull();
    const second = await read();
    expect(second).toMatchObject({ complete: false, resumed: [finishedOf(first).length] });
    const { code, stdout } = await zeropage(["bench", ...argv, "--resume", output]);
    const kept = finishedOf(second);
    expect(kept.length).toBeGreaterThanOrEqual(2);
    expect(code).toBe(0);
    expect(stdout).toContain(
      `It was interrupted, and continued with ${kept.length} results kept as they were.`,
    );

    const record = await read();
    expect(record).toMatchObject({ complete: true, resumed: [finishedOf(first).length, kept.length] });
    for (const one of kept) expect(record.results).toContainEqual(one);
    expect(exact(record)).toEqual(exact(await bench(...inputs)));
  });

  test("does not go on with another run, nor with what is none", async () => {
    const output = path("of-three.json");
    await bench("as-stub", ...traces(), "--output", output);
    const refused = (...argv: string[]) => zeropage(["bench", ...argv, "--resume", output]);
    const other = await refused("as-stub", ...QUICK, "--touch", "pages", "--trace", path("small.txt"));
    expect(other).toMatchObject({ code: 2, stdout: "" });
    expect(other.stderr).toMatch(
      /^zeropage: --resume: .* is of another run, in touch \(none and pages\) and traces \(calloc\): /,
    );
    await writeFile(output, "[]");
    expect((await refused("as-stub")).stderr).toMatch(/is no record of zeropage bench/);
    const nowhere = await zeropage(["bench", "--resume", path("nowhere.json")]);
    expect(nowhere.code).toBe(2);
    expect(nowhere.stderr).toMatch(/cannot read ".*nowhere.json": there is no such file/);
  });

  test.each<[string[], RegExp]>([
    [["nowhere.wasm"], /cannot read "nowhere.wasm": there is no such file; built in are as-tlsf and as-stub/],
    [["as-tlsf", "as-tlsf"], /"as-tlsf" is named twice/],
    [[`${BUILT}named.wasm`], /no allocator among its exports .*FILE\.wasm:malloc=take:free=give/],
    [["--trace", "nowhere.txt"], /cannot read trace "nowhere.txt": there is no such file/],
    [["--trace", "."], /cannot read trace ".": it is a folder/],
    [["--baseline", "x"], /--baseline: "x" is not among the allocators: as-tlsf, as-stub/],
    [["--budget", "ten"], /--budget: "ten" is not a time/],
    [["--shard", "3/2"], /--shard: "3\/2" is not a shard: write 1\/4/],
    [["--fail-if-slower", "5%", "--rounds", "5"], /--fail-if-slower: to be sure takes --rounds 6 or more/],
    [["--fail-if-slower", "5"], /--fail-if-slower: "5" is not a percentage: write 5%/],
    [["--rounds", "0"], /--rounds: "0" is not a count/],
    [["--json", "--markdown"], /cannot be used with/],
    [["--output", "nowhere/x.json"], /--output: cannot write/],
  ])("refuses %j before any work", async (argv, message) => {
    const { code, stdout, stderr } = await zeropage(["bench", ...argv]);
    expect(stderr).toMatch(message);
    expect([code, stdout]).toEqual([2, ""]);
  });
});

/** What a JSON value is made of: types for figures and texts, of a list the shapes of all its elements, once each. */
function shapeOf(value: unknown): unknown {
  if (Array.isArray(value)) {
    const shapes = value.map((one) => JSON.stringify(shapeOf(one)));
    return [...new Set(shapes)].map((shape) => JSON.parse(shape));
  }
  if (typeof value !== "object" || value === null) return value === null ? null : typeof value;
  return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, shapeOf(one)]));
}

describe("forms", () => {
  test("JSON is a record of this shape", async () => {
    const modules = [
      "as-tlsf",
      `${BUILT}as-bump.wasm`,
      `${BUILT}trapping.wasm`,
      "--memory",
      "64MiB",
      ...SURE,
    ];
    const { results, ...head } = await bench(...modules, "--trace", path("small.txt"), path("huge.txt"));
    const late = await bench(`${BUILT}endless.wasm`, "--budget", "300ms", "--trace", path("small.txt"));
    expect(shapeOf(head)).toMatchInlineSnapshot(`
      {
        "baseline": "string",
        "complete": "boolean",
        "hosts": [
          {
            "description": "string",
            "shard": "number",
          },
        ],
        "identity": "string",
        "parameters": {
          "budgetSeconds": "number",
          "memoryBytes": "number",
          "passes": "number",
          "rounds": "number",
          "seed": "number",
          "touch": "string",
        },
        "resumed": [],
        "scenario": "string",
        "shard": null,
        "subjects": [
          {
            "bytes": "number",
            "hash": "string",
            "name": "string",
            "options": {},
          },
        ],
        "traces": [
          {
            "hash": "string",
            "name": "string",
            "operations": "number",
            "peakLiveBytes": "number",
          },
        ],
        "version": "string",
      }
    `);
    const states = Object.fromEntries(
      [...results, ...late.results].map((one) => [one.outcome.state, shapeOf(one)]),
    );
    expect(states).toMatchInlineSnapshot(`
      {
        "done": {
          "finished": "boolean",
          "outcome": {
            "counts": {
              "findings": [],
              "memory": {
                "final": "number",
                "initial": "number",
                "peak": "number",
              },
              "metered": {
                "touched": {
                  "either": "number",
                  "read": "number",
                  "written": "number",
                },
                "zeroed": {
                  "bytes": "number",
                  "needless": "number",
                },
              },
              "utilisation": "number",
            },
            "first": {
              "median": "number",
              "ratio": {
                "high": "number",
                "low": "number",
                "value": "number",
              },
              "samples": [
                "number",
              ],
              "spread": "number",
            },
            "javascript": {
              "median": "number",
              "ratio": {
                "high": "number",
                "low": "number",
                "value": "number",
              },
              "samples": [
                "number",
              ],
              "spread": "number",
            },
            "rounds": "number",
            "state": "string",
            "steady": {
              "median": "number",
              "ratio": {
                "high": "number",
                "low": "number",
                "value": "number",
              },
              "samples": [
                "number",
              ],
              "spread": "number",
            },
          },
          "shard": "number",
          "subject": "string",
          "trace": "string",
        },
        "exhausted": {
          "finished": "boolean",
          "outcome": {
            "failedAllocations": "number",
            "memoryBytes": "number",
            "operations": "number",
            "state": "string",
            "trapped": "boolean",
          },
          "shard": "number",
          "subject": "string",
          "trace": "string",
        },
        "failed": {
          "finished": "boolean",
          "outcome": {
            "error": "string",
            "message": "string",
            "state": "string",
          },
          "shard": "number",
          "subject": "string",
          "trace": "string",
        },
        "late": {
          "finished": "boolean",
          "outcome": {
            "seconds": "number",
            "state": "string",
          },
          "shard": "number",
          "subject": "string",
          "trace": "string",
        },
      }
    `);
  });

  const argv = () => ["bench", ...QUICK, "--trace", path("calloc.txt")];

  test("github-action-benchmark's is a list of names, units and values", async () => {
    const { stdout } = await zeropage([...argv(), "--github"]);
    const points: Record<string, unknown>[] = JSON.parse(stdout);
    expect(points.map(({ name }) => name)).toEqual(
      ["as-tlsf", "as-stub"].flatMap((name) =>
        ["steady", "first pass", "memory", "zeroed"].map((what) => `${name} on calloc, ${what}`),
      ),
    );
    for (const { unit, value, range } of points) {
      expect(["ns/op", "bytes"]).toContain(unit);
      expect(value).toBeGreaterThan(0);
      if (unit === "ns/op") expect(range).toMatch(/^± [\d.]+%$/);
    }
  });

  test("benchstat's is Go's benchmark format", async () => {
    const { stdout } = await zeropage([...argv(), "--benchstat"]);
    // golang.org/design/14313-benchmark-format: a name, iterations, and pairs of value and unit
    const line = /^Benchmark[^\sa-z]\S* [1-9]\d*( \d+(\.\d+)?(e-?\d+)? [^\s\d]\S*)+$/;
    const [key, cpu, ...lines] = stdout.trimEnd().split("\n");
    expect(key).toMatch(/^pkg: zeropage-\d/);
    expect(cpu).toMatch(/^cpu: \S/);
    expect(lines).toHaveLength(2 * 2 * 3);
    for (const one of lines) expect(one).toMatch(line);
  });

  test("Markdown is a table of as many columns everywhere", async () => {
    const { stdout } = await zeropage([...argv(), "--markdown"]);
    const rows = stdout.split("\n").filter((one) => one.startsWith("|"));
    expect(rows).toHaveLength(4);
    expect(rows[0]).toBe(
      "| allocator | trace | steady, ns/op | time to baseline's (95 % interval) | first pass, ns/op | from JS, ns/op | " +
        "memory, one pass | memory, all passes | utilisation | pages touched | zeroed | needless share | module size |",
    );
    expect(new Set(rows.map((row) => row.split("|").length))).toEqual(new Set([15]));
  });

  test("HTML is one file with charts that parse, and asks for nothing else", async () => {
    const { stderr } = await zeropage([...argv(), "--html", path("bench.html")]);
    expect(stderr).toBe(`wrote ${path("bench.html")}\n`);
    const html = await readFile(path("bench.html"), "utf8");
    expect(html).toMatch(/^<!doctype html>\n<html lang="en">/);
    expect(html.match(/<tr>/g)).toHaveLength(3);
    expect(html).not.toMatch(/<(script|link|img|iframe)|@import|url\(/);
    const charts = html.match(/<svg[\s\S]*?<\/svg>/g) ?? [];
    expect(charts).toHaveLength(3);
    for (const chart of charts) expect(parseSvg(chart).marks.bar).toBe(2);
  });
});

describe("merge", () => {
  const shard = (i: number) => path(`shard-${i}.json`);
  const part = (i: number, n: number, ...more: string[]) =>
    zeropage(["bench", `--shard`, `${i}/${n}`, "--output", shard(i), ...QUICK, ...more, ...traces()]);
  const modules = () => ["as-tlsf", "as-stub", `${BUILT}as-bump.wasm`, `${BUILT}trapping.wasm`];

  test("makes one of what several processes measured at once", async () => {
    const ended = await Promise.all([1, 2, 3].map((i) => part(i, 3, ...modules())));
    expect(ended.map(({ code }) => code)).toEqual([0, 0, 0]);
    const merged = await zeropage(["merge", shard(3), shard(1), shard(2), "--json"]);
    expect(merged).toMatchObject({ code: 0, stderr: "" });
    const record: BenchRecord = JSON.parse(merged.stdout);
    expect(record).toMatchObject({ complete: true, shard: null });
    expect(exact(record)).toEqual(exact(await bench(...modules(), ...traces())));
    for (const { subject, outcome } of record.results) {
      if (outcome.state === "done") expect(outcome.steady.ratio === null).toBe(subject === "as-tlsf");
    }
  });

  test("refuses what does not belong together, naming what to do", async () => {
    await part(1, 2);
    await part(2, 2, "--seed", "5");
    const different = await zeropage(["merge", shard(1), shard(2)]);
    expect(different.code).toBe(1);
    expect(different.stderr).toMatch(
      /different runs, in seed \(1 and 5\): run all shards with the same version/,
    );
    expect((await zeropage(["merge", shard(1)])).stderr).toMatch(
      /no shard 2\/2: run zeropage bench with --shard 2\/2/,
    );
    await writeFile(path("other.json"), "{}");
    expect(await zeropage(["merge", path("other.json")])).toMatchObject({ code: 2 });
    await writeFile(path("other.json"), "{");
    expect((await zeropage(["merge", path("other.json")])).stderr).toMatch(/cannot read/);
  });
});
