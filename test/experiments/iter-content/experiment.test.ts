/** zeropage run iter-content. */
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { OutOfMemory } from "../../../src/base/errors.js";
import { run } from "../../cli/fakes.js";
import { parseSvg } from "../../report/svg-check.js";

const MIB = 2 ** 20;

let folder = "";
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "zeropage-test-"));
});
afterEach(() => rm(folder, { recursive: true }));

describe("run iter-content", () => {
  const small = ["run", "iter-content", "--allocator", "lazy", "--size", "1MiB,2MiB", "--body", "64KiB"];

  test("reads in every way, in chunks of every size", async () => {
    const { code, asked, stdout } = await run([...small, "--costs", "linux-vm"]);
    const common = { model: "lazy", options: {}, body: 65_536, costs: { name: "linux-vm" } };
    const ways = ["malloc+memset", "calloc", "malloc"];
    expect(asked).toMatchObject(
      ways.flatMap((way) => [1, 2].map((mib) => ({ ...common, way, chunk: mib * MIB }))),
    );
    expect(code).toBe(0);
    expect(stdout).toContain("lazy, the fix: at most ");
  });

  test("is JSON and CSV too, and draws", async () => {
    const file = join(folder, "out.svg");
    const { stdout, stderr } = await run([...small, "--json", "--chart", file]);
    expect(JSON.parse(stdout)).toMatchObject({ scenario: "iter-content", parameters: { body: 65_536 } });
    expect(JSON.parse(stdout).results).toHaveLength(6);
    expect(stderr).toBe(`wrote ${file}\n`);
    expect(parseSvg(await readFile(file, "utf8")).marks.dot).toBe(6);
    expect((await run([...small, "--csv"])).stdout.split("\r\n")).toHaveLength(8);
  });

  test("goes on where there is no memory for a chunk", async () => {
    const library = { runIterContent: () => Promise.reject(new OutOfMemory("no room")) };
    const { code, stdout, stderr } = await run([...small.slice(0, 4), "--size", "1MiB"], { library });
    expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
    expect(stderr.split("\n")[0]).toBe("zeropage: lazy, malloc+memset of 1 MiB: no room");
  });
});
