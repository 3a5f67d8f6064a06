import { execFileSync } from "node:child_process";
import { mkdirSync, truncateSync, writeFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { zeropage } from "./spawn.js";

let folder = "";
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "zeropage-test-"));
});
afterEach(() => rm(folder, { recursive: true }));

/** Commands that read a whole file. */
const COMMANDS: Record<string, (path: string) => string[]> = {
  "check reads a module": (path) => ["check", path],
  "bench reads a module": (path) => ["bench", path],
  "replay reads a module": (path) => ["replay", "--workload", "bursts", "--allocator", path],
  "merge reads records": (path) => ["merge", path],
  "run reads costs": (path) => ["run", "calloc-loop", "--costs", path],
};

test.each(Object.entries(COMMANDS))("%s from a file alone, and of a sensible size", async (_, words) => {
  execFileSync("mkfifo", [join(folder, "fifo.wasm")]);
  writeFileSync(join(folder, "large.wasm"), "");
  mkdirSync(join(folder, "folder.wasm"));
  truncateSync(join(folder, "large.wasm"), 3 * 2 ** 30);
  const refusal = async (path: string) => {
    const { code, stderr } = await zeropage(words(path), { cwd: folder });
    expect(code, stderr).toBe(2);
    expect(stderr.match(/\n/g)).toHaveLength(1);
    return stderr;
  };
  expect(await refusal("fifo.wasm")).toContain("it is a device or a pipe: save it to a file first");
  expect(await refusal("large.wasm")).toMatch(/it has 3 GiB: at most \d+ MiB are read/);
  expect(await refusal("folder.wasm")).toContain("it is a folder");
  expect(await refusal("missing.wasm")).toContain("there is no such file");
});
