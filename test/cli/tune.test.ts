/** `zeropage tune` as it is typed. What it prints is in the golden files. */
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
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

test.each([
  ["tune", "name a trace, a --workload or a --preset"],
  ["tune trace.txt --goal speed", '--goal: "speed" is not one of both, resident, time'],
  [
    `tune ${TRACE} --allocator glibc,naive`,
    "--allocator: naive models no real allocator: name others, such as glibc,jemalloc",
  ],
  [
    `tune ${TRACE} --allocator as-tlsf`,
    "--allocator: as-tlsf is a wasm module, and this command needs the simulated machine",
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
