/** `zeropage bench` end to end, in processes of its own. `npm test` builds it first. */

import type { ChildProcess } from "node:child_process";
import { existsSync } from "node:fs";
import { readFile, writeFile } from "node:fs/promises";
import { setTimeout } from "node:timers/promises";
import asc from "assemblyscript/asc";
import { beforeAll, describe, expect, test } from "vitest";
import type { BenchRecord } from "../../src/compare/record.js";
import { doneOf } from "../compare/fakes.js";
import { whyAbsent } from "../foreign/absent.js";
import { reactors } from "../foreign/c-fixtures.js";
import { BUILT, bench, exact, path, QUICK, SURE, traces, useTraces } from "./bench-fixtures.js";
import { zeropage } from "./spawn.js";
import { runWhole } from "./whole.js";

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

/** Asks its host for its second block, by a function that no host is known to have. */
const STRANGER = `
  @external("host", "fetch") declare function fetch(bytes: usize): usize;
  let blocks: u32 = 0;
  export function malloc(bytes: usize): usize { if (blocks++) return fetch(bytes); memory.grow(1); return __heap_base; }
  export function free(pointer: usize): void {}
`;

useTraces();

beforeAll(async () => {
  for (const [name, source] of Object.entries({ slow: SLOW, capricious: CAPRICIOUS, stranger: STRANGER })) {
    const { error, binary } = await asc.compileString(source, { runtime: "stub", optimizeLevel: 3 });
    if (error || !binary) throw error ?? new Error("no module");
    await writeFile(path(`${name}.wasm`), binary);
  }
});

/** Ends a bench once it has results of a trace in its file that are not finished. */
async function endAfter(
  child: ChildProcess,
  output: string,
  trace: string,
  signal: NodeJS.Signals,
): Promise<void> {
  // One look after the other: a second signal would end the child at once.
  while (!(await isUnfinished(output, trace))) await setTimeout(10);
  child.kill(signal);
}

