/** `zeropage tune` as it is typed. What it prints is in the golden files. */
import { existsSync, readFileSync } from "node:fs";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { BenchRecord } from "../../src/compare/record.js";
import type { ModuleTuneReport } from "../../src/results/tune-modules.js";
import { zeropage } from "./spawn.js";

const TRACE = "test/trace/threads.txt";

test("the number of jobs changes nothing that is found", async () => {
  const argv = ["tune", TRACE, "--touch", "object", "--settings", "24", "--json"];
  const [one, three] = await Promise.all([
    zeropage([...argv, "--jobs", "1"]),
    zeropage([...argv, "--jobs", "3"]),
  ]);
  expect(three.stdout).toBe(one.stdout);
  expect(JSON.parse(one.stdout).results).toHaveLength(24);
  expect(one.code).toBe(0);
});

test("a chart is drawn, of a preset and a workload", async () => {
  const folder = await mkdtemp(join(tmpdir(), "zeropage-tune-"));
  try {
    const chart = join(folder, "tune.svg");
    const argv = ["tune", "--preset", "burst-small", "--workload", "zipf:ops=500:live=50", "--settings", "6"];
    const { code, stdout } = await zeropage([...argv, "--jobs", "1", "--chart", chart]);
    expect(code).toBe(0);
    expect(stdout).toContain("figures of all together");
    expect(await readFile(chart, "utf8")).toContain("resident memory, %");
  } finally {
    await rm(folder, { recursive: true });
  }
});

test("wasm modules are measured, and their memory is what bench counts", async () => {
  const argv = [TRACE, "--touch", "object", "--json"];
  const [tuned, benched] = await Promise.all([
    zeropage(["tune", "--allocator", "as-tlsf,heap", "--goal", "resident", ...argv]),
    zeropage(["bench", "as-tlsf", "heap", "--rounds", "1", "--latency", "0", "--trace", ...argv]),
  ]);
  expect(tuned.code).toBe(0);
  const report: ModuleTuneReport = JSON.parse(tuned.stdout);
  const figures = report.results.map(({ outcome }) => outcome.state === "done" && outcome.figures);
  const record: BenchRecord = JSON.parse(benched.stdout);
  const counted = record.results.map(({ outcome }) => {
    if (outcome.state !== "done") throw new Error(outcome.state);
    const { memory, metered } = outcome.counts;
    return [
      { memory: memory.peak, touched: 4096 * (metered?.touched.either ?? 0), ...namedOf(metered?.zeroed) },
    ];
  });
  expect(figures).toEqual(counted);
  expect(report).toMatchObject({ scenario: "tune-modules", ended: "converged", traces: [{ threads: 3 }] });
  expect(report.measured.times).toMatchObject([{ value: 1 }, { value: expect.any(Number) }]);
});

const namedOf = (zeroed = { bytes: 0, needless: 0 }) => ({
  zeroed: zeroed.bytes,
  needless: zeroed.needless,
});

describe("a search that is kept in a file", () => {
  const SEARCH = [
    "tune",
    ...["--workload", "zipf:ops=8000:live=300"],
    ...["--allocator", "glibc,jemalloc:clock=1000", "--settings", "14", "--jobs", "1"],
  ];
  let folder = "";
  const path = (name: string) => join(folder, name);
  const kept = (name: string) => readFile(path(name), "utf8");
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "zeropage-tune-"));
  });
  afterAll(() => rm(folder, { recursive: true }));

  test("and was killed goes on, and is what shards of it are when they are merged", async () => {
    const whole = path("whole.json");
    const killed = await zeropage([...SEARCH, "--output", whole], {
      started: (child) => {
        const timer = setInterval(() => {
          if (existsSync(whole) && readFileSync(whole, "utf8").includes('"evaluation"'))
            child.kill("SIGKILL");
        }, 5);
        child.on("close", () => clearInterval(timer));
      },
    });
    expect(killed).toMatchObject({ code: null, stdout: "" });
    const before = JSON.parse(await kept("whole.json"));
    expect(before).toMatchObject({ complete: false, schema: 1 });
    const resumed = await zeropage([...SEARCH, "--resume", whole, "--json"]);
    expect(resumed.code).toBe(0);
    const record = JSON.parse(await kept("whole.json"));
    expect(record).toMatchObject({ complete: true, shard: null });
    expect(record.results.slice(0, before.results.length)).toEqual(before.results);

    const shards = ["1/2", "2/2"].map((shard) => [
      ...SEARCH,
      ...["--shard", shard, "--output", path(`${shard[0]}.json`)],
    ]);
    const [one] = await Promise.all(shards.map((argv) => zeropage(argv)));
    expect(one?.stdout).toContain("This is shard 1 of 2: zeropage merge makes one of all.");
    const merged = await zeropage([
      ...["merge", path("2.json"), path("1.json"), "--output", path("merged.json"), "--json"],
    ]);
    expect(merged.code).toBe(0);
    expect(await kept("merged.json")).toBe(await kept("whole.json"));
    expect(JSON.parse(merged.stdout).results).toEqual(JSON.parse(resumed.stdout).results);
    const other = await zeropage(["merge", path("1.json"), path("2.json"), "--github"]);
    expect(other.stderr).toBe(
      "zeropage: --github: it is for benchmarks, and these are records of zeropage tune\n",
    );
  });

  test("is not gone on with by another", async () => {
    const output = path("small.json");
    const small = ["tune", TRACE, "--allocator", "glibc", "--settings", "2", "--jobs", "1"];
    expect((await zeropage([...small, "--output", output])).code).toBe(0);
    const other = await zeropage([...small, "--touch", "object", "--resume", output]);
    expect(other).toMatchObject({ code: 2, stdout: "" });
    expect(other.stderr).toMatch(
      /^zeropage: --resume: .* is of another run, which differs in touch \(none and object\): resume with the same/,
    );
  });
});

test.each([
  [
    `tune ${TRACE} --shard 1/5 --output x.json`,
    '--shard: "1/5" has nothing to do: each allocator is searched by',
  ],
  [`tune ${TRACE} --shard 1/2`, "--shard: name a file by --output, which zeropage merge reads"],
  [`tune ${TRACE} --shard 1/2 --output x.json --verify`, "--verify: a shard recommends nothing"],
  ["tune", "name a trace, a --workload or a --preset"],
  ["tune trace.txt --goal speed", '--goal: "speed" is not one of both, resident, time'],
  [
    `tune ${TRACE} --allocator glibc,naive`,
    "--allocator: naive models no real allocator: name others, such as glibc,jemalloc",
  ],
  [
    `tune ${TRACE} --allocator as-tlsf,glibc`,
    "--allocator: as-tlsf is a wasm module, whose time is measured, and glibc a model, whose time is simulated",
  ],
  [
    `tune ${TRACE} --allocator heap --output x.json`,
    "--output: nothing of wasm modules is searched or simulated: leave it out",
  ],
  ["tune --preset nothing", '--preset: "nothing" is not one of burst-small'],
  ["tune no-such-file", 'cannot read trace "no-such-file": there is no such file'],
])("%s is refused in one line", async (typed, said) => {
  const { code, stderr, stdout } = await zeropage(typed.split(" "));
  expect(stderr).toContain(`zeropage: ${said}`);
  expect(stderr.trim().split("\n")).toHaveLength(1);
  expect(stdout).toBe("");
  expect(code).toBe(2);
});
