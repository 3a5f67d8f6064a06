/** zeropage run fork. */
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { SandboxError } from "../../../src/base/errors.js";
import { runFork } from "../../../src/experiments/fork/run.js";
import { run } from "../../cli/fakes.js";
import { parseSvg } from "../../report/svg-check.js";

let folder = "";
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "zeropage-test-"));
});
afterEach(() => rm(folder, { recursive: true }));

describe("run fork", () => {
  const small = ["run", "fork", "--allocator", "lazy", "--data", "64KiB", "--children", "2", "--own", "0"];

  test("runs each program on each allocator, and is JSON and CSV too, and draws", async () => {
    const file = join(folder, "out.svg");
    const { code, stdout, stderr } = await run([...small, "--json", "--chart", file]);
    const { scenario, parameters, results } = JSON.parse(stdout);
    expect({ code, scenario }).toEqual({ code: 0, scenario: "fork" });
    const sizes = { data: 65_536, children: 2, value: 1024, own: 0 };
    expect(parameters).toEqual({ ...sizes, written: 0.1, object: "list", seed: 1 });
    const programs = ["read", "write", "iterate", "collect", "freeze", "snapshot"];
    expect(results.map(({ program }: { program: string }) => program)).toEqual(programs);
    expect(stderr).toBe(`wrote ${file}\n`);
    expect(parseSvg(await readFile(file, "utf8")).marks.bar).toBe(6 * 4);
    expect((await run([...small, "--csv"])).stdout.split("\r\n")).toHaveLength(8);
  });

  test("takes programs and what they do", async () => {
    const asked: unknown[] = [];
    const flags = ["--program", "snapshot,write", "--written", "25%", "--value", "64", "--seed", "9"];
    const library = {
      runFork: async (one: Parameters<typeof runFork>[0]) => {
        asked.push(one);
        return runFork(one);
      },
    };
    await run([...small, ...flags, "--object", "float", "--costs", "linux-vm"], { library });
    const load = { data: 65_536, written: 0.25, value: 64, object: "float", seed: 9 };
    const common = { model: "lazy", children: 2, own: 0, costs: { name: "linux-vm" } };
    expect(asked).toMatchObject(["snapshot", "write"].map((program) => ({ ...common, ...load, program })));
  });

  test("refuses what it does not know", async () => {
    const { code, stderr } = await run(["run", "fork", "--program", "read,vfork"]);
    expect(code).toBe(2);
    expect(stderr).toContain(
      '--program: "vfork" is not one of read, write, iterate, collect, freeze, snapshot',
    );
  });

  test("goes on where one cannot fork", async () => {
    const library = { runFork: () => Promise.reject(new SandboxError("no room")) };
    const { code, stdout, stderr } = await run([...small, "--program", "read"], { library });
    expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
    expect(stderr.split("\n")[0]).toBe("zeropage: lazy, read: no room");
  });
});