async function isUnfinished(output: string, trace: string): Promise<boolean> {
  const text = await readFile(output, "utf8").catch(() => "");
  const { results }: BenchRecord = JSON.parse(text || '{ "results": [] }');
  return results.some((one) => one.trace === trace && !one.finished);
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
    expect(once.drivers.map(({ trace, steady: { samples } }) => [trace, samples.length])).toEqual([
      ["small", 3],
      ["calloc", 3],
    ]);
  });

  test("times each call by itself, unless it is told not to", async () => {
    const { results, drivers } = await bench("as-tlsf", "--trace", path("calloc.txt"));
    const { latency } = doneOf(results[0]);
    for (const times of [latency?.first, latency?.steady, drivers[0]?.latency?.steady]) {
      expect(Object.keys(times ?? {})).toEqual(["calloc", "free"]);
      expect(times?.calloc?.calls).toBe(200);
      expect(times?.calloc?.worst).toBeGreaterThanOrEqual(times?.calloc?.median ?? 0);
    }
    const without = await bench("as-tlsf", "--latency", "0", "--trace", path("calloc.txt"));
    expect(without.complete).toBe(true);
    expect([doneOf(without.results[0]).latency, without.drivers[0]?.latency]).toEqual([null, null]);
  });

  test("measures memory by what it grew by, and by the pages of a program that writes to all of its objects", async () => {
    const countsOf = async (touch: string) => {
      const record = await bench("as-tlsf", "--workload", "large:ops=60:live=8", "--touch", touch);
      return { ...doneOf(record.results[0]).counts, live: record.traces[0]?.peakLiveBytes ?? 0 };
    };
    const [none, pages] = [await countsOf("none"), await countsOf("pages")];
    const { initial, peak } = none.memory;
    expect(peak).toBeGreaterThan(initial);
    expect(none.utilisations.growth).toBe(none.live / (peak - initial));
    expect(none.utilisations.resident).toBe(none.live / (4096 * (pages.metered?.touched.either ?? 0)));
    expect(none.utilisations).toEqual(pages.utilisations);
    expect(none.metered?.touched.either).toBeLessThan(pages.metered?.touched.either ?? 0);
    const { results } = await bench(`${BUILT}llhttp.wasm`, "--trace", path("calloc.txt"));
    const linked = doneOf(results[0]).counts;
    expect(linked.memory.peak).toBe(linked.memory.initial);
    expect(linked.utilisations.growth).toBeNull();
    // What it has for itself before its heap, such as data and stack, is not the allocator's.
    const { image = 0 } = linked.memory;
    expect(image).toBeGreaterThan(1024);
    expect(image).toBeLessThan(linked.memory.initial);
    expect(linked.utilisation).toBe(800 / (linked.memory.peak - image));
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
      ...["--budget", "3s", "--trace", path("small.txt")],
    );
    const states = Object.fromEntries(record.results.map(({ subject, outcome }) => [subject, outcome.state]));
    const failed = { trapping: "failed", overlapping: "failed", outside: "failed" };
    expect(states).toEqual({ "as-tlsf": "done", endless: "late", ...failed, reaching: "undecided" });
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
    const { stdout, code } = await zeropage(argv, { input: "a 0 100\nf 0\n" });
    expect(code).toBe(0);
    expect(JSON.parse(stdout).traces).toMatchObject([{ name: "stdin", operations: 2, peakLiveBytes: 100 }]);
  });

  test("replays workloads besides traces, each by its name", async () => {
    const workloads = ["--workload", "zipf:ops=500", "large:ops=20:live=2"];
    const { traces: replayed, results } = await bench("as-tlsf", ...workloads, "--trace", path("small.txt"));
    const names = ["small", "zipf:ops=500", "large:ops=20:live=2"];
    expect(replayed.map(({ name }) => name)).toEqual(names);
    expect(results.map(({ trace, outcome }) => [trace, outcome.state])).toEqual(
      names.map((name) => [name, "done"]),
    );
    expect(replayed[1]?.operations).toBeGreaterThan(500);
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

  test("fails where one fails, tells it once, and puts nothing in the place of a baseline that did", async () => {
    const modules = ["as-tlsf", `${BUILT}trapping.wasm`, `${BUILT}overlapping.wasm`];
    const argv = ["bench", ...modules, ...SURE, "--latency", "0", "--trace", path("small.txt")];
    const told =
      /^zeropage: trapping on small: ModuleTrap: .*\nzeropage: overlapping on small: ModuleTrap: .*\n$/;
    const plain = await zeropage(argv);
    expect(plain).toMatchObject({ code: 1, stderr: expect.stringMatching(told) });
    expect(plain.stdout).not.toContain("The baseline");
    const judged = await zeropage([...argv, "--fail-if-slower", "500%"]);
    expect(judged).toMatchObject({ code: 1, stderr: expect.stringMatching(told) });
    const lost = await zeropage([...argv, "--markdown", "--baseline", "trapping"]);
    expect(lost.code).toBe(1);
    expect(lost.stdout).toContain("The baseline trapping has no time on small, so nothing is compared there");
  });

  test("does not decide on a module that calls what is not known, which is no failure", async () => {
    await writeFile(path("calls.txt"), "a 0 8\na 1 8\nf 0\nf 1\n");
    const argv = ["as-tlsf", path("stranger.wasm"), "--latency", "0", "--trace", path("calls.txt")];
    const { results } = await bench(...argv);
    const message = expect.stringMatching(
      /^operation 2: the module called host\.fetch, which is not known: /,
    );
    expect(results.map(({ outcome }) => outcome)).toMatchObject([
      { state: "done" },
      { state: "undecided", message },
    ]);
    const said = "stranger on calls: not decided: operation 2: the module called host.fetch";
    const table = await zeropage(["bench", ...QUICK, ...argv, "--html", path("stranger.html")]);
    expect(table).toMatchObject({ code: 0, stdout: expect.stringContaining(said) });
    expect(await readFile(path("stranger.html"), "utf8")).toContain(said);
    expect(table.stdout).toMatch(/^stranger +calls +not decided /m);
  });

  test("interrupted, prints and keeps what there is, and exits with 130", async () => {
    const output = path("interrupted.json");
    const argv = ["bench", "--rounds", "100000", "--passes", "1", "--output", output, ...traces()];
    const ended = await zeropage(argv, { started: (child) => endAfter(child, output, "small", "SIGINT") });
    expect(ended.code).toBe(130);
    expect(ended.stdout).toContain("interrupted");
    const record: BenchRecord = JSON.parse(await readFile(output, "utf8"));
    expect(record.complete).toBe(false);
    expect(record.results.length).toBeGreaterThan(0);
  });

  test("interrupted, does not wait for an allocator that never ends", async () => {
    const output = path("endless.json");
    const argv = ["as-tlsf", `${BUILT}endless.wasm`, "--budget", "60min", "--trace", path("small.txt")];
    const ended = await zeropage(["bench", ...argv, "--output", output], {
      started(child) {
        const timer = setInterval(() => {
          if (!existsSync(output)) return;
          clearInterval(timer);
          child.kill("SIGINT");
        }, 10);
      },
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
      zeropage(["bench", ...argv, flag, output], {
        started: (child) => endAfter(child, output, trace, signal),
      });
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
    // One of them traps.
    expect(code).toBe(1);
    expect(stdout).toContain(`The run was interrupted, and resumed with ${kept.length} results kept.`);

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
      /^zeropage: --resume: .* is of another run, which differs in touch \(none and pages\) and traces \(calloc\): /,
    );
    await writeFile(output, "[]");
    expect((await refused("as-stub")).stderr).toMatch(/is not a record of zeropage bench/);
    const nowhere = await zeropage(["bench", "--resume", path("nowhere.json")]);
    expect(nowhere.code).toBe(2);
    expect(nowhere.stderr).toMatch(/cannot read ".*nowhere.json": there is no such file/);
  });

  test.each<[string[], RegExp]>([
    [["nowhere.wasm"], /cannot read "nowhere.wasm": there is no such file; the built-in modules are as-tlsf/],
    [["as-tlsf", "as-tlsf"], /"as-tlsf" is named twice/],
    [[`${BUILT}named.wasm`], /no allocator among its exports .*FILE\.wasm:malloc=take:free=give/],
    [["--trace", "nowhere.txt"], /cannot read trace "nowhere.txt": there is no such file/],
    [["--trace", "."], /cannot read trace ".": it is a folder/],
    [["--workload", "zapf"], /--workload: there is no workload "zapf"/],
    [["--workload", "zipf", "zipf"], /"zipf" is named twice/],
    [["--baseline", "x"], /--baseline: "x" is not one of the allocators: as-tlsf, /],
    [["--budget", "ten"], /--budget: "ten" is not a time/],
    [["--shard", "3/2"], /--shard: "3\/2" is not a shard: for four shards write 1\/4/],
    [["--fail-if-slower", "5%", "--rounds", "5"], /--fail-if-slower needs --rounds 6 or more, to be sure/],
    [["--fail-if-slower", "5"], /--fail-if-slower: "5" is not a percentage: write one such as 5%/],
    [["--rounds", "0"], /--rounds: "0" is not a count/],
    [["--latency", "some"], /--latency: "some" is not a count/],
    [["--json", "--markdown"], /cannot be used with/],
    [["--output", "nowhere/x.json"], /--output: cannot write/],
  ])("refuses %j before any work", async (argv, message) => {
    const { code, stdout, stderr } = await runWhole(["bench", ...argv]);
    expect(stderr).toMatch(message);
    expect([code, stdout]).toEqual([2, ""]);
  });
});
