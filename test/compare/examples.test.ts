/** The examples of bench/README.md, run as their machines would: every shard a process, in a folder that all share. */
import { execFile } from "node:child_process";
import { chmod, copyFile, mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { gzipSync } from "node:zlib";
import { afterEach, beforeEach, expect, test } from "vitest";
import { parse } from "yaml";
import type { BenchRecord } from "../../src/compare/record.js";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const run = promisify(execFile);

interface Step {
  run?: string;
}

interface Workflow {
  jobs: { bench: { strategy: { matrix: { shard: number[] } }; steps: Step[] }; merge: { steps: Step[] } };
}

interface IndexedJob {
  spec: {
    completions: number;
    parallelism: number;
    completionMode: string;
    template: {
      spec: { containers: [{ command: string[]; args: [string]; volumeMounts: [{ mountPath: string }] }] };
    };
  };
}

async function examples(): Promise<{ workflow: Workflow; job: IndexedJob; merge: string }> {
  const text = await readFile(join(ROOT, "bench/README.md"), "utf8");
  const blocks = [...text.matchAll(/```yaml\n(.*?)```/gs)].map(([, block]) => parse(block as string));
  const merge = /```sh\n(zeropage merge .*)\n```/.exec(text)?.[1] as string;
  return { workflow: blocks[0], job: blocks[1], merge };
}

let folder = "";

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "zeropage-examples-"));
  for (const name of ["bin", "allocators", "traces"]) await mkdir(join(folder, name));
  for (const name of ["as-tlsf.wasm", "as-stub.wasm"]) {
    await copyFile(join(ROOT, "build", name), join(folder, "allocators", name));
  }
  for (const [name, bytes] of Object.entries({ small: 100, large: 100_000 })) {
    await writeFile(join(folder, "traces", `${name}.gz`), gzipSync(`a 1 ${bytes}\nc 2 3 40\nf 1\nf 2\n`));
  }
  await command("zeropage", `exec "${process.execPath}" "${join(ROOT, "dist/cli/main.js")}" "$@"`);
  await command("npx", 'exec "$@"');
});
afterEach(() => rm(folder, { recursive: true }));

async function command(name: string, script: string): Promise<void> {
  const path = join(folder, "bin", name);
  await writeFile(path, `#!/bin/sh\n${script}\n`);
  await chmod(path, 0o755);
}

/** Runs a line of shell, with the folder's commands first. */
async function shell(line: string, variables: Record<string, string> = {}): Promise<string> {
  const env = { ...process.env, ...variables, PATH: `${join(folder, "bin")}:${process.env.PATH}` };
  return (await run("sh", ["-c", line], { cwd: folder, env })).stdout;
}

const commandsOf = (steps: Step[]) => steps.flatMap(({ run: line }) => (line === undefined ? [] : [line]));

function expectWhole(record: BenchRecord, shards: number): void {
  expect(record).toMatchObject({ complete: true, shard: null });
  expect(record.hosts).toHaveLength(shards);
  const pairs = record.results.map(({ subject, trace, outcome }) => `${subject} ${trace} ${outcome.state}`);
  const expected = ["large", "small"].flatMap((trace) =>
    ["as-stub", "as-tlsf"].map((subject) => `${subject} ${trace} done`),
  );
  expect(pairs.sort()).toEqual(expected.sort());
}

test("a matrix of CI measures its shards and merges them", async () => {
  const { bench, merge } = (await examples()).workflow.jobs;
  const { shard: shards } = bench.strategy.matrix;
  const measure = (shard: number) =>
    commandsOf(bench.steps).map((line) => shell(line.replaceAll(`\${{ matrix.shard }}`, String(shard))));
  await Promise.all(shards.flatMap(measure));
  const summary = join(folder, "summary.md");
  for (const line of commandsOf(merge.steps)) await shell(line, { GITHUB_STEP_SUMMARY: summary });
  expectWhole(JSON.parse(await readFile(join(folder, "all.json"), "utf8")), shards.length);
  expect(await readFile(summary, "utf8")).toMatch(/\| *as-tlsf *\| *small *\|/);
});

test("an indexed Job measures its shards, and they merge", async () => {
  const { job, merge } = await examples();
  const { completions, completionMode, template } = job.spec;
  expect(completionMode).toBe("Indexed");
  const [{ command: shellOf, args, volumeMounts }] = template.spec.containers;
  expect(shellOf).toEqual(["sh", "-c"]);
  const mounted = (line: string) => line.replaceAll(volumeMounts[0].mountPath, folder);
  const pods = Array.from({ length: completions }, (_, index) =>
    shell(mounted(args[0]), { JOB_COMPLETION_INDEX: String(index) }),
  );
  const tables = await Promise.all(pods);
  // Two traces for one allocator beside the baseline.
  const idle = tables.flatMap((table) => /Shard (\d) has nothing to measure/.exec(table)?.[1] ?? []);
  expect(idle.map(Number)).toEqual(Array.from({ length: completions - 2 }, (_, i) => i + 3));
  await shell(mounted(merge));
  expect(await readFile(join(folder, "bench.html"), "utf8")).toMatch(/as-tlsf/);
  expectWhole(
    JSON.parse(await shell(`${mounted("zeropage merge /bench/shard-*.json")} --json`)),
    completions,
  );
});
